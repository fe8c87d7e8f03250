import {
  EdgewrightError,
  sizeOf,
  stridesOf,
  type Tensor,
  UnsupportedError,
} from "@edgewright/core";
import type { Attribute, Graph, Model, Node } from "@edgewright/graph";
import { createParameter, type Parameter } from "../engine/parameter.js";
import { type OperatorRule, storedAsItIs, type WeightUse } from "./operator-call.js";
import { operatorRule } from "./operators/rules.js";
import type { Storage } from "./traced-tensor.js";

/** An imported tensor that is a parameter now. */
export interface ModelWeight {
  readonly parameter: Parameter;
  readonly storage: Storage;
  readonly tensor: Tensor<"f32">;
}

/** Which parameters are trained; see the options of `trainableModel`. */
export type TrainableChoice = (name: string, shape: readonly number[]) => boolean;

/**
 * The numbers of a graph that a network computes with, each a parameter in the storage that the node which
 * reads it first wants. Sizes, axes and limits are no parameters, nor are `Constant` nodes of one element.
 *
 * @throws UnsupportedError for weights of another type than f32.
 */
export function importWeights(
  graph: Graph,
  trainable: TrainableChoice | undefined,
): Map<string, ModelWeight> {
  const tensors = importedTensors(graph);
  const aliases = identityAliases(graph);
  const weights = new Map<string, ModelWeight>();
  for (const node of graph.nodes) {
    const rule = node.domain === "" ? operatorRule(node.opType) : undefined;
    if (rule === undefined || node.opType === "Identity") continue;
    for (const [index, input] of node.inputs.entries()) {
      const name = aliases.get(input) ?? input;
      const tensor = tensors.get(name);
      if (tensor === undefined || index >= rule.tensors || weights.has(name)) continue;
      const initializer = graph.initializers.has(name);
      const single = tensor.data.length === 1;
      if (!initializer && single) continue;
      const use = weightUse(rule, node, index, tensor);
      if (use === undefined) continue;
      const wanted = use.role === "weight" || (use.role === "operand" && !single);
      const chosen = trainable === undefined ? wanted : trainable(name, tensor.shape);
      weights.set(
        name,
        importWeight(name, tensor, use.storage, chosen && use.role !== "statistic"),
      );
    }
  }
  return weights;
}

/** The name of the tensor that a value is another name for. */
export function identityAliases(graph: Graph): ReadonlyMap<string, string> {
  const aliases = new Map<string, string>();
  for (const { opType, inputs, outputs } of graph.nodes) {
    if (opType !== "Identity") continue;
    aliases.set(outputs[0]!, aliases.get(inputs[0]!) ?? inputs[0]!);
  }
  return aliases;
}

/** The model with the parameters' present values in the places where they came from, and nothing else changed. */
export function withPresentWeights(model: Model, weights: ReadonlyMap<string, ModelWeight>): Model {
  const { graph } = model;
  const present = (name: string): Tensor | undefined => {
    const weight = weights.get(name);
    return weight && exportWeight(weight);
  };
  const initializers = new Map(
    [...graph.initializers].map(([name, tensor]) => [name, present(name) ?? tensor]),
  );
  const nodes = graph.nodes.map((node) => {
    if (constantTensor(node) === undefined) return node;
    const value = present(node.outputs[0]!);
    if (value === undefined) return node;
    const attribute: Attribute = { type: "tensor", value };
    return { ...node, attributes: new Map([...node.attributes, ["value", attribute]]) };
  });
  return { ...model, graph: { ...graph, initializers, nodes } };
}

function importedTensors(graph: Graph): Map<string, Tensor> {
  const tensors = new Map(graph.initializers);
  for (const node of graph.nodes) {
    const tensor = constantTensor(node);
    if (tensor !== undefined) tensors.set(node.outputs[0]!, tensor);
  }
  return tensors;
}

function constantTensor(node: Node): Tensor | undefined {
  if (node.opType !== "Constant" || node.domain !== "") return undefined;
  const attribute = node.attributes.get("value");
  return attribute?.type === "tensor" ? attribute.value : undefined;
}

function weightUse(
  rule: OperatorRule,
  node: Node,
  index: number,
  tensor: Tensor,
): WeightUse | undefined {
  const { dtype, shape } = tensor;
  const use = rule.weightUse?.(node, index, shape) ?? {
    storage: storedAsItIs(shape),
    role: "operand",
  };
  if (dtype === "f32") return use;
  // Integers are ids and sizes; only where weights belong is another type a mistake.
  if (use.role === "operand" || use.role === "constant" || node.opType === "Gather")
    return undefined;
  const name = node.inputs[index]!;
  throw new UnsupportedError(
    `trainableModel: ${node.opType} "${node.name}" reads "${name}" of type ${dtype}; only f32 can be trained`,
    { where: name },
  );
}

function importWeight(
  name: string,
  tensor: Tensor,
  storage: Storage,
  trainable: boolean,
): ModelWeight {
  const { shape } = tensor;
  const size = sizeOf(shape);
  if (tensor.data.length !== size || size === 0) {
    throw new EdgewrightError(
      "invalid-data",
      `trainableModel: "${name}" of shape [${shape}] has ${tensor.data.length} elements`,
      { where: name },
    );
  }
  const data = permuteElements(tensor.data as Float32Array, shape, storage.order);
  const parameter = createParameter({ name, shape: storage.shape, data, trainable });
  return { parameter, storage, tensor: tensor as Tensor<"f32"> };
}

function exportWeight({ parameter, storage, tensor }: ModelWeight): Tensor {
  const { shape } = tensor;
  const held = storage.order.map((axis) => shape[axis]!);
  const back = shape.map((_, axis) => storage.order.indexOf(axis));
  return { dtype: "f32", shape, data: permuteElements(parameter.read(), held, back) };
}

/** The elements of an array with its axes in another order. */
function permuteElements(
  data: Float32Array,
  shape: readonly number[],
  order: readonly number[],
): Float32Array {
  if (order.every((axis, i) => axis === i)) return data;
  const strides = stridesOf(shape);
  const sizes = order.map((axis) => shape[axis]!);
  const steps = order.map((axis) => strides[axis]!);
  const index = new Array<number>(order.length).fill(0);
  const permuted = new Float32Array(data.length);
  let from = 0;
  for (let to = 0; to < permuted.length; to++) {
    permuted[to] = data[from]!;
    for (let axis = order.length - 1; axis >= 0; axis--) {
      from += steps[axis]!;
      if (++index[axis]! < sizes[axis]!) break;
      from -= steps[axis]! * sizes[axis]!;
      index[axis] = 0;
    }
  }
  return permuted;
}
