import { UnsupportedError } from "@edgewright/core";
import type { Node } from "@edgewright/graph";
import type { Parameter } from "../engine/parameter.js";
import type { Tape } from "../engine/tape.js";
import type { Storage, TracedTensor } from "./traced-tensor.js";

/** A node of an ONNX graph, and what recording it may use. */
export interface OperatorCall {
  readonly node: Node;
  /** Version of the standard operator set. */
  readonly opset: number;
  readonly tape: Tape;
  /** Batch normalisation by the batch (updating the running statistics), or by running statistics. */
  readonly mode: "train" | "frozen";
  /** ONNX's shapes of the outputs. */
  readonly outputShapes: readonly (readonly number[])[];
  /** Whether an optional input is there. */
  has(index: number): boolean;
  /** An input on the tape. */
  tensor(index: number): TracedTensor;
  /** An input that is a parameter itself, for operations that update it. */
  parameter(index: number): Parameter;
  /** The numbers of an input that shapes and constants determine; `undefined` when it is absent. */
  numbers(index: number): readonly number[] | undefined;
  /** An error that names the node. */
  unsupported(what: string): UnsupportedError;
}

/** What an imported tensor is to the node that reads it. */
export interface WeightUse {
  /** How the operation wants it; elements are moved once, at the import. */
  readonly storage: Storage;
  /**
   * `weight`: trained unless told otherwise; `statistic`: never; `operand` of arithmetic: trained if it is an
   * initialiser with more than one element, since exporters fold constants such as 1/8 into the graph, too.
   */
  readonly role: "weight" | "statistic" | "operand" | "constant";
}

/** How an operator of ONNX is recorded. */
export interface OperatorRule {
  /** Inputs from the first on that are tensors to compute with; later ones are sizes, axes, limits. */
  readonly tensors: number;
  /** How an imported tensor at this input is kept. @default as it is, an operand */
  weightUse?(node: Node, index: number, shape: readonly number[]): WeightUse;
  /** Records the node; outputs beyond those returned cannot be used. */
  record(call: OperatorCall): TracedTensor | readonly TracedTensor[];
}

/** An error that names a node and its operator. */
export function unsupportedNode({ name, opType }: Node, what: string): UnsupportedError {
  return new UnsupportedError(`trainableModel: ${opType} "${name}": ${what}`, { where: name });
}

/** A weight that is kept as it is. */
export function weightAsItIs(shape: readonly number[]): WeightUse {
  return { storage: storedAsItIs(shape), role: "weight" };
}

/** Elements as ONNX has them. */
export function storedAsItIs(shape: readonly number[]): Storage {
  return { order: shape.map((_, axis) => axis), shape };
}
