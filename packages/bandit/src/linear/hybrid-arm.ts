import { ValidationError } from "@edgewright/core";
import { decodeFloat64, encodeFloat64 } from "../policy/float64-text.js";
import type { RidgeModel } from "./ridge-model.js";

/** What a hybrid policy knows of one arm: its own regression, and how its features went along with the shared ones. */
export class HybridArm {
  /** A_a and b_a. */
  readonly model: RidgeModel;
  /** B_a, sum of w x z', [context features, shared features]. */
  readonly cross: Float64Array;
  readonly #sharedDimension: number;

  constructor(model: RidgeModel, sharedDimension: number) {
    this.model = model;
    this.cross = new Float64Array(model.dimension * sharedDimension);
    this.#sharedDimension = sharedDimension;
  }

  /** Works out what of z the arm's own features do not explain, z - B_a' A_a^-1 x, given u = A_a^-1 x. */
  unexplained(z: Float64Array, u: Float64Array, out: Float64Array): void {
    const width = this.#sharedDimension;
    out.set(z);
    for (let i = 0, at = 0; i < u.length; i++) {
      const factor = u[i]!;
      for (let j = 0; j < width; j++) out[j]! -= factor * this.cross[at++]!;
    }
  }

  /** Learns an example. */
  add(x: Float64Array, z: Float64Array, reward: number, weight: number): void {
    this.model.add(x, reward, weight);
    for (let i = 0, at = 0; i < x.length; i++) {
      const factor = weight * x[i]!;
      for (let j = 0; j < z.length; j++) this.cross[at++]! += factor * z[j]!;
    }
  }

  /**
   * Adds `factor` times B_a' A_a^-1 B_a (a packed triangle) and B_a' A_a^-1 b_a to the sums of shared features: what
   * of these is accounted for by the arm's own coefficients.
   */
  addExplained(sums: Float64Array, factor: number): void {
    const width = this.#sharedDimension;
    const { dimension, theta } = this.model;
    const column = new Float64Array(dimension);
    const triangle = (width * (width + 1)) / 2;
    for (let j = 0; j < width; j++) {
      for (let i = 0; i < dimension; i++) column[i] = this.cross[i * width + j]!;
      const image = this.model.applyInverse(column);
      for (let i = 0; i < dimension; i++) {
        sums[triangle + j]! += factor * column[i]! * theta[i]!;
        for (let k = 0, at = (j * (j + 1)) / 2; k <= j; k++, at++) {
          sums[at]! += factor * image[i]! * this.cross[i * width + k]!;
        }
      }
    }
  }

  copyFrom(other: HybridArm): void {
    this.model.copyFrom(other.model);
    this.cross.set(other.cross);
  }

  state(): { model: string; cross: string } {
    return { model: this.model.state(), cross: encodeFloat64(this.cross) };
  }

  /** Takes over a {@link HybridArm.state}; `where` names the arm in an error. */
  restore(state: unknown, where: string): void {
    if (typeof state !== "object" || state === null) {
      throw new ValidationError(`${where}: the state of an arm was expected, got ${String(state)}`);
    }
    const { model, cross } = state as { model?: unknown; cross?: unknown };
    const numbers = decodeFloat64(cross, this.cross.length, where);
    this.model.restore(model, where);
    this.cross.set(numbers);
  }
}
