import { ValidationError } from "@edgewright/core";
import { solveLower, solveLowerTransposed, updateCholesky } from "../kernel/packed-cholesky.js";
import { dotProduct, triangleLength } from "../linear/packed-triangle.js";
import { decodeFloat64, encodeFloat64 } from "../policy/float64-text.js";

/** Turns a logit into a probability; exact at both ends. */
export function logistic(logit: number): number {
  const small = Math.exp(-Math.abs(logit));
  return logit >= 0 ? 1 / (1 + small) : small / (1 + small);
}

/** What {@link LogisticModel.state} gives. */
export interface LogisticModelState {
  readonly mean: string;
  readonly precision: string;
}

/**
 * Bayesian logistic regression, online: the weights are normal, and every example moves their mean to the maximum of
 * the posterior and adds its curvature there to their precision (Laplace's approximation; Chapelle and Li, "An
 * Empirical Evaluation of Thompson Sampling", NIPS 2011, algorithm 3, for batches of one).
 *
 * For one example the maximum lies on a line, m + s P^-1 x, so a search in one dimension finds it to rounding.
 */
export class LogisticModel {
  readonly #dimension: number;
  readonly #full: boolean;
  readonly #mean: Float64Array;
  /** The packed Cholesky factor of the precision, or its diagonal. */
  readonly #precision: Float64Array;
  readonly #work: Float64Array;

  constructor(dimension: number, ridge: number, full: boolean) {
    this.#dimension = dimension;
    this.#full = full;
    this.#mean = new Float64Array(dimension);
    this.#work = new Float64Array(dimension);
    this.#precision = new Float64Array(full ? triangleLength(dimension) : dimension);
    for (let i = 0; i < dimension; i++) {
      if (full) this.#precision[triangleLength(i) + i] = Math.sqrt(ridge);
      else this.#precision[i] = ridge;
    }
  }

  /** Mean of the logit. */
  logit(x: Float64Array): number {
    return dotProduct(x, this.#mean, this.#dimension);
  }

  /** Variance of the logit: x' P^-1 x. */
  variance(x: Float64Array): number {
    const work = this.#work;
    if (this.#full) {
      solveLower(this.#precision, this.#dimension, x, work);
      return dotProduct(work, work, this.#dimension);
    }
    let sum = 0;
    for (let i = 0; i < this.#dimension; i++) sum += (x[i]! * x[i]!) / this.#precision[i]!;
    return sum;
  }

  /** Learns a reward from 0 to 1, as that share of a success. */
  add(x: Float64Array, reward: number, weight: number): void {
    const variance = this.variance(x);
    const logit = this.logit(x);
    const step = findStep(logit, variance, reward, weight);
    const work = this.#work;
    if (this.#full) solveLowerTransposed(this.#precision, this.#dimension, work, work);
    for (let i = 0; i < this.#dimension; i++) {
      this.#mean[i]! += step * (this.#full ? work[i]! : x[i]! / this.#precision[i]!);
    }
    const probability = logistic(logit + step * variance);
    const curvature = weight * probability * (1 - probability);
    if (this.#full) {
      const scale = Math.sqrt(curvature);
      for (let i = 0; i < this.#dimension; i++) work[i] = scale * x[i]!;
      updateCholesky(this.#precision, this.#dimension, work);
    } else {
      for (let i = 0; i < this.#dimension; i++) this.#precision[i]! += curvature * x[i]! * x[i]!;
    }
  }

  /** Takes over what another one knows. */
  copyFrom(other: LogisticModel): void {
    this.#mean.set(other.#mean);
    this.#precision.set(other.#precision);
  }

  state(): LogisticModelState {
    return { mean: encodeFloat64(this.#mean), precision: encodeFloat64(this.#precision) };
  }

  /** @throws ValidationError when the state is damaged; this model is then half set */
  restore(state: unknown, where: string): void {
    const given = (state ?? {}) as Partial<LogisticModelState>;
    this.#mean.set(decodeFloat64(given.mean, this.#mean.length, `${where}.mean`));
    this.#precision.set(
      decodeFloat64(given.precision, this.#precision.length, `${where}.precision`),
    );
    for (let i = 0; i < this.#dimension; i++) {
      if (this.#precision[this.#full ? triangleLength(i) + i : i]! > 0) continue;
      throw new ValidationError(
        `${where}.precision: a diagonal above 0 was expected; the snapshot is damaged`,
      );
    }
  }
}

/**
 * Solves s = weight (reward - logistic(logit + s variance)), which has one solution: Newton's method, halving the
 * interval where it would leave it.
 */
function findStep(logit: number, variance: number, reward: number, weight: number): number {
  let low = weight * (reward - 1);
  let high = weight * reward;
  let s = weight * (reward - logistic(logit));
  for (let i = 0; i < 100; i++) {
    const probability = logistic(logit + s * variance);
    const excess = s - weight * (reward - probability);
    if (excess > 0) high = s;
    else low = s;
    const next = s - excess / (1 + weight * variance * probability * (1 - probability));
    const inside = next > low && next < high ? next : (low + high) / 2;
    if (Math.abs(inside - s) <= 1e-15 * weight) return inside;
    s = inside;
  }
  return s;
}
