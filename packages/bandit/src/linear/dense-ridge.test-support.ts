// The slow, obvious way: whole matrices, Gaussian elimination at every question.
import { createRng, type Rng } from "@edgewright/core";
import type { Evaluation, Policy } from "../policy/policy.js";

export interface PlainExample {
  readonly x: readonly number[];
  readonly reward: number;
  readonly weight?: number;
}

/** Solves A y = b by Gaussian elimination with pivots. */
export function solve(a: readonly (readonly number[])[], b: readonly number[]): number[] {
  const n = b.length;
  const rows = a.map((row, i) => [...row, b[i]!]);
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) {
      if (Math.abs(rows[i]![k]!) > Math.abs(rows[pivot]![k]!)) pivot = i;
    }
    [rows[k], rows[pivot]] = [rows[pivot]!, rows[k]!];
    for (let i = k + 1; i < n; i++) {
      const factor = rows[i]![k]! / rows[k]![k]!;
      for (let j = k; j <= n; j++) rows[i]![j]! -= factor * rows[k]![j]!;
    }
  }
  const y = new Array<number>(n).fill(0);
  for (let i = n - 1; i >= 0; i--) {
    let sum = rows[i]![n]!;
    for (let j = i + 1; j < n; j++) sum -= rows[i]![j]! * y[j]!;
    y[i] = sum / rows[i]![i]!;
  }
  return y;
}

/** A and b of a weighted ridge regression. */
export function ridgeSystem(
  dimension: number,
  ridge: number,
  examples: readonly PlainExample[],
): { a: number[][]; b: number[] } {
  const a = Array.from({ length: dimension }, (_, i) =>
    Array.from({ length: dimension }, (_, j) => (i === j ? ridge : 0)),
  );
  const b = new Array<number>(dimension).fill(0);
  for (const { x, reward, weight = 1 } of examples) {
    for (let i = 0; i < dimension; i++) {
      b[i]! += weight * reward * x[i]!;
      for (let j = 0; j < dimension; j++) a[i]![j]! += weight * x[i]! * x[j]!;
    }
  }
  return { a, b };
}

/** Mean and width of a context after some examples. */
export function solveRidge(
  x: readonly number[],
  ridge: number,
  examples: readonly PlainExample[],
): { mean: number; width: number } {
  const { a, b } = ridgeSystem(x.length, ridge, examples);
  const dot = (u: readonly number[], v: readonly number[]) =>
    u.reduce((sum, value, i) => sum + value * v[i]!, 0);
  return { mean: dot(solve(a, b), x), width: Math.sqrt(dot(solve(a, x), x)) };
}

/** Asks a policy about arms in slots. */
export function ask(
  policy: Policy,
  slots: readonly number[],
  context: ArrayLike<number>,
  armFeatures: ArrayLike<number> = [],
  rng: Rng = createRng(1),
): Evaluation {
  const count = slots.length;
  const out: Evaluation = {
    scores: new Float64Array(count),
    probabilities: new Float64Array(count),
    means: new Float64Array(count),
    widths: new Float64Array(count),
  };
  const choices = {
    context: Float64Array.from(context),
    armFeatures: Float64Array.from(armFeatures),
  };
  policy.evaluate({ slots, ...choices }, rng, out);
  return out;
}

/** Teaches a policy one example. */
export function teach(
  policy: Policy,
  slot: number,
  context: ArrayLike<number>,
  reward: number,
  { weight = 1, armFeatures = [] as ArrayLike<number>, rng = createRng(2) } = {},
): void {
  policy.learn(
    {
      ...{ slot, reward, weight, propensity: 1 },
      context: Float64Array.from(context),
      armFeatures: Float64Array.from(armFeatures),
    },
    rng,
  );
}

/** A vector of normal numbers. */
export function randomVector(rng: Rng, length: number): number[] {
  return Array.from({ length }, () => rng.normal());
}
