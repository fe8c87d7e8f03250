import { createParameter, type Parameter } from "../engine/parameter.js";
import { type BatchNormOptions, batchNorm } from "../operations/batch-norm.js";
import type { Layer } from "./layer.js";

/** Options of {@link batchNormalization}. */
export interface BatchNormalizationOptions
  extends Partial<Pick<BatchNormOptions, "momentum" | "epsilon">> {
  /** Parameters are called "name.scale", "name.shift", "name.mean" and "name.variance". */
  readonly name: string;
  /** Length of the last axis. */
  readonly channels: number;
}

/**
 * Batch normalisation of the last axis (Ioffe, Szegedy: Batch Normalization, ICML 2015): by the batch in mode
 * `train`, which also updates the running statistics, and by these in mode `frozen`.
 *
 * @throws ShapeError for a number of channels that is no whole number from 1.
 *
 * @example
 * ```ts
 * const norm = batchNormalization({ name: "norm1", channels: 16 });
 * const y = norm.apply(createTape().input("x", [32, 14, 14, 16]), { mode: "frozen" }); // [32, 14, 14, 16]
 * ```
 */
export function batchNormalization(options: BatchNormalizationOptions): Layer {
  const { name, channels, ...rest } = options;
  const make = (what: string, value: number, trainable: boolean): Parameter =>
    createParameter({
      name: `${name}.${what}`,
      shape: [channels],
      data: new Float32Array(channels).fill(value),
      trainable,
    });
  const scale = make("scale", 1, true);
  const shift = make("shift", 0, true);
  const runningMean = make("mean", 0, false);
  const runningVariance = make("variance", 1, false);
  return {
    parameters: [scale, shift, runningMean, runningVariance],
    apply: (x, { mode = "train" } = {}) =>
      x.tape.scope(name, () =>
        batchNorm(x, { ...rest, scale, shift, runningMean, runningVariance, mode }),
      ),
  };
}
