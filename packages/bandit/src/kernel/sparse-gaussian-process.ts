import { ValidationError } from "@edgewright/core";
import { factorCholesky } from "../linear/cholesky.js";
import { dotProduct, triangleLength } from "../linear/packed-triangle.js";
import { decodeFloat64, encodeFloat64 } from "../policy/float64-text.js";
import type { Kernel } from "./kernels.js";
import {
  multiplyByTransposed,
  solveLower,
  symmetricElement,
  updateCholesky,
} from "./packed-cholesky.js";

/** What shapes a {@link SparseGaussianProcess}. */
export interface SparseGaussianProcessSettings {
  readonly kernel: Kernel;
  /** Features of a point. */
  readonly dimension: number;
  /** Variance of a reward around its mean. */
  readonly noise: number;
  /** Most points the dictionary holds. */
  readonly capacity: number;
  /** Share of its prior variance that the dictionary must leave open for a point to be taken in. */
  readonly novelty: number;
}

/** What {@link SparseGaussianProcess.state} gives. */
export interface SparseGaussianProcessState {
  readonly size: number;
  readonly points: string;
  readonly basis: string;
  readonly precision: string;
  readonly moment: string;
}

/** How much newer a point must be than the least new one in a full dictionary to take its place. */
const CLEARLY_NEWER = 2;

/**
 * Gaussian process regression whose memory is bounded by a dictionary of points.
 *
 * With K = L L' over the dictionary, a point x has coordinates z = L^-1 k(x); what they leave open of its prior
 * variance, k(x, x) - z'z, is its novelty. Points that are new enough join the dictionary (approximate linear
 * dependence: Engel, Mannor, Meir, "The Kernel Recursive Least-Squares Algorithm", 2004), the others count through
 * their coordinates, for which A = noise I + sum of z z' and b = sum of z r are kept. Means are z' A^-1 b and
 * variances k(x, x) - z'z + noise z' A^-1 z, as in BKB (Calandriello et al., "Gaussian Process Optimization with
 * Adaptive Sketching", COLT 2019, equation 2): where the dictionary holds every point seen this is the exact
 * posterior, elsewhere it does not claim to know what the dictionary cannot tell.
 *
 * A full dictionary gives up its least new point for one that is clearly newer. All sums go over to the coordinates
 * that are left, by rotations that let the point's own direction be the last one, which is dropped.
 */
export class SparseGaussianProcess {
  readonly #settings: SparseGaussianProcessSettings;
  #size = 0;
  /** [capacity, dimension] */
  readonly #points: Float64Array;
  /** L, packed: the Cholesky factor of the kernel matrix of the dictionary. */
  readonly #basis: Float64Array;
  /** The packed Cholesky factor of A. */
  readonly #precision: Float64Array;
  /** b */
  readonly #moment: Float64Array;
  /** L_A^-1 b for A = L_A L_A', of which a mean is the inner product with L_A^-1 z. */
  readonly #whitened: Float64Array;
  readonly #coordinates: Float64Array;
  readonly #work: Float64Array;
  /** The point to give up next, while the dictionary stays as it is. */
  #leastNew: { index: number; novelty: number } | undefined;
  #mean = 0;
  #variance = 0;

  constructor(settings: SparseGaussianProcessSettings) {
    const { capacity, dimension } = settings;
    this.#settings = settings;
    this.#points = new Float64Array(capacity * dimension);
    this.#basis = new Float64Array(triangleLength(capacity));
    this.#precision = new Float64Array(triangleLength(capacity));
    this.#moment = new Float64Array(capacity);
    this.#whitened = new Float64Array(capacity);
    this.#coordinates = new Float64Array(capacity);
    this.#work = new Float64Array(capacity);
  }

  /** Points in the dictionary. */
  get size(): number {
    return this.#size;
  }

  /** Mean of the last {@link SparseGaussianProcess.predict}. */
  get mean(): number {
    return this.#mean;
  }

  /** Variance of the mean, of the last {@link SparseGaussianProcess.predict}. */
  get variance(): number {
    return this.#variance;
  }

  /** Works out the posterior of the mean reward at a point: O(size^2). */
  predict(point: Float64Array): void {
    const size = this.#size;
    const prior = this.#project(point);
    const z = this.#coordinates;
    const open = Math.max(0, prior - dotProduct(z, z, size));
    solveLower(this.#precision, size, z, this.#work);
    this.#mean = dotProduct(this.#work, this.#whitened, size);
    this.#variance = open + this.#settings.noise * dotProduct(this.#work, this.#work, size);
  }

  /** Learns a reward: O(size^2), and O(size^3) when a point of a full dictionary is replaced. */
  add(point: Float64Array, reward: number, weight: number): void {
    const { capacity, novelty, kernel, dimension } = this.#settings;
    const prior = this.#project(point);
    const z = this.#coordinates;
    let open = prior - dotProduct(z, z, this.#size);
    // What is left by rounding is no novelty.
    const newEnough = (): boolean => open > Math.max(novelty, 1e-10) * prior;
    if (newEnough() && this.#size === capacity) {
      const least = this.#findLeastNew();
      if (open > CLEARLY_NEWER * least.novelty) {
        this.#removePoint(least.index);
        this.#project(point);
        open = kernel.compare(point, 0, point, 0, dimension) - dotProduct(z, z, this.#size);
      }
    }
    if (newEnough() && this.#size < capacity) this.#appendPoint(point, open);
    const size = this.#size;
    const scale = Math.sqrt(weight);
    for (let i = 0; i < size; i++) {
      this.#moment[i]! += weight * reward * z[i]!;
      this.#work[i] = scale * z[i]!;
    }
    updateCholesky(this.#precision, size, this.#work);
    solveLower(this.#precision, size, this.#moment, this.#whitened);
  }

  /** Takes over what another one with the same settings knows. */
  copyFrom(other: SparseGaussianProcess): void {
    this.#size = other.#size;
    this.#points.set(other.#points);
    this.#basis.set(other.#basis);
    this.#precision.set(other.#precision);
    this.#moment.set(other.#moment);
    this.#whitened.set(other.#whitened);
    this.#leastNew = undefined;
  }

  state(): SparseGaussianProcessState {
    const size = this.#size;
    const triangle = triangleLength(size);
    return {
      size,
      points: encodeFloat64(this.#points.subarray(0, size * this.#settings.dimension)),
      basis: encodeFloat64(this.#basis.subarray(0, triangle)),
      precision: encodeFloat64(this.#precision.subarray(0, triangle)),
      moment: encodeFloat64(this.#moment.subarray(0, size)),
    };
  }

  /** @throws ValidationError when the state is damaged; this process is then half set */
  restore(state: unknown, where: string): void {
    const given = (state ?? {}) as Partial<SparseGaussianProcessState>;
    const { capacity, dimension } = this.#settings;
    const size = given.size as number;
    if (!Number.isInteger(size) || size < 0 || size > capacity) {
      throw new ValidationError(
        `${where}: a dictionary of up to ${capacity} points was expected, got ${given.size}; the snapshot is damaged or of another policy`,
      );
    }
    const triangle = triangleLength(size);
    this.#points.set(decodeFloat64(given.points, size * dimension, `${where}.points`));
    this.#basis.set(decodeFloat64(given.basis, triangle, `${where}.basis`));
    this.#precision.set(decodeFloat64(given.precision, triangle, `${where}.precision`));
    this.#moment.set(decodeFloat64(given.moment, size, `${where}.moment`));
    for (let i = 0; i < size; i++) {
      const at = triangleLength(i) + i;
      if (this.#basis[at]! > 0 && this.#precision[at]! > 0) continue;
      throw new ValidationError(
        `${where}: factors with a diagonal above 0 were expected; the snapshot is damaged`,
      );
    }
    this.#size = size;
    this.#leastNew = undefined;
    solveLower(this.#precision, size, this.#moment, this.#whitened);
  }

  /** Fills the coordinates of a point. @returns its prior variance */
  #project(point: Float64Array): number {
    const { kernel, dimension } = this.#settings;
    const z = this.#coordinates;
    for (let i = 0; i < this.#size; i++) {
      z[i] = kernel.compare(point, 0, this.#points, i * dimension, dimension);
    }
    solveLower(this.#basis, this.#size, z, z);
    return kernel.compare(point, 0, point, 0, dimension);
  }

  /** The point just projected becomes the last of the dictionary. */
  #appendPoint(point: Float64Array, open: number): void {
    const size = this.#size;
    const row = triangleLength(size);
    const z = this.#coordinates;
    z[size] = Math.sqrt(open);
    this.#points.set(point, size * this.#settings.dimension);
    this.#basis.set(z.subarray(0, size + 1), row);
    // No example so far reaches into the new direction.
    this.#precision.fill(0, row, row + size);
    this.#precision[row + size] = Math.sqrt(this.#settings.noise);
    this.#moment[size] = 0;
    this.#size++;
    this.#leastNew = undefined;
  }

  /** The point that the others leave least open: 1 / (K^-1)_ii, by the columns of L^-1. */
  #findLeastNew(): { index: number; novelty: number } {
    if (this.#leastNew) return this.#leastNew;
    const size = this.#size;
    const squares = new Float64Array(size);
    const column = new Float64Array(size);
    for (let j = 0; j < size; j++) {
      column.fill(0);
      column[j] = 1;
      solveLower(this.#basis, size, column, column);
      squares[j] = dotProduct(column, column, size);
    }
    let index = 0;
    for (let j = 1; j < size; j++) if (squares[j]! > squares[index]!) index = j;
    this.#leastNew = { index, novelty: 1 / squares[index]! };
    return this.#leastNew;
  }

  #removePoint(index: number): void {
    const size = this.#size;
    const { dimension } = this.#settings;
    const rows: Float64Array[] = [];
    for (let i = 0; i < size; i++) {
      const row = new Float64Array(size);
      row.set(this.#basis.subarray(triangleLength(i), triangleLength(i) + i + 1));
      rows.push(row);
    }
    rows.splice(index, 1);
    const product = multiplyByTransposed(this.#precision, size);
    const sums = Array.from({ length: size }, (_, i) =>
      Float64Array.from({ length: size }, (_, j) => symmetricElement(product, i, j)),
    );
    const moment = this.#moment;
    // Rotating neighbouring coordinates makes the rows that are left a triangle again; what the points that are left
    // do not reach ends up in the last coordinate.
    for (let k = index; k < size - 1; k++) {
      const [x, y] = [rows[k]![k]!, rows[k]![k + 1]!];
      const length = Math.sqrt(x * x + y * y);
      const [cosine, sine] = [x / length, y / length];
      const rotate = (values: Float64Array): void => {
        const [a, b] = [values[k]!, values[k + 1]!];
        values[k] = cosine * a + sine * b;
        values[k + 1] = cosine * b - sine * a;
      };
      for (let i = k; i < size - 1; i++) rotate(rows[i]!);
      for (const row of sums) rotate(row);
      for (let j = 0; j < size; j++) {
        const [a, b] = [sums[k]![j]!, sums[k + 1]![j]!];
        sums[k]![j] = cosine * a + sine * b;
        sums[k + 1]![j] = cosine * b - sine * a;
      }
      rotate(moment);
    }
    const left = size - 1;
    rows.forEach((row, i) => {
      this.#basis.set(row.subarray(0, i + 1), triangleLength(i));
    });
    for (let i = 0; i < left; i++) {
      this.#precision.set(sums[i]!.subarray(0, i + 1), triangleLength(i));
    }
    // No eigenvalue of A is below the noise, so no pivot is but by rounding.
    const sound = factorCholesky(this.#precision, left, this.#settings.noise * 1e-3);
    if (!sound) {
      for (let i = 0; i < left; i++) {
        this.#precision.fill(0, triangleLength(i), triangleLength(i + 1));
        this.#precision[triangleLength(i) + i] = Math.sqrt(
          Math.max(sums[i]![i]!, this.#settings.noise),
        );
      }
    }
    this.#points.copyWithin(index * dimension, (index + 1) * dimension, size * dimension);
    this.#size = left;
    this.#leastNew = undefined;
  }
}
