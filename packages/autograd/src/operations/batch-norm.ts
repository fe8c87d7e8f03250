import {
  activationMaskBytes,
  batchNormGradientWorkspaceBytes,
  batchNormTrainingWorkspaceBytes,
  planBatchNormFrozen,
  planBatchNormGradient,
  planBatchNormTraining,
} from "@edgewright/kernels/training";
import type { Operation } from "../engine/operation.js";
import { type Operand, record, type Variable } from "../engine/tape.js";
import { elementsOf, type Value } from "../engine/value.js";
import {
  addressesOf,
  checkChannels,
  placeScaleAndShift,
  type ScaleAndShift,
  type ScaleAndShiftPlaces,
} from "./scale-and-shift.js";

/** Options of {@link batchNorm}. */
export interface BatchNormOptions extends ScaleAndShift {
  /** A parameter with `trainable: false`, [c]: what mode `frozen` takes off, and mode `train` updates at every run. */
  readonly runningMean: Operand;
  /** A parameter with `trainable: false`, [c]; updated by the unbiased variance, as PyTorch does. */
  readonly runningVariance: Operand;
  /** Weight of the batch in the running statistics: new = (1 - momentum) old + momentum batch. @default 0.1 */
  readonly momentum?: number;
  /** Added to the variance. @default 1e-5 */
  readonly epsilon?: number;
  /** Statistics of the batch, or the running ones as constants. @default "train" */
  readonly mode?: "train" | "frozen";
  /** What follows in the same pass, for one bit an element. @default none */
  readonly activation?: "relu" | "relu6";
}

interface Resolved {
  readonly mode: "train" | "frozen";
  readonly epsilon: number;
  readonly momentum: number;
  readonly activation: "relu" | "relu6" | undefined;
  readonly places: ScaleAndShiftPlaces;
}

interface Saved {
  /** Mean (in mode `train`) and 1 / deviation. */
  readonly statistics: Value;
  readonly mask: Value | undefined;
}

const BATCH_NORM: Operation<Resolved, Saved> = {
  name: "batchNorm",
  outputShape(shapes) {
    checkChannels("batchNorm", shapes);
    return shapes[0]!;
  },
  forward(build, call) {
    const { inputs, options, outputShape, needs } = call;
    const { mode, activation } = options;
    const shape = rowsOf(outputShape);
    const { c } = shape;
    const train = mode === "train";
    const [runningMean, runningVariance] = inputs.slice(-2) as [Value, Value];
    const output = build.value(outputShape);
    const label = train ? "mean and deviation" : "deviation";
    const statistics = build.value(train ? [2, c] : [c], { label });
    const count = elementsOf(outputShape);
    const mask =
      activation !== undefined && needs.includes(true)
        ? build.value([activationMaskBytes(count)], { type: "u8", label: "mask" })
        : undefined;
    build.step({
      name: "batchNorm",
      reads: inputs,
      writes: mask ? [output, statistics, mask] : [output, statistics],
      inPlace: { read: inputs[0]!, write: output },
      workspaceBytes: train ? batchNormTrainingWorkspaceBytes(shape) : 0,
      plan(kernels, at, workspace) {
        const spec = {
          ...{ ...shape, x: at(inputs[0]!), y: at(output), epsilon: options.epsilon },
          ...addressesOf(inputs, options.places, at),
          ...(activation && { activation }),
          ...(mask && { mask: at(mask) }),
        };
        const [mean, variance] = [at(runningMean), at(runningVariance)];
        if (!train)
          return planBatchNormFrozen(kernels, { ...spec, mean, variance, rstd: at(statistics) });
        return planBatchNormTraining(kernels, {
          ...{ ...spec, workspace, mean: at(statistics), rstd: at(statistics) + 4 * c },
          ...{ runningMean: mean, runningVariance: variance, momentum: options.momentum },
        });
      },
    });
    return { output, saved: { statistics, mask } };
  },
  backward(build, call) {
    const { inputs, options, needs, gradient } = call;
    const { places, mode } = options;
    const train = mode === "train";
    const shape = rowsOf(gradient.shape);
    const { c } = shape;
    const wants = (place: number): boolean => place > 0 && needs[place]!;
    const dx = needs[0] ? build.value(gradient.shape) : undefined;
    const dscale = wants(places.scale) ? build.value([c]) : undefined;
    const dshift = wants(places.shift) ? build.value([c]) : undefined;
    const x = dscale || (dx && train) ? inputs[0] : undefined;
    const { statistics, mask } = call.saved;
    const runningMean = inputs.at(-2)!;
    const reads = [gradient, x, mask].filter((value) => value !== undefined);
    if (dx || dscale) reads.push(statistics);
    if (dx && places.scale) reads.push(inputs[places.scale]!);
    if (x && !train) reads.push(runningMean);
    build.step({
      name: dx || dscale ? "gradient" : "shift gradient",
      reads,
      writes: [dx, dscale, dshift].filter((value) => value !== undefined),
      ...(dx && { inPlace: { read: gradient, write: dx } }),
      workspaceBytes: batchNormGradientWorkspaceBytes(shape),
      plan: (kernels, at, workspace) =>
        planBatchNormGradient(kernels, {
          ...{ ...shape, dy: at(gradient), workspace, frozen: !train },
          ...((dx || dscale) && { rstd: at(statistics) + (train ? 4 * c : 0) }),
          ...(x && { x: at(x), mean: train ? at(statistics) : at(runningMean) }),
          ...(dx && { dx: at(dx) }),
          ...(dx && places.scale && { gamma: at(inputs[places.scale]!) }),
          ...(mask && { mask: at(mask) }),
          ...(dscale && { dgamma: at(dscale) }),
          ...(dshift && { dbeta: at(dshift) }),
        }),
    });
    return inputs.map((_, i) => {
      if (i === 0) return dx;
      return i === places.scale ? dscale : i === places.shift ? dshift : undefined;
    });
  },
};

function rowsOf(shape: readonly number[]): { rows: number; c: number } {
  const c = shape.at(-1)!;
  return { rows: elementsOf(shape) / c, c };
}

/**
 * Batch normalisation over the last axis (Ioffe and Szegedy, "Batch Normalization", ICML 2015):
 * (x - mean) / sqrt(variance + epsilon) * scale + shift, by channel; x [..., c] and the result have one shape.
 *
 * In mode `train` mean and variance are those of the batch, and every run moves the running statistics
 * towards them. It keeps x and two numbers a channel for the gradients of x and scale; the gradient of shift
 * needs neither. In mode `frozen` the running statistics are constants: the gradient of x keeps one number a
 * channel, that of scale needs x. An `activation` in the same pass saves passes over memory and keeps its
 * mask of one bit an element.
 *
 * @throws ShapeError when scale, shift or statistics are not [c].
 *
 * @example
 * ```ts
 * const y = batchNorm(conv2d(x, weight), {
 *   ...{ scale, shift, runningMean, runningVariance, mode: "train", activation: "relu" },
 * });
 * ```
 */
export function batchNorm(x: Operand, options: BatchNormOptions): Variable {
  const { mode = "train", epsilon = 1e-5, momentum = 0.1, activation } = options;
  const { operands, places } = placeScaleAndShift(options);
  const inputs = [x, ...operands, options.runningMean, options.runningVariance];
  return record(BATCH_NORM, inputs, { mode, epsilon, momentum, activation, places });
}
