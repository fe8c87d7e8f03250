import {
  EdgewrightError,
  ShapeError,
  type Tensor,
  UnsupportedError,
  ValidationError,
} from "@edgewright/core";
import type { Graph, Node } from "../model/model.js";

/**
 * What a host operator is told besides its inputs.
 *
 * The executor makes one per node: the operators themselves keep no state between calls.
 */
export interface OperatorContext {
  readonly node: Node;
  /** Operator-set version that the model declares for the node's domain. */
  readonly opset: number;
  /** Outputs the node names, absent ones (`""`) in the middle counted, trailing ones not. */
  readonly outputCount: number;
  /**
   * Runs a subgraph of the node (`then_branch`, `body`, ...): `feeds` go to the subgraph's inputs by
   * position, the result is its outputs by position. Values of the surrounding graphs that the
   * subgraph names are bound by the executor.
   */
  runGraph(graph: Graph, feeds: readonly (Tensor | null)[]): readonly Tensor[];
  /** Most bytes one output may take. @default 2 GiB */
  readonly maxOutputBytes?: number | undefined;
  /** Most iterations of all loops together, nested ones included. @default 2 ** 20 */
  readonly maxIterations?: number | undefined;
  /** Iterations so far, shared by the loops that count together. @default a count of its own */
  readonly iterations?: { count: number } | undefined;
  /** Checked between the iterations of `Loop` and `Scan`. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * An operator as a pure function over tensors in host memory.
 *
 * Inputs are never written to. An output may share the data of an input (`Identity`, `Reshape`): a
 * caller that recycles buffers copies before it does. Absent optional inputs and outputs are `null`.
 */
export type HostOperator = (
  inputs: readonly (Tensor | null)[],
  context: OperatorContext,
) => readonly (Tensor | null)[];

/** One row of the operator tables: which function computes an operator, from which opset on. */
export interface OperatorEntry {
  /** @default "" */
  readonly domain?: string;
  readonly opType: string;
  /** Lowest opset version whose semantics `run` has. */
  readonly since: number;
  /** Last opset version that has the operator, where the standard dropped it. */
  readonly until?: number;
  readonly run: HostOperator;
}

/** A {@link ShapeError} that names the node. */
export function shapeError(context: OperatorContext, message: string): ShapeError {
  return new ShapeError(describe(context, message), { where: context.node.name });
}

/** A {@link ValidationError} that names the node. */
export function invalidNode(context: OperatorContext, message: string): ValidationError {
  return new ValidationError(describe(context, message), { where: context.node.name });
}

/** An {@link UnsupportedError} that names the node. */
export function unsupportedNode(context: OperatorContext, message: string): UnsupportedError {
  return new UnsupportedError(describe(context, message), { where: context.node.name });
}

/** An {@link EdgewrightError} of code `"limit-exceeded"` that names the node. */
export function limitExceeded(context: OperatorContext, message: string): EdgewrightError {
  return new EdgewrightError("limit-exceeded", describe(context, message), {
    where: context.node.name,
  });
}

function describe(context: OperatorContext, message: string): string {
  return `${context.node.opType} "${context.node.name}": ${message}`;
}
