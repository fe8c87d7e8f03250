import { EdgewrightError, ValidationError } from "@edgewright/core";
import { solveLower, solveLowerTransposed, updateCholesky } from "../kernel/packed-cholesky.js";
import { factorCholesky } from "../linear/cholesky.js";
import { addOuterProduct, dotProduct, triangleLength } from "../linear/packed-triangle.js";
import { decodeFloat64, encodeFloat64 } from "../policy/float64-text.js";

/** What {@link LastLayerPosterior.state} gives. */
export interface PosteriorState {
  readonly factor: string;
  readonly moment: string;
}

/**
 * Bayesian linear regression on features: with A = ridge I + sum of x x' and b = sum of x r, the weights are normal
 * with mean A^-1 b and covariance noise^2 A^-1. A is kept as its Cholesky factor.
 */
export class LastLayerPosterior {
  readonly dimension: number;
  readonly #ridge: number;
  readonly #factor: Float64Array;
  readonly #moment: Float64Array;
  readonly #mean: Float64Array;
  readonly #work: Float64Array;

  constructor(dimension: number, ridge: number) {
    this.dimension = dimension;
    this.#ridge = ridge;
    this.#factor = new Float64Array(triangleLength(dimension));
    this.#moment = new Float64Array(dimension);
    this.#mean = new Float64Array(dimension);
    this.#work = new Float64Array(dimension);
    this.rebuild(() => {});
  }

  /** Estimated reward for features. */
  mean(features: Float64Array): number {
    return dotProduct(features, this.#mean, this.dimension);
  }

  /** L^-1 x for A = L L', into `out`: the norm of it is the width for noise 1, and inner products are covariances. */
  whiten(features: Float64Array, out: Float64Array): void {
    solveLower(this.#factor, this.dimension, features, out);
  }

  /** Learns from one reward. */
  add(features: Float64Array, reward: number, weight: number): void {
    const scale = Math.sqrt(weight);
    for (let i = 0; i < this.dimension; i++) {
      this.#work[i] = scale * features[i]!;
      this.#moment[i]! += weight * reward * features[i]!;
    }
    updateCholesky(this.#factor, this.dimension, this.#work);
    this.#solve();
  }

  /** Begins anew from examples, which `give` hands over one by one. */
  rebuild(
    give: (take: (features: Float64Array, reward: number, weight: number) => void) => void,
  ): void {
    const { dimension } = this;
    this.#factor.fill(0);
    this.#moment.fill(0);
    give((features, reward, weight) => {
      addOuterProduct(this.#factor, weight, features, dimension);
      for (let i = 0; i < dimension; i++) this.#moment[i]! += weight * reward * features[i]!;
    });
    let largest = 0;
    for (let i = 0; i < dimension; i++) {
      const at = triangleLength(i) + i;
      this.#factor[at]! += this.#ridge;
      largest = Math.max(largest, this.#factor[at]!);
    }
    // Features can grow until the ridge is lost in rounding; a larger one keeps the sums invertible.
    const sums = this.#factor.slice();
    let extra = largest * 2 ** -44;
    while (!factorCholesky(this.#factor, dimension, Number.MIN_VALUE)) {
      if (!(extra < Infinity)) {
        throw new EdgewrightError(
          "diverged",
          "the network's last layer grew beyond float64; scale features and rewards to about 1",
        );
      }
      this.#factor.set(sums);
      for (let i = 0; i < dimension; i++) this.#factor[triangleLength(i) + i]! += extra;
      extra *= 16;
    }
    this.#solve();
  }

  /** Takes over what another one knows. */
  copyFrom(other: LastLayerPosterior): void {
    this.#factor.set(other.#factor);
    this.#moment.set(other.#moment);
    this.#mean.set(other.#mean);
  }

  state(): PosteriorState {
    return { factor: encodeFloat64(this.#factor), moment: encodeFloat64(this.#moment) };
  }

  /**
   * Checks a state; the function it gives takes it over.
   *
   * @throws ValidationError when it is damaged
   */
  prepare(state: unknown, where: string): () => void {
    const given = (state ?? {}) as Partial<PosteriorState>;
    const factor = decodeFloat64(given.factor, this.#factor.length, `${where}.factor`);
    const moment = decodeFloat64(given.moment, this.dimension, `${where}.moment`);
    for (let i = 0; i < this.dimension; i++) {
      if (factor[triangleLength(i) + i]! > 0) continue;
      throw new ValidationError(
        `${where}: a factor with a diagonal above 0 was expected; the snapshot is damaged`,
      );
    }
    return () => {
      this.#factor.set(factor);
      this.#moment.set(moment);
      this.#solve();
    };
  }

  #solve(): void {
    solveLower(this.#factor, this.dimension, this.#moment, this.#mean);
    solveLowerTransposed(this.#factor, this.dimension, this.#mean, this.#mean);
  }
}
