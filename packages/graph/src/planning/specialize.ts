import { sizeOf, type Tensor, throwIfAborted, ValidationError } from "@edgewright/core";
import type { Graph, Node } from "../model/model.js";
import { graphAttribute } from "../operators/node-attributes.js";
import { evaluateConstant } from "../optimize/fold-constants.js";
import { capturedValues } from "../optimize/graph-editor.js";
import { isStandard } from "../optimize/internal-nodes.js";
import type { ConcreteValue } from "./concrete-value.js";
import { inferOutputs } from "./infer-outputs.js";
import { renameValues } from "./rename-values.js";

/** What is known of an input when a graph is specialised; its value, where everything hangs on it. */
export interface ConcreteInput extends ConcreteValue {
  readonly constant?: Tensor;
}

/** A graph for inputs of given shapes: every shape known, everything that follows from shapes computed. */
export interface SpecializedGraph {
  readonly nodes: readonly Node[];
  /** Inputs and values that nodes compute. */
  readonly values: ReadonlyMap<string, ConcreteValue>;
  readonly constants: ReadonlyMap<string, Tensor>;
  /**
   * Nodes from the first on whose output shape depends on data, that one included; what follows can
   * only be planned when it has run.
   */
  readonly rest: readonly Node[];
}

/** Options of {@link specializeGraph}. */
export interface SpecializeOptions {
  readonly opsets: ReadonlyMap<string, number>;
  /** Values of surrounding graphs that are constants. @default none */
  readonly outerConstants?: ReadonlyMap<string, Tensor> | undefined;
  /** Most bytes that one tensor may take. @default 2 GiB */
  readonly maxTensorBytes?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Works out the shapes of all values from those of the inputs, computes what depends on shapes and
 * constants only, and puts the taken branch in the place of an `If` whose condition is known by that.
 *
 * @throws ShapeError when shapes do not fit; `where` names the node.
 */
export function specializeGraph(
  graph: Graph,
  inputs: ReadonlyMap<string, ConcreteInput>,
  options: SpecializeOptions,
): SpecializedGraph {
  const values = new Map<string, ConcreteValue>();
  const constants = new Map<string, Tensor>([
    ...(options.outerConstants ?? []),
    ...graph.initializers,
  ]);
  for (const [name, { dtype, shape, constant }] of inputs) {
    if (constant === undefined) values.set(name, { dtype, shape });
    else constants.set(name, constant);
  }
  const nodes: Node[] = [];
  const pending = [...graph.nodes].reverse();
  const used = usedNames(graph);
  while (pending.length > 0) {
    throwIfAborted(options.signal, "Session.run");
    const node = pending.pop()!;
    const branch = takenBranch(node, constants);
    if (branch !== undefined) {
      pending.push(...inlineBranch(node, branch, constants, used).reverse());
      continue;
    }
    const folded = evaluateConstant(node, options.opsets, (name) => constants.get(name));
    const known = folded ?? shapeConstants(node, values);
    if (known !== undefined) {
      for (const [i, name] of node.outputs.entries()) {
        if (name !== "") constants.set(name, known[i]!);
      }
      continue;
    }
    const outputs = inferOutputs(node, values, constants, options);
    if (outputs === undefined) {
      return { nodes, values, constants, rest: [node, ...pending.reverse()] };
    }
    for (const [i, name] of node.outputs.entries()) {
      if (name !== "") values.set(name, outputs[i]!);
    }
    nodes.push(node);
  }
  return { nodes, values, constants, rest: [] };
}

function takenBranch(node: Node, constants: ReadonlyMap<string, Tensor>): Graph | undefined {
  if (!isStandard(node, "If")) return undefined;
  const condition = constants.get(node.inputs[0] ?? "");
  if (condition === undefined || condition.data.length !== 1) return undefined;
  return graphAttribute(node, Number(condition.data[0]) !== 0 ? "then_branch" : "else_branch");
}

/** The nodes of a branch under names of their own, and identities that name its outputs as the If's. */
function inlineBranch(
  node: Node,
  branch: Graph,
  constants: Map<string, Tensor>,
  used: Set<string>,
): Node[] {
  if (branch.outputs.length < node.outputs.length) {
    throw new ValidationError(
      `If "${node.name}": a branch computes ${branch.outputs.length} of ${node.outputs.length} outputs`,
      { where: node.name },
    );
  }
  const names = new Map<string, string>();
  const define = (name: string): string => {
    let own = name;
    for (let i = 1; used.has(own); i++) own = `${node.name}/${name}/${i}`;
    used.add(own);
    if (own !== name) names.set(name, own);
    return own;
  };
  for (const [name, tensor] of branch.initializers) constants.set(define(name), tensor);
  for (const inner of branch.nodes) {
    for (const name of inner.outputs) if (name !== "") define(name);
  }
  const nodes = branch.nodes.map((inner) => renameValues(inner, names));
  for (const [i, output] of node.outputs.entries()) {
    if (output === "") continue;
    const source = branch.outputs[i]!.name;
    nodes.push({
      name: `${node.name}/${output}`,
      opType: "Identity",
      domain: "",
      inputs: [names.get(source) ?? source],
      outputs: [output],
      attributes: new Map(),
    });
  }
  return nodes;
}

function usedNames(graph: Graph): Set<string> {
  const used = new Set<string>(graph.initializers.keys());
  for (const { name } of graph.inputs) used.add(name);
  for (const node of graph.nodes) {
    for (const name of node.outputs) used.add(name);
    for (const name of capturedValues(node)) used.add(name);
  }
  return used;
}

/** `Shape` and `Size` of a value whose shape is known. */
function shapeConstants(
  node: Node,
  values: ReadonlyMap<string, ConcreteValue>,
): readonly Tensor[] | undefined {
  if (!isStandard(node, "Shape", "Size")) return undefined;
  const shape = values.get(node.inputs[0] ?? "")?.shape;
  if (shape === undefined) return undefined;
  if (node.opType === "Size") return [int64([], [sizeOf(shape)])];
  const bound = (name: string, fallback: number): number => {
    const attribute = node.attributes.get(name);
    const value = attribute?.type === "int" ? Number(attribute.value) : fallback;
    return Math.min(Math.max(value < 0 ? value + shape.length : value, 0), shape.length);
  };
  const dims = shape.slice(bound("start", 0), bound("end", shape.length));
  return [int64([dims.length], dims)];
}

function int64(shape: readonly number[], values: readonly number[]): Tensor {
  return { dtype: "i64", shape, data: BigInt64Array.from(values, BigInt) };
}
