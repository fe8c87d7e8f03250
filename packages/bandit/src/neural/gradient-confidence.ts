import { ValidationError } from "@edgewright/core";
import {
  multiplyByTransposed,
  solveLower,
  symmetricElement,
  updateCholesky,
} from "../kernel/packed-cholesky.js";
import { factorCholesky } from "../linear/cholesky.js";
import { triangleLength } from "../linear/packed-triangle.js";
import { decodeFloat64, encodeFloat64 } from "../policy/float64-text.js";

/**
 * Confidence in directions of the parameters: Z = lambda I + sum of g g', with which sqrt(g' Z^-1 g) is the width of
 * an estimate whose gradient is g (Zhou, Li, Gu 2020, algorithm 1).
 */
export interface GradientConfidence {
  /** sqrt(g' Z^-1 g). */
  width(gradient: Float64Array): number;
  /** Z += weight g g'. */
  add(gradient: Float64Array, weight: number): void;
  /** Forgets what is known in the directions of these parameters. */
  reset(indices: readonly number[]): void;
  /** Takes over, for these parameters, what is known of those. */
  copy(from: readonly number[], to: readonly number[]): void;
  /** JSON-able. */
  state(): unknown;
  /**
   * Checks a state; the function it gives takes it over.
   *
   * @throws ValidationError when it is damaged
   */
  prepare(state: unknown, where: string): () => void;
}

/** Keeps the diagonal of Z only: a number for each parameter. */
export function diagonalConfidence(count: number, ridge: number): GradientConfidence {
  const diagonal = new Float64Array(count).fill(ridge);
  return {
    width(gradient) {
      let sum = 0;
      for (let i = 0; i < count; i++) sum += (gradient[i]! * gradient[i]!) / diagonal[i]!;
      return Math.sqrt(sum);
    },
    add(gradient, weight) {
      for (let i = 0; i < count; i++) diagonal[i]! += weight * gradient[i]! * gradient[i]!;
    },
    reset(indices) {
      for (const i of indices) diagonal[i] = ridge;
    },
    copy(from, to) {
      from.forEach((source, i) => {
        diagonal[to[i]!] = diagonal[source]!;
      });
    },
    state: () => encodeFloat64(diagonal),
    prepare(state, where) {
      const values = decodeFloat64(state, count, where);
      requirePositive(values, where);
      return () => diagonal.set(values);
    },
  };
}

/**
 * Keeps all of Z, as the Cholesky factor L of Z = L L', row after row of the lower triangle. A rank-one update keeps
 * it a factor of a positive definite matrix, whose rounding errors do not add up as those of an inverse would.
 * O(count^2) time an operation.
 */
export function fullConfidence(count: number, ridge: number): GradientConfidence {
  const factor = new Float64Array(triangleLength(count));
  for (let i = 0; i < count; i++) factor[triangleLength(i) + i] = Math.sqrt(ridge);
  const work = new Float64Array(count);

  // Takes parameters out of Z and puts others in: for small networks, and seldom.
  const rebuild = (change: (element: (i: number, j: number) => number) => typeof element): void => {
    const old = multiplyByTransposed(factor, count);
    const element = change((i, j) => symmetricElement(old, i, j));
    for (let i = 0, at = 0; i < count; i++) {
      for (let j = 0; j <= i; j++) factor[at++] = element(i, j);
    }
    if (factorCholesky(factor, count, Number.MIN_VALUE)) return;
    // Too near to singular for float64: the diagonal alone is left.
    factor.fill(0);
    for (let i = 0; i < count; i++) factor[triangleLength(i) + i] = Math.sqrt(element(i, i));
  };

  return {
    width(gradient) {
      solveLower(factor, count, gradient, work);
      let square = 0;
      for (let i = 0; i < count; i++) square += work[i]! * work[i]!;
      return Math.sqrt(square);
    },
    add(gradient, weight) {
      const scale = Math.sqrt(weight);
      for (let i = 0; i < count; i++) work[i] = scale * gradient[i]!;
      updateCholesky(factor, count, work);
    },
    reset(indices) {
      const forgotten = new Set(indices);
      rebuild((element) => (i, j) => {
        if (!forgotten.has(i) && !forgotten.has(j)) return element(i, j);
        return i === j ? ridge : 0;
      });
    },
    copy(from, to) {
      const sourceOf = new Map(to.map((target, i) => [target, from[i]!]));
      rebuild((element) => (i, j) => {
        const [a, b] = [sourceOf.get(i), sourceOf.get(j)];
        if (a !== undefined && b !== undefined) return element(a, b);
        // Between the copy and anything else nothing is known.
        return a === undefined && b === undefined ? element(i, j) : 0;
      });
    },
    state: () => encodeFloat64(factor),
    prepare(state, where) {
      const values = decodeFloat64(state, factor.length, where);
      const diagonal = Float64Array.from(
        { length: count },
        (_, i) => values[triangleLength(i) + i]!,
      );
      requirePositive(diagonal, where);
      return () => factor.set(values);
    },
  };
}

function requirePositive(values: Float64Array, where: string): void {
  if (values.every((value) => value > 0)) return;
  throw new ValidationError(
    `${where}: values above 0 were expected on the diagonal; the snapshot is damaged or of another policy`,
  );
}
