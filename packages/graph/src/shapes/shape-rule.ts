import { EdgewrightError, ShapeError, ValidationError } from "@edgewright/core";
import type { Dim, Graph, Node } from "../model/model.js";
import type { InferredValue } from "./inferred-value.js";

/** What a shape rule is told besides its inputs. */
export interface RuleContext {
  readonly node: Node;
  /** Operator-set version that the model declares for the node's domain. */
  readonly opset: number;
  /** Infers a subgraph from the values of its inputs; the result is its outputs by position. */
  inferGraph(graph: Graph, inputs: readonly InferredValue[]): readonly InferredValue[];
}

/**
 * Types and shapes of an operator's outputs from those of its inputs. An absent optional input is
 * `undefined`.
 */
export type ShapeRule = (
  inputs: readonly (InferredValue | undefined)[],
  context: RuleContext,
) => readonly InferredValue[];

/** A ShapeError that names the node. */
export function shapeMismatch(context: RuleContext, problem: string): ShapeError {
  const { opType, name } = context.node;
  return new ShapeError(`${opType} "${name}": ${problem}`, { where: name });
}

/** A ValidationError that names the node. */
export function invalidNode(context: RuleContext, problem: string): ValidationError {
  const { opType, name } = context.node;
  return new ValidationError(`${opType} "${name}": ${problem}`, { where: name });
}

/** An error of code `limit-exceeded` that names the node. */
export function beyondLimit(context: RuleContext, problem: string): EdgewrightError {
  const { opType, name } = context.node;
  return new EdgewrightError("limit-exceeded", `${opType} "${name}": ${problem}`, { where: name });
}

/** Input `index`, which the operator cannot do without. */
export function requiredInput(
  inputs: readonly (InferredValue | undefined)[],
  index: number,
  context: RuleContext,
): InferredValue {
  const input = inputs[index];
  if (input === undefined) throw invalidNode(context, `input ${index} is missing`);
  return input;
}

/** Counts a negative axis from the end. @throws ShapeError when it lies outside the rank. */
export function normalizeAxis(axis: number, rank: number, context: RuleContext): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    throw shapeMismatch(context, `axis ${axis} is outside a tensor of rank ${rank}`);
  }
  return axis < 0 ? axis + rank : axis;
}

/** {@link normalizeAxis} for several; @throws ShapeError for an axis given twice. */
export function normalizeAxes(
  axes: readonly number[],
  rank: number,
  context: RuleContext,
): number[] {
  const normal = axes.map((axis) => normalizeAxis(axis, rank, context));
  if (new Set(normal).size < normal.length) {
    throw shapeMismatch(context, `axes [${axes.join(", ")}] name one axis twice`);
  }
  return normal;
}

/** A shape for messages: `[batch, 3, ?]`. */
export function formatShape(shape: readonly Dim[] | null): string {
  return shape === null ? "[...]" : `[${shape.map((dim) => dim ?? "?").join(", ")}]`;
}

/**
 * The axis that two sizes agree on; the better known one where they may.
 *
 * @throws ShapeError when both are numbers and differ.
 */
export function unifyDims(a: Dim, b: Dim, what: string, context: RuleContext): Dim {
  if (a === null || a === b) return b;
  if (b === null) return a;
  if (typeof a === "number" && typeof b === "number") {
    throw shapeMismatch(context, `${what}: ${a} and ${b} differ`);
  }
  return typeof a === "number" ? a : b;
}

/** @throws ShapeError unless the rank is unknown or `rank`. */
export function checkRank(
  shape: readonly Dim[] | null,
  rank: number,
  what: string,
  context: RuleContext,
): void {
  if (shape !== null && shape.length !== rank) {
    throw shapeMismatch(context, `${what} must have rank ${rank}, got ${formatShape(shape)}`);
  }
}
