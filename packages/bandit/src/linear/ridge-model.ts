import { EdgewrightError, ValidationError } from "@edgewright/core";
import { decodeFloat64, encodeFloat64 } from "../policy/float64-text.js";
import { boundLargestEigenvalue } from "./bound-eigenvalue.js";
import { factorCholesky, invertFromCholesky } from "./cholesky.js";
import {
  addOuterProduct,
  dotProduct,
  multiplySymmetric,
  quadraticForm,
  symmetricElement,
  triangleLength,
} from "./packed-triangle.js";
import { addToRidgeSums, ridgeSumsLength } from "./ridge-sums.js";

/** Updates of the inverse after which it is worked out afresh, where nothing asks for it sooner. */
export const REFACTOR_EVERY = 1000;
/** Disagreement of the matrix and its inverse, relative to what was added up, that asks for a fresh inverse. */
const TOLERATED_DRIFT = 1e-9;
/** Share of a sum that may be left when an example is taken back: less has lost too many digits. */
const SMALLEST_SHARE = 1e-6;
/** Squares beyond this would overflow when they are multiplied. */
const LARGEST_SQUARE = 1e150;

/**
 * Weighted ridge regression that learns one example after another: A = ridge I + sum w x x', b = sum w r x,
 * theta = A^-1 b, with the inverse kept up by the formula of Sherman and Morrison and worked out afresh every
 * thousand updates, or as soon as a sample of A A^-1 x = x is missed by more than rounding explains.
 *
 * An update takes about 5 d^2 / 2 products, a variance d^2 / 2; memory is two triangles of d (d + 1) / 2 numbers.
 */
export class RidgeModel {
  readonly dimension: number;
  /** Ridge asked for. */
  readonly ridge: number;
  /** Sum of w x x' as a packed triangle, without the ridge. */
  readonly gram: Float64Array;
  /** Sum of w r x. */
  readonly moments: Float64Array;
  /** Inverse of A as a packed triangle. */
  readonly inverse: Float64Array;
  /** Coefficients, A^-1 b. */
  readonly theta: Float64Array;
  /** Sum of w. */
  weight = 0;
  /** Sum of w r^2. */
  squares = 0;
  /** The ridge there is: what was asked for, less what has faded, more where the sums alone are not definite. */
  presentRidge: number;
  #updates = 0;
  #probe = 0;
  /** What no eigenvalue of the inverse exceeds. */
  #bound: number;
  #learnedSinceBound = 0;
  #learned = 0;
  #scratch: Float64Array;

  constructor(dimension: number, ridge: number) {
    this.dimension = dimension;
    this.ridge = ridge;
    this.presentRidge = ridge;
    this.#bound = 1 / ridge;
    this.gram = new Float64Array(triangleLength(dimension));
    this.inverse = new Float64Array(this.gram.length);
    this.moments = new Float64Array(dimension);
    this.theta = new Float64Array(dimension);
    this.#scratch = new Float64Array(dimension);
    addToDiagonal(this.inverse, dimension, 1 / ridge);
  }

  /** theta' x, the estimated mean reward. */
  mean(x: Float64Array): number {
    return dotProduct(this.theta, x, this.dimension);
  }

  /** x' A^-1 x, the variance of the estimated mean where rewards have variance 1; never below 0. */
  variance(x: Float64Array): number {
    const form = quadraticForm(this.inverse, x, this.dimension);
    return Math.max(form, 0);
  }

  /** A^-1 x, in memory that the next call or example overwrites. */
  applyInverse(x: Float64Array): Float64Array {
    multiplySymmetric(this.inverse, x, this.dimension, this.#scratch);
    return this.#scratch;
  }

  /**
   * A number that x' A^-1 x / x' x exceeds for no x: examples only make it smaller, so it is brought up to date when
   * there are a fourth more of them. Says nothing (Infinity) of sums that were written, or had examples taken back,
   * until then.
   */
  largestVariance(): number {
    const due = Math.max(this.dimension / 2, this.#learned / 4);
    if (this.#learnedSinceBound >= due) {
      this.#learned += this.#learnedSinceBound;
      this.#learnedSinceBound = 0;
      this.#bound = boundLargestEigenvalue(this.inverse, this.dimension);
    }
    return this.#bound;
  }

  /** Throws where the squares of an example would overflow. */
  check(x: Float64Array, reward: number, weight: number): void {
    const magnitude = (dotProduct(x, x, this.dimension) + reward * reward) * Math.max(1, weight);
    if (magnitude < LARGEST_SQUARE) return;
    throw new EdgewrightError(
      "invalid-argument",
      `learn: features and rewards whose weighted squares sum to less than ${LARGEST_SQUARE} were expected, got ${magnitude}; scale them`,
    );
  }

  /**
   * Learns an example that passes {@link RidgeModel.check}; with a negative weight, takes one back that was learnt.
   *
   * @returns whether the sums can be relied on after an example was taken back: not where it was nearly all there was
   */
  add(x: Float64Array, reward: number, weight: number): boolean {
    const { dimension, inverse, theta } = this;
    const direction = this.#scratch;
    multiplySymmetric(inverse, x, dimension, direction);
    const form = dotProduct(x, direction, dimension);
    const divisor = 1 + weight * form;
    const drifted = this.#updates >= dimension && this.#missesProbe(x, direction);
    addOuterProduct(this.gram, weight, x, dimension);
    for (let i = 0; i < dimension; i++) this.moments[i]! += weight * reward * x[i]!;
    this.weight += weight;
    this.squares += weight * reward * reward;
    this.#updates++;
    this.#learnedSinceBound++;
    if (weight < 0) this.#bound = Infinity;
    // A form below 0 is rounding alone.
    const sound =
      form >= 0 && divisor > SMALLEST_SHARE && (weight > 0 || this.#keepsDigits(x, weight));
    if (drifted || this.#updates >= REFACTOR_EVERY || !sound) {
      this.refactor();
      return sound;
    }
    const gain = weight / divisor;
    const step = gain * (reward - dotProduct(theta, x, dimension));
    for (let i = 0; i < dimension; i++) theta[i]! += step * direction[i]!;
    addOuterProduct(inverse, -gain, direction, dimension);
    return true;
  }

  /**
   * Makes all examples count `factor` times what they did, the ridge with them; a ridge below half of what was asked
   * for is made up.
   */
  fade(factor: number): void {
    this.presentRidge *= factor;
    scale(this.gram, factor);
    scale(this.moments, factor);
    this.weight *= factor;
    this.squares *= factor;
    if (this.presentRidge < this.ridge / 2) this.refactor();
    else {
      scale(this.inverse, 1 / factor);
      this.#bound /= factor;
    }
  }

  /**
   * Works the inverse and the coefficients out afresh from the sums, d^3 / 2 products. Where sums and ridge together
   * are not positive definite (huge features have drowned the ridge, or the sums carry noise), the ridge is raised
   * until they are.
   */
  refactor(): void {
    const { dimension, inverse } = this;
    const before = this.presentRidge;
    this.presentRidge = this.ridge;
    let raise = Math.max(this.ridge, 1e-15 * largestDiagonal(this.gram, dimension));
    for (;;) {
      inverse.set(this.gram);
      addToDiagonal(inverse, dimension, this.presentRidge);
      if (factorCholesky(inverse, dimension, this.ridge / 2)) break;
      this.presentRidge = this.ridge + raise;
      raise *= 2;
    }
    invertFromCholesky(inverse, dimension);
    multiplySymmetric(inverse, this.moments, dimension, this.theta);
    this.#updates = 0;
    if (this.presentRidge < before) this.#bound = Infinity;
  }

  /** Forgets everything and learns `examples` at once. */
  replay(examples: readonly { features: Float64Array; reward: number; weight: number }[]): void {
    const sums = new Float64Array(ridgeSumsLength(this.dimension));
    for (const { features, reward, weight } of examples)
      addToRidgeSums(sums, features, reward, weight);
    this.writeSums(sums);
  }

  /** Takes over what another model knows. */
  copyFrom(other: RidgeModel): void {
    this.#load(other.#pack());
  }

  /** Largest difference of the inverse from one worked out afresh, relative to the latter's largest element. */
  drift(): number {
    const fresh = new RidgeModel(this.dimension, this.presentRidge);
    fresh.gram.set(this.gram);
    fresh.refactor();
    let largest = 0;
    let difference = 0;
    for (let i = 0; i < this.inverse.length; i++) {
      largest = Math.max(largest, Math.abs(fresh.inverse[i]!));
      difference = Math.max(difference, Math.abs(fresh.inverse[i]! - this.inverse[i]!));
    }
    return difference / largest;
  }

  /** The sums over the examples, without the ridge, [{@link ridgeSumsLength}]. */
  readSums(): Float64Array {
    const { gram, moments } = this;
    const sums = new Float64Array(ridgeSumsLength(this.dimension));
    sums.set(gram);
    sums.set(moments, gram.length);
    sums.set([this.weight, this.squares], gram.length + moments.length);
    return sums;
  }

  /** Replaces the sums; any finite ones will do, see {@link RidgeModel.refactor}. */
  writeSums(sums: Float64Array): void {
    const { gram, moments } = this;
    gram.set(sums.subarray(0, gram.length));
    moments.set(sums.subarray(gram.length, gram.length + moments.length));
    this.weight = sums[gram.length + moments.length]!;
    this.squares = sums[gram.length + moments.length + 1]!;
    this.refactor();
    this.#bound = Infinity;
  }

  /** Everything, bit for bit. */
  state(): string {
    return encodeFloat64(this.#pack());
  }

  /** A model from {@link RidgeModel.state}; `where` names it in an error. */
  static fromState(state: unknown, dimension: number, ridge: number, where: string): RidgeModel {
    const model = new RidgeModel(dimension, ridge);
    const length = 2 * triangleLength(dimension) + 2 * dimension + 5;
    const values = decodeFloat64(state, length, where);
    const [weight, , present, updates, probe] = values.subarray(length - 5);
    const whole = Number.isInteger(updates) && updates! >= 0 && updates! < REFACTOR_EVERY;
    const inside = Number.isInteger(probe) && probe! >= 0 && probe! < dimension;
    if (!whole || !inside || !(present! > 0) || !(weight! > -Infinity)) {
      throw new ValidationError(
        `${where}: the numbers of a ridge regression do not fit together; the snapshot is damaged`,
      );
    }
    model.#load(values);
    return model;
  }

  // Whether enough is left of every sum of squares that an example was taken from.
  #keepsDigits(x: Float64Array, weight: number): boolean {
    for (let i = 0, at = 0; i < this.dimension; i++, at += i + 1) {
      const taken = -weight * x[i]! * x[i]!;
      if (this.gram[at]! + this.ridge < SMALLEST_SHARE * taken) return false;
    }
    return true;
  }

  // Whether one row of A times A^-1 x differs from x by more than rounding; each call looks at the next row.
  #missesProbe(x: Float64Array, direction: Float64Array): boolean {
    const row = this.#probe;
    this.#probe = row + 1 === this.dimension ? 0 : row + 1;
    let sum = this.presentRidge * direction[row]!;
    let size = Math.abs(sum) + Math.abs(x[row]!);
    for (let j = 0; j < this.dimension; j++) {
      const term = symmetricElement(this.gram, row, j) * direction[j]!;
      sum += term;
      size += Math.abs(term);
    }
    return Math.abs(sum - x[row]!) > TOLERATED_DRIFT * size;
  }

  #pack(): Float64Array {
    const { gram, moments } = this;
    const values = new Float64Array(2 * gram.length + 2 * moments.length + 5);
    values.set(gram);
    values.set(this.inverse, gram.length);
    values.set(moments, 2 * gram.length);
    values.set(this.theta, 2 * gram.length + moments.length);
    const scalars = [this.weight, this.squares, this.presentRidge, this.#updates, this.#probe];
    values.set(scalars, values.length - 5);
    return values;
  }

  #load(values: Float64Array): void {
    this.#bound = Infinity;
    const { gram, moments } = this;
    gram.set(values.subarray(0, gram.length));
    this.inverse.set(values.subarray(gram.length, 2 * gram.length));
    moments.set(values.subarray(2 * gram.length, 2 * gram.length + moments.length));
    this.theta.set(values.subarray(2 * gram.length + moments.length, values.length - 5));
    [this.weight, this.squares, this.presentRidge, this.#updates, this.#probe] = values.subarray(
      values.length - 5,
    ) as unknown as [number, number, number, number, number];
  }
}

function addToDiagonal(matrix: Float64Array, dimension: number, value: number): void {
  for (let i = 0, at = 0; i < dimension; i++, at += i + 1) matrix[at]! += value;
}

function largestDiagonal(matrix: Float64Array, dimension: number): number {
  let largest = 0;
  for (let i = 0, at = 0; i < dimension; i++, at += i + 1) {
    largest = Math.max(largest, Math.abs(matrix[at]!));
  }
  return largest;
}

function scale(values: Float64Array, factor: number): void {
  for (let i = 0; i < values.length; i++) values[i]! *= factor;
}
