import type { Tensor } from "@edgewright/core";
import type { Graph } from "../model/model.js";
import type { ConcreteValue } from "../planning/concrete-value.js";
import { GraphEditor } from "./graph-editor.js";
import { isInternal } from "./internal-nodes.js";
import { collectFacts } from "./value-facts.js";

/** What a rewrite is given: the graph to change, and questions about its values. */
export interface RewriteContext {
  readonly editor: GraphEditor;
  /** Operator-set version by domain. */
  readonly opsets: ReadonlyMap<string, number>;
  /** Whether a value certainly holds 32-bit floats. */
  isFloat32(name: string): boolean;
  /** Number of axes of a value, where it is known. */
  rank(name: string): number | undefined;
  /** The value of a float32 constant of one element whose broadcast adds no axis to `beside`. */
  scalar(name: string | undefined, beside: string): number | undefined;
}

/** One optimisation: changes the graph in place, into one that computes the same. */
export type Rewrite = (context: RewriteContext) => void;

/** Prepares a graph for rewrites; `known` are values whose type and shape are certain. */
export function createRewriteContext(
  graph: Graph,
  opsets: ReadonlyMap<string, number>,
  known: ReadonlyMap<string, ConcreteValue> = new Map(),
): RewriteContext {
  const editor = new GraphEditor(graph);
  const facts = collectFacts(graph);
  const constantFacts = (name: string): Tensor | undefined => editor.constant(name);
  const context: RewriteContext = {
    editor,
    opsets,
    isFloat32(name) {
      const value = known.get(name);
      if (value !== undefined) return value.dtype === "f32";
      const producer = editor.producer(name);
      if (producer !== undefined && isInternal(producer)) return true;
      return facts.get(name)?.isFloat32 ?? constantFacts(name)?.dtype === "f32";
    },
    rank: (name) =>
      known.get(name)?.shape.length ?? facts.get(name)?.rank ?? constantFacts(name)?.shape.length,
    scalar(name, beside) {
      const tensor = editor.constant(name);
      if (tensor?.dtype !== "f32" || tensor.data.length !== 1) return undefined;
      if (tensor.shape.length > (context.rank(beside) ?? 0)) return undefined;
      return context.isFloat32(beside) ? (tensor.data[0] as number) : undefined;
    },
  };
  return context;
}
