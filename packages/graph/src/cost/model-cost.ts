import { bytesPerElement, sizeOf, type Tensor, type TensorData } from "@edgewright/core";
import type { Dim, Graph, Model, Node } from "../model/model.js";
import {
  type InferredShapes,
  type InferShapesOptions,
  inferShapes,
} from "../shapes/infer-shapes.js";
import { elementsOf, type InferredValue, isConcrete } from "../shapes/inferred-value.js";
import { subgraphsOf } from "../validate/validate-model.js";
import { nodeMacs } from "./node-macs.js";

/** What one node costs; the graphs inside it are included. */
export interface NodeCost {
  readonly name: string;
  readonly opType: string;
  /** Multiply-accumulate operations; `null` when a size is known only at run time. */
  readonly macs: number | null;
  /** Bytes of the constants it reads that no node before it reads. */
  readonly parameterBytes: number;
  /** Bytes of its outputs; `null` when a size is known only at run time. */
  readonly activationBytes: number | null;
}

/** What a model costs. */
export interface ModelCost {
  /** In execution order, without the `Constant` nodes: their bytes belong to the readers. */
  readonly nodes: readonly NodeCost[];
  readonly macs: number;
  readonly parameterBytes: number;
  /** Bytes of all outputs of all nodes together; what is alive at one time is far less. */
  readonly activationBytes: number;
  /** Names of nodes whose cost depends on the data, which the sums leave out. */
  readonly incompleteNodes: readonly string[];
}

/**
 * Counts multiply-accumulates, parameter bytes and activation bytes of each node.
 *
 * Of an `If` whose condition is not known before the run the costlier branch counts; a `Loop` counts
 * its body times the trip count where that is constant, else once; a `Scan` once a step.
 *
 * @param inputShapes Concrete shapes of the graph inputs, by name.
 * @param options Contents of inputs that decide which branch runs, or a size.
 *
 * @example
 * const cost = modelCost(model, { x: [1, 3, 640, 640] });
 * console.log((cost.macs / 1e9).toFixed(2), "GMACs");
 *
 * @throws ShapeError when the shapes do not fit the model.
 */
export function modelCost(
  model: Model,
  inputShapes: Readonly<Record<string, readonly Dim[]>> = {},
  options: Pick<InferShapesOptions, "inputValues"> = {},
): ModelCost {
  const inferred = inferShapes(model, { ...options, inputShapes });
  const nodes = graphCosts(model.graph, inferred, { seen: new Set(), outer: [] });
  return { nodes, ...sumCosts(nodes), incompleteNodes: nodes.filter(isIncomplete).map(nameOf) };
}

interface Surroundings {
  /** Data of the constants that have been counted. */
  readonly seen: Set<TensorData>;
  readonly outer: readonly InferredShapes[];
}

function graphCosts(graph: Graph, inferred: InferredShapes, around: Surroundings): NodeCost[] {
  const scopes = [inferred, ...around.outer];
  const lookUp = (name: string): InferredValue | undefined => {
    for (const { values } of scopes) {
      const value = values.get(name);
      if (value !== undefined) return value;
    }
    return undefined;
  };
  return graph.nodes
    .filter((node) => node.opType !== "Constant")
    .map((node) => {
      const inputs = node.inputs.map((name) => (name === "" ? undefined : lookUp(name)));
      const outputs = node.outputs.flatMap((name) => (name === "" ? [] : [lookUp(name)!]));
      const own: NodeCost = {
        name: node.name,
        opType: node.opType,
        macs: nodeMacs(node, inputs, outputs),
        parameterBytes: newConstantBytes(inputs, around.seen),
        activationBytes: totalBytes(outputs),
      };
      const inside = subgraphsOf(node).flatMap((subgraph) => {
        const inner = inferred.subgraphs.get(subgraph);
        if (inner === undefined) return [];
        return [sumCosts(graphCosts(subgraph, inner, { ...around, outer: scopes }))];
      });
      return inside.length === 0 ? own : withSubgraphs(node, own, inside, inputs);
    });
}

function withSubgraphs(
  node: Node,
  own: NodeCost,
  inside: readonly CostSum[],
  inputs: readonly (InferredValue | undefined)[],
): NodeCost {
  const times = repetitions(node, inputs);
  const costliest = inside.reduce((most, next) => (next.macs > most.macs ? next : most));
  return {
    ...own,
    macs: costliest.macs * times,
    parameterBytes:
      own.parameterBytes + inside.reduce((sum, { parameterBytes }) => sum + parameterBytes, 0),
    activationBytes:
      own.activationBytes === null ? null : own.activationBytes + costliest.activationBytes * times,
  };
}

function repetitions(node: Node, inputs: readonly (InferredValue | undefined)[]): number {
  if (node.opType === "Loop") {
    const trips = elementsOf(inputs[0])?.[0];
    return typeof trips === "number" && trips < 2 ** 31 ? Math.max(0, trips) : 1;
  }
  if (node.opType === "Scan") {
    const steps = inputs.at(-1)?.shape?.[0];
    return typeof steps === "number" ? steps : 1;
  }
  return 1;
}

function newConstantBytes(
  inputs: readonly (InferredValue | undefined)[],
  seen: Set<TensorData>,
): number {
  let bytes = 0;
  for (const input of inputs) {
    const constant: Tensor | undefined = input?.value;
    if (constant === undefined || seen.has(constant.data)) continue;
    seen.add(constant.data);
    bytes += constant.data.byteLength;
  }
  return bytes;
}

function totalBytes(outputs: readonly InferredValue[]): number | null {
  let bytes = 0;
  for (const { dtype, shape } of outputs) {
    if (dtype === null || shape === null || !isConcrete(shape)) return null;
    bytes += sizeOf(shape) * bytesPerElement(dtype);
  }
  return bytes;
}

type CostSum = Pick<ModelCost, "macs" | "parameterBytes" | "activationBytes">;

function sumCosts(nodes: readonly NodeCost[]): CostSum {
  let [macs, parameterBytes, activationBytes] = [0, 0, 0];
  for (const node of nodes) {
    macs += node.macs ?? 0;
    parameterBytes += node.parameterBytes;
    activationBytes += node.activationBytes ?? 0;
  }
  return { macs, parameterBytes, activationBytes };
}

function isIncomplete(node: NodeCost): boolean {
  return node.macs === null || node.activationBytes === null;
}

function nameOf(node: NodeCost): string {
  return node.name;
}
