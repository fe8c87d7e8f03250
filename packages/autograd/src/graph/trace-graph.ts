import { sizeOf, type Tensor, ValidationError } from "@edgewright/core";
import {
  constantOf,
  elementsOf,
  type InferredShapes,
  type InferredValue,
  type Model,
  type Node,
} from "@edgewright/graph";
import type { Parameter } from "../engine/parameter.js";
import type { Tape } from "../engine/tape.js";
import { identityAliases, type ModelWeight } from "./model-weights.js";
import { type OperatorCall, unsupportedNode } from "./operator-call.js";
import { operatorRule } from "./operators/rules.js";
import { TracedTensor } from "./traced-tensor.js";

/** A graph that is to be recorded, or looked through. */
export interface GraphToTrace {
  readonly model: Model;
  readonly weights: ReadonlyMap<string, ModelWeight>;
  readonly inferred: InferredShapes;
}

/** What {@link traceGraph} needs besides. */
export interface TraceOptions extends GraphToTrace {
  readonly tape: Tape;
  readonly mode: "train" | "frozen";
  readonly inputs: ReadonlyMap<string, TracedTensor>;
}

/**
 * The nodes that compute the outputs from tensors, in order: not those that compute sizes, which shape
 * inference has done.
 *
 * @throws UnsupportedError naming the first node that cannot be recorded.
 */
export function nodesToTrace({ model, weights, inferred }: GraphToTrace): readonly Node[] {
  const { graph } = model;
  const shapeValues = computedFromShapes({ model, weights, inferred });
  const needed = new Set(graph.outputs.map(({ name }) => name));
  const nodes: Node[] = [];
  for (const node of [...graph.nodes].reverse()) {
    if (!node.outputs.some((name) => needed.has(name) && !shapeValues.has(name))) continue;
    if (node.opType === "Constant" && node.domain === "") continue;
    const rule = node.domain === "" ? operatorRule(node.opType) : undefined;
    if (rule === undefined) {
      const domain = node.domain === "" ? "" : ` of ${node.domain}`;
      throw unsupportedNode(node, `the operator${domain} cannot be trained`);
    }
    nodes.push(node);
    for (const name of node.inputs.slice(0, rule.tensors)) needed.add(name);
  }
  return nodes.reverse();
}

// Small values that follow from shapes and constants alone. What weights go into is none of them, although
// shape inference knows the contents of small tensors of any kind.
function computedFromShapes({ model, weights, inferred }: GraphToTrace): ReadonlySet<string> {
  const { graph } = model;
  const known = new Set<string>();
  for (const name of graph.initializers.keys()) if (!weights.has(name)) known.add(name);
  for (const node of graph.nodes) {
    for (const name of node.outputs) {
      const value = inferred.values.get(name);
      if (value === undefined || weights.has(name)) continue;
      const whole = node.opType === "Constant" || elementsOf(value) !== undefined;
      const integer = value.dtype !== "f32";
      const free = node.inputs.every((input) => input === "" || known.has(input));
      const ofShape = node.opType === "Shape" || node.opType === "Size";
      if (whole && (integer || free || ofShape)) known.add(name);
    }
  }
  return known;
}

/** Records a graph on a tape: the values of its outputs, by name. */
export function traceGraph(options: TraceOptions): Map<string, TracedTensor> {
  const { model, tape, mode, inferred, weights } = options;
  const values = new Map(options.inputs);
  const aliases = identityAliases(model.graph);
  const resolve = (name: string, reader: string): TracedTensor => {
    const known = values.get(name) ?? weightTensor(weights.get(name), tape);
    const value = known ?? constantTensor(inferred.values.get(name), tape);
    if (value === undefined) throw missingValue(name, reader);
    values.set(name, value);
    return value;
  };
  for (const node of nodesToTrace(options)) {
    const rule = operatorRule(node.opType)!;
    const call: OperatorCall = {
      node,
      opset: model.opsets.get("") ?? 1,
      tape,
      mode,
      outputShapes: node.outputs.map((name) =>
        name === "" ? [] : concreteShape(inferred.values.get(name), node),
      ),
      has: (index) => (node.inputs[index] ?? "") !== "",
      tensor: (index) => resolve(node.inputs[index] ?? "", `${node.opType} "${node.name}"`),
      parameter: (index) => weightParameter(node, index, weights, aliases),
      numbers: (index) => constantNumbers(node, index, inferred),
      unsupported: (what) => unsupportedNode(node, what),
    };
    const made = tape.scope(node.name, () => rule.record(call));
    const outputs = made instanceof TracedTensor ? [made] : made;
    for (const [i, value] of outputs.entries()) {
      const name = node.outputs[i];
      if (name !== undefined && name !== "") values.set(name, value);
    }
  }
  return new Map(model.graph.outputs.map(({ name }) => [name, resolve(name, "the graph")]));
}

function weightTensor(weight: ModelWeight | undefined, tape: Tape): TracedTensor | undefined {
  if (weight === undefined) return undefined;
  const { parameter, storage, tensor } = weight;
  return new TracedTensor(tape.parameter(parameter), tensor.shape, storage.order);
}

function weightParameter(
  node: Node,
  index: number,
  weights: ReadonlyMap<string, ModelWeight>,
  aliases: ReadonlyMap<string, string>,
): Parameter {
  const name = node.inputs[index] ?? "";
  const weight = weights.get(aliases.get(name) ?? name);
  if (weight !== undefined) return weight.parameter;
  throw unsupportedNode(node, `input "${name}" is no initialiser`);
}

function constantTensor(value: InferredValue | undefined, tape: Tape): TracedTensor | undefined {
  const tensor = value && constantOf(value);
  if (tensor === undefined || sizeOf(tensor.shape) === 0) return undefined;
  const type = tensor.dtype === "f32" ? "f32" : "i32";
  return TracedTensor.rowMajor(tape.constant(numbersOf(tensor), tensor.shape, type));
}

function constantNumbers(
  node: Node,
  index: number,
  { values }: InferredShapes,
): readonly number[] | undefined {
  const name = node.inputs[index] ?? "";
  if (name === "") return undefined;
  const value = values.get(name);
  const tensor = value && constantOf(value);
  if (tensor !== undefined) return numbersOf(tensor);
  if (node.opType === "Gather" && index === 1) return undefined;
  throw unsupportedNode(node, `input "${name}" must follow from shapes and constants`);
}

function numbersOf({ data }: Tensor): number[] {
  return Array.from(data as ArrayLike<number | bigint>, Number);
}

function concreteShape(value: InferredValue | undefined, node: Node): readonly number[] {
  const shape = value?.shape;
  if (shape?.every((size) => typeof size === "number")) return shape as readonly number[];
  throw unsupportedNode(node, `its output's shape [${shape ?? "?"}] depends on data`);
}

function missingValue(name: string, reader: string): ValidationError {
  return new ValidationError(
    `trainableModel: ${reader} reads "${name}", which is no input, no initialiser and no result of a node ` +
      "that can be recorded",
    { where: name },
  );
}
