import { EdgewrightError, ValidationError } from "@edgewright/core";
import { decodeFloat64, encodeFloat64 } from "../policy/float64-text.js";
import { boundLargestEigenvalue } from "./bound-eigenvalue.js";
import { factorCholesky, invertFromCholesky } from "./cholesky.js";
import { addToDiagonal, dotProduct, multiplySymmetric, triangleLength } from "./packed-triangle.js";
import { paddedLength, panelIndex, panelsLength } from "./panel-kernels.js";
import { PanelMemory } from "./panel-memory.js";
import { addToRidgeSums, ridgeSumsLength } from "./ridge-sums.js";

/** Updates of the inverse after which it is worked out afresh, where nothing asks for it sooner. */
export const REFACTOR_EVERY = 1000;
/** Disagreement of the matrix and its inverse, relative to what was added up, that asks for a fresh inverse. */
const TOLERATED_DRIFT = 1e-9;
/** Share of a sum that may be left when an example is taken back: less has lost too many digits. */
const SMALLEST_SHARE = 1e-6;
/** Within these, nothing that matters is lost to float32's range of exponents. */
const ROUGH_LIMITS = { size: 1e10, variance: 1e20 };
/** Squares beyond this would overflow when they are multiplied. */
const LARGEST_SQUARE = 1e150;
/** Numbers in a state that are of no vector or matrix. */
const SCALARS = 8;
type Scalars = [number, number, number, number, number, number, number, number];

/**
 * Weighted ridge regression that learns one example after another: A = ridge I + sum w x x', b = sum w r x,
 * theta = A^-1 b, with the inverse kept up by the formula of Sherman and Morrison and worked out afresh every
 * thousand updates, or as soon as a sample of A A^-1 x = x is missed by more than rounding explains.
 *
 * An update takes about 2 d^2 products, a variance d^2 / 2; memory is two triangles of d (d + 1) / 2 numbers.
 */
export class RidgeModel {
  readonly dimension: number;
  /** Ridge asked for. */
  readonly ridge: number;
  /** Sum of w r x. */
  readonly moments: Float64Array;
  /** Sum of w. */
  weight = 0;
  /** Sum of w r^2. */
  squares = 0;
  /** The ridge there is: what was asked for, less what has faded, more where the sums alone are not definite. */
  presentRidge: number;
  readonly #memory: PanelMemory;
  /** Where in the memory the sum of w x x' lies, without the ridge; its blocks' upper triangles mean nothing. */
  readonly #gram: number;
  /** Where the inverse of A lies. */
  readonly #inverse: number;
  /** Where the coefficients lie. */
  readonly #theta: number;
  /** Where the inverse lies in float32, once it was asked for. */
  #rounded: number | undefined;
  #roundedIsStale = true;
  #largestDiagonal = 0;
  #updates = 0;
  #probe = 0;
  /** What no eigenvalue of the inverse exceeds. */
  #bound: number;
  #learnedSinceBound = 0;
  #learned = 0;

  /** @param memory of this dimension; models that are asked about the same vectors had better share one */
  constructor(dimension: number, ridge: number, memory: PanelMemory = new PanelMemory(dimension)) {
    this.dimension = dimension;
    this.ridge = ridge;
    this.presentRidge = ridge;
    this.moments = new Float64Array(dimension);
    this.#bound = 1 / ridge;
    this.#memory = memory;
    this.#gram = memory.allocate(panelsLength(dimension));
    this.#inverse = memory.allocate(panelsLength(dimension));
    this.#theta = memory.allocate(paddedLength(dimension));
    for (let i = 0; i < dimension; i++) {
      memory.values[this.#inverse + panelIndex(i, i)] = 1 / ridge;
    }
  }

  /** Gives the memory back; the model must not be used any more. */
  dispose(): void {
    this.#memory.release(this.#gram, panelsLength(this.dimension));
    this.#memory.release(this.#inverse, panelsLength(this.dimension));
    this.#memory.release(this.#theta, paddedLength(this.dimension));
    if (this.#rounded !== undefined) {
      this.#memory.release(this.#rounded, panelsLength(this.dimension) / 2);
    }
  }

  /** Coefficients, A^-1 b: a view that the next model in the same memory can make stale. */
  get theta(): Float64Array {
    return this.#memory.values.subarray(this.#theta, this.#theta + this.dimension);
  }

  /** theta' x, the estimated mean reward, of the x that was loaded into the memory. */
  meanOfLoaded(): number {
    return this.#memory.kernels.dot(this.#theta, this.#memory.input);
  }

  /** x' A^-1 x of the x that was loaded: the mean's variance where rewards have variance 1; never below 0. */
  varianceOfLoaded(): number {
    return Math.max(this.#memory.kernels.form(this.#inverse, this.#memory.input), 0);
  }

  /**
   * The variance of x that was loaded, from the inverse in float32, and what it can be wrong by; with an error of
   * Infinity where numbers are too large or too small for that.
   *
   * @param rounded where x lies in float32
   * @param size sum of |x_i|
   */
  roughVarianceOfLoaded(rounded: number, size: number): { variance: number; error: number } {
    const { kernels } = this.#memory;
    const scale = size * size * this.#round();
    const { variance } = ROUGH_LIMITS;
    const fits = size < ROUGH_LIMITS.size && scale > 1 / variance && scale < variance;
    if (!fits || !kernels.float32) return { variance: 0, error: Infinity };
    // No |A^-1_ij| exceeds the largest of the diagonal, so that the absolute terms sum to at most the scale; each has
    // been rounded 3 d / 4 + 13 times at most. Twice that is taken.
    const error = (this.dimension + 20) * 2 ** -23 * scale;
    return { variance: kernels.float32.form(this.#rounded!, rounded), error };
  }

  /** theta' x */
  mean(x: Float64Array): number {
    this.#memory.load(x);
    return this.meanOfLoaded();
  }

  /** x' A^-1 x */
  variance(x: Float64Array): number {
    this.#memory.load(x);
    return this.varianceOfLoaded();
  }

  /** A^-1 x, a view of memory that the next call or example overwrites. */
  applyInverse(x: Float64Array): Float64Array {
    const { kernels, input, output } = this.#memory;
    this.#memory.load(x);
    kernels.multiply(this.#inverse, input, output);
    return this.#memory.values.subarray(output, output + this.dimension);
  }

  /** Element i of the diagonal of A^-1. */
  inverseDiagonal(i: number): number {
    return this.#memory.values[this.#inverse + panelIndex(i, i)]!;
  }

  /**
   * A number that x' A^-1 x / x' x exceeds for no x: examples only make it smaller, so it is brought up to date when
   * there are twice as many of them. Says nothing (Infinity) of sums that were written, or had examples taken back,
   * until then.
   */
  largestVariance(): number {
    const due = Math.max(4 * this.dimension, this.#learned);
    if (this.#learnedSinceBound >= due) {
      this.#learned += this.#learnedSinceBound;
      this.#learnedSinceBound = 0;
      this.#bound = boundLargestEigenvalue(this.#readTriangle(this.#inverse), this.dimension);
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
    const { dimension } = this;
    const { kernels, input, output, values } = this.#memory;
    this.#memory.load(x);
    kernels.multiply(this.#inverse, input, output);
    const form = kernels.dot(input, output);
    const divisor = 1 + weight * form;
    const drifted = this.#updates >= dimension && this.#missesProbe(x, output);
    const error = reward - kernels.dot(this.#theta, input);
    kernels.addOuter(this.#gram, weight, input);
    for (let i = 0; i < dimension; i++) this.moments[i]! += weight * reward * x[i]!;
    this.weight += weight;
    this.squares += weight * reward * reward;
    this.#updates++;
    this.#learnedSinceBound++;
    if (weight < 0) this.#bound = Infinity;
    // A form below 0 is rounding alone, one of Infinity a ridge too small for the features.
    const sound =
      form >= 0 &&
      divisor > SMALLEST_SHARE &&
      divisor < Infinity &&
      (weight > 0 || this.#keepsDigits(x, weight));
    if (drifted || this.#updates >= REFACTOR_EVERY || !sound) {
      this.refactor();
      return sound;
    }
    const gain = weight / divisor;
    const step = gain * error;
    // The root goes into the vector, so that the product is symmetric to the last bit.
    const root = Math.sqrt(Math.abs(gain));
    for (let i = 0; i < dimension; i++) {
      const direction = values[output + i]!;
      values[this.#theta + i]! += step * direction;
      values[output + i] = root * direction;
    }
    kernels.addOuter(this.#inverse, gain < 0 ? 1 : -1, output);
    this.#roundedIsStale = true;
    return true;
  }

  /**
   * Makes all examples count `factor` times what they did, the ridge with them; a ridge below half of what was asked
   * for is made up.
   */
  fade(factor: number): void {
    this.presentRidge *= factor;
    this.#scale(this.#gram, factor);
    for (let i = 0; i < this.dimension; i++) this.moments[i]! *= factor;
    this.weight *= factor;
    this.squares *= factor;
    // Making the ridge up only adds to what has faded, so the bound holds either way.
    this.#bound /= factor;
    if (this.presentRidge < this.ridge / 2) this.refactor();
    else this.#scale(this.#inverse, 1 / factor);
  }

  /**
   * Works the inverse and the coefficients out afresh from the sums, d^3 / 2 products. Where sums and ridge together
   * are not positive definite (huge features have drowned the ridge, or the sums carry noise), the ridge is raised
   * until they are.
   */
  refactor(): void {
    const before = this.presentRidge;
    const inverse = this.#invert();
    this.#writeTriangle(this.#inverse, inverse);
    this.theta.set(multiplySymmetric(inverse, this.moments, this.dimension));
    this.#updates = 0;
    if (this.presentRidge < before) this.#bound = Infinity;
  }

  /** Forgets everything and learns `examples` at once. */
  replay(examples: readonly { features: Float64Array; reward: number; weight: number }[]): void {
    const sums = new Float64Array(ridgeSumsLength(this.dimension));
    for (const { features, reward, weight } of examples) {
      addToRidgeSums(sums, features, reward, weight);
    }
    this.writeSums(sums);
  }

  /** Takes over what another model knows. */
  copyFrom(other: RidgeModel): void {
    this.#unpack(other.#pack());
  }

  /** Largest difference of the inverse from one worked out afresh, relative to the latter's largest element. */
  drift(): number {
    const fresh = this.#invert(this.presentRidge);
    const kept = this.#readTriangle(this.#inverse);
    let largest = 0;
    let difference = 0;
    for (let i = 0; i < kept.length; i++) {
      largest = Math.max(largest, Math.abs(fresh[i]!));
      difference = Math.max(difference, Math.abs(fresh[i]! - kept[i]!));
    }
    return difference / largest;
  }

  /** The sums over the examples, without the ridge, [{@link ridgeSumsLength}]. */
  readSums(): Float64Array {
    const sums = new Float64Array(ridgeSumsLength(this.dimension));
    const triangle = this.#readTriangle(this.#gram);
    sums.set(triangle);
    sums.set(this.moments, triangle.length);
    sums.set([this.weight, this.squares], sums.length - 2);
    return sums;
  }

  /** Replaces the sums; any finite ones will do, see {@link RidgeModel.refactor}. */
  writeSums(sums: Float64Array): void {
    const triangle = triangleLength(this.dimension);
    this.#writeTriangle(this.#gram, sums);
    this.moments.set(sums.subarray(triangle, triangle + this.dimension));
    this.weight = sums[sums.length - 2]!;
    this.squares = sums[sums.length - 1]!;
    this.refactor();
    this.#bound = Infinity;
  }

  /** Everything, bit for bit. */
  state(): string {
    return encodeFloat64(this.#pack());
  }

  /** Takes over a {@link RidgeModel.state}; `where` names the model in an error, after which it is as it was. */
  restore(state: unknown, where: string): void {
    const { dimension } = this;
    const length = 2 * triangleLength(dimension) + 2 * dimension + SCALARS;
    const values = decodeFloat64(state, length, where);
    const [present, updates, probe, ...ofBound] = values.subarray(length - SCALARS + 2);
    const whole = Number.isInteger(updates) && updates! >= 0 && updates! < REFACTOR_EVERY;
    const inside = Number.isInteger(probe) && probe! >= 0 && probe! < dimension;
    if (!whole || !inside || !(present! > 0) || ofBound.some((value) => value < 0)) {
      throw new ValidationError(
        `${where}: the numbers of a ridge regression do not fit together; the snapshot is damaged`,
      );
    }
    this.#unpack(values);
  }

  // The inverse of the sums and a ridge, of at least what was asked for where none is given; keeps the latter.
  #invert(given?: number): Float64Array {
    const { dimension } = this;
    const gram = this.#readTriangle(this.#gram);
    let ridge = given ?? this.ridge;
    let raise = ridge;
    for (let i = 0, at = 0; i < dimension; i++, at += i + 1) {
      raise = Math.max(raise, 1e-15 * Math.abs(gram[at]!));
    }
    for (;;) {
      const matrix = gram.slice();
      addToDiagonal(matrix, dimension, ridge);
      if (factorCholesky(matrix, dimension, this.ridge / 4)) {
        if (given === undefined) this.presentRidge = ridge;
        invertFromCholesky(matrix, dimension);
        return matrix;
      }
      ridge = this.ridge + raise;
      raise *= 2;
    }
  }

  // Brings the inverse in float32 up to date and gives the largest element of its diagonal.
  #round(): number {
    if (!this.#roundedIsStale) return this.#largestDiagonal;
    const length = panelsLength(this.dimension);
    this.#rounded ??= this.#memory.allocate(length / 2);
    this.#memory.kernels.float32?.round(this.#inverse, this.#rounded, length);
    this.#largestDiagonal = 0;
    for (let i = 0; i < this.dimension; i++) {
      this.#largestDiagonal = Math.max(this.#largestDiagonal, this.inverseDiagonal(i));
    }
    this.#roundedIsStale = false;
    return this.#largestDiagonal;
  }

  // Whether enough is left of every sum of squares that an example was taken from.
  #keepsDigits(x: Float64Array, weight: number): boolean {
    for (let i = 0; i < this.dimension; i++) {
      const left = this.#memory.values[this.#gram + panelIndex(i, i)]! + this.ridge;
      if (left < SMALLEST_SHARE * -weight * x[i]! * x[i]!) return false;
    }
    return true;
  }

  // Whether one row of A times A^-1 x differs from x by more than rounding; each call looks at the next row.
  #missesProbe(x: Float64Array, direction: number): boolean {
    const { values } = this.#memory;
    const row = this.#probe;
    this.#probe = row + 1 === this.dimension ? 0 : row + 1;
    let sum = this.presentRidge * values[direction + row]!;
    let size = Math.abs(sum) + Math.abs(x[row]!);
    // Up to the diagonal along the row, from there down the column.
    let at = this.#gram + panelIndex(row, 0);
    for (let j = 0; j < this.dimension; j++) {
      const term = values[at]! * values[direction + j]!;
      sum += term;
      size += Math.abs(term);
      if (j < row) at += 4;
      else at += (j & 3) < 3 ? 1 : 4 * j + 1; // within a panel, or to the next
    }
    return Math.abs(sum - x[row]!) > TOLERATED_DRIFT * size;
  }

  #readTriangle(matrix: number): Float64Array {
    const triangle = new Float64Array(triangleLength(this.dimension));
    for (let i = 0, at = 0; i < this.dimension; i++) {
      const start = matrix + panelIndex(i, 0);
      for (let j = 0; j <= i; j++) triangle[at++] = this.#memory.values[start + 4 * j]!;
    }
    return triangle;
  }

  #writeTriangle(matrix: number, triangle: Float64Array): void {
    this.#roundedIsStale = true;
    const { values } = this.#memory;
    for (let i = 0, at = 0; i < this.dimension; i++) {
      for (let j = 0; j <= i; j++, at++) {
        values[matrix + panelIndex(i, j)] = triangle[at]!;
        if (j >= i - (i % 4)) values[matrix + panelIndex(j, i)] = triangle[at]!;
      }
    }
  }

  #scale(matrix: number, factor: number): void {
    this.#roundedIsStale = true;
    const { values } = this.#memory;
    const end = matrix + panelsLength(this.dimension);
    for (let at = matrix; at < end; at++) values[at]! *= factor;
  }

  #pack(): Float64Array {
    const { dimension } = this;
    const triangle = triangleLength(dimension);
    const values = new Float64Array(2 * triangle + 2 * dimension + SCALARS);
    values.set(this.#readTriangle(this.#gram));
    values.set(this.#readTriangle(this.#inverse), triangle);
    values.set(this.moments, 2 * triangle);
    values.set(this.theta, 2 * triangle + dimension);
    // The bound decides which scores are worked out where not all are: a resumed run leaves out the same ones.
    const bound = this.#bound < Infinity ? this.#bound : 0;
    values.set(
      [
        this.weight,
        this.squares,
        this.presentRidge,
        this.#updates,
        this.#probe,
        bound,
        this.#learnedSinceBound,
        this.#learned,
      ],
      values.length - SCALARS,
    );
    return values;
  }

  #unpack(values: Float64Array): void {
    const { dimension } = this;
    const triangle = triangleLength(dimension);
    this.#writeTriangle(this.#gram, values);
    this.#writeTriangle(this.#inverse, values.subarray(triangle));
    this.moments.set(values.subarray(2 * triangle, 2 * triangle + dimension));
    this.theta.set(values.subarray(2 * triangle + dimension, 2 * (triangle + dimension)));
    [
      this.weight,
      this.squares,
      this.presentRidge,
      this.#updates,
      this.#probe,
      this.#bound,
      this.#learnedSinceBound,
      this.#learned,
    ] = values.subarray(values.length - SCALARS) as unknown as Scalars;
    this.#bound ||= Infinity;
  }
}
