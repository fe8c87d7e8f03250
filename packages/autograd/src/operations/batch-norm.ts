import { ShapeError } from "@edgewright/core";
import {
  activationMaskBytes,
  batchNormGradientWorkspaceBytes,
  batchNormTrainingWorkspaceBytes,
  planBatchNormFrozen,
  planBatchNormGradient,
  planBatchNormTraining,
} from "@edgewright/kernels/training";
import type { Operation, ProgramBuilder } from "../engine/operation.js";
import { type Operand, record, type Variable } from "../engine/tape.js";
import { elementsOf, type Value } from "../engine/value.js";

/** Options of {@link batchNorm}. */
export interface BatchNormOptions {
  /** Factors, [c]: a parameter. */
  readonly scale: Operand;
  /** Shifts, [c]: a parameter. */
  readonly shift: Operand;
  /** Parameters with `trainable: false`, [c]: read when frozen, updated in training. */
  readonly runningMean: Operand;
  readonly runningVariance: Operand;
  /**
   * `train` normalises by the statistics of the batch and updates the running ones; `frozen` normalises by
   * the running ones. @default "train"
   */
  readonly mode?: "train" | "frozen";
  /** Weight of the batch in the running statistics: new = (1 - momentum) old + momentum batch. @default 0.1 */
  readonly momentum?: number;
  /** Added to the variance. @default 1e-5 */
  readonly epsilon?: number;
  /** Follows in the same pass; keeps its one bit an element. @default none */
  readonly activation?: "relu" | "relu6";
}

type Settings = Pick<BatchNormOptions, "mode" | "momentum" | "epsilon" | "activation">;

interface Saved {
  readonly mean: Value;
  readonly rstd: Value;
  readonly mask: Value | undefined;
}

const BATCH_NORM: Operation<Settings, Saved> = {
  name: "batchNorm",
  outputShape([x, ...vectors]) {
    const c = x!.at(-1);
    if (x!.length < 2 || vectors.some((vector) => vector.length !== 1 || vector[0] !== c)) {
      throw new ShapeError(
        `batchNorm: expected x [..., c] and scale, shift, running mean and running variance of [c], got ` +
          `[${x}] and ${vectors.map((vector) => `[${vector}]`).join(", ")}`,
      );
    }
    return x!;
  },
  forward(build, { inputs, options, outputShape, needs }) {
    const [x, gamma, beta, runningMean, runningVariance] = inputs as [
      Value,
      Value,
      Value,
      Value,
      Value,
    ];
    const { mode = "train", epsilon, momentum, activation } = options;
    const shape = rowsOf(x);
    const output = build.value(outputShape);
    const rstd = build.value([shape.c], { label: "deviation" });
    const keepsMask = activation !== undefined && needs.some(Boolean);
    const mask = keepsMask ? maskFor(build, x) : undefined;
    const settings = {
      ...(epsilon !== undefined && { epsilon }),
      ...(activation !== undefined && { activation }),
    };
    const step = {
      name: "batchNorm",
      reads: [x, gamma, beta, runningMean, runningVariance],
      inPlace: { read: x, write: output },
    };
    const common = (at: (value: Value) => number) => ({
      ...shape,
      ...settings,
      x: at(x),
      y: at(output),
      gamma: at(gamma),
      beta: at(beta),
      rstd: at(rstd),
      ...(mask && { mask: at(mask) }),
    });
    if (mode === "frozen") {
      build.step({
        ...step,
        writes: mask ? [output, rstd, mask] : [output, rstd],
        plan: (kernels, at) =>
          planBatchNormFrozen(kernels, {
            ...common(at),
            mean: at(runningMean),
            variance: at(runningVariance),
          }),
      });
      return { output, saved: { mean: runningMean, rstd, mask } };
    }
    const mean = build.value([shape.c], { label: "mean" });
    build.step({
      ...step,
      writes: mask ? [output, mean, rstd, mask] : [output, mean, rstd],
      workspaceBytes: batchNormTrainingWorkspaceBytes(shape),
      plan: (kernels, at, workspace) =>
        planBatchNormTraining(kernels, {
          ...common(at),
          ...(momentum !== undefined && { momentum }),
          mean: at(mean),
          runningMean: at(runningMean),
          runningVariance: at(runningVariance),
          workspace,
        }),
    });
    return { output, saved: { mean, rstd, mask } };
  },
  backward(build, { inputs, saved, gradient, options, needs }) {
    const [x, gamma] = inputs as [Value, Value];
    const { mean, rstd, mask } = saved;
    const frozen = options.mode === "frozen";
    const shape = rowsOf(x);
    const dx = needs[0] ? build.value(x.shape) : undefined;
    const dgamma = needs[1] ? build.value([shape.c]) : undefined;
    const dbeta = needs[2] ? build.value([shape.c]) : undefined;
    const readsX = dgamma !== undefined || (dx !== undefined && !frozen);
    build.step({
      name: frozen && !readsX && dx === undefined ? "shift gradient" : "gradient",
      reads: [gradient, rstd, gamma, ...(mask ? [mask] : []), ...(readsX ? [x, mean] : [])],
      writes: [dx, dgamma, dbeta].filter((value) => value !== undefined),
      ...(dx && { inPlace: { read: gradient, write: dx } }),
      workspaceBytes: batchNormGradientWorkspaceBytes(shape),
      plan: (kernels, at, workspace) =>
        planBatchNormGradient(kernels, {
          ...shape,
          frozen,
          dy: at(gradient),
          rstd: at(rstd),
          gamma: at(gamma),
          ...(mask && { mask: at(mask) }),
          ...(readsX && { x: at(x), mean: at(mean) }),
          ...(dx && { dx: at(dx) }),
          ...(dgamma && { dgamma: at(dgamma) }),
          ...(dbeta && { dbeta: at(dbeta) }),
          workspace,
        }),
    });
    return [dx, dgamma, dbeta, undefined, undefined];
  },
};

function rowsOf({ shape }: Value): { rows: number; c: number } {
  const c = shape.at(-1)!;
  return { rows: elementsOf(shape) / c, c };
}

function maskFor(build: ProgramBuilder, { shape }: Value): Value {
  return build.value([activationMaskBytes(elementsOf(shape))], { type: "u8", label: "mask" });
}

/**
 * Normalises every channel of x [..., c] to mean 0 and variance 1 over all else, then scales and shifts
 * (Ioffe and Szegedy, 2015, arXiv:1502.03167).
 *
 * In training it keeps x, its mean and its deviation for the backward pass. Frozen it keeps x only where the
 * scale is trained; the gradients of x and of the shift need nothing. The running variance is the unbiased
 * one, as in PyTorch.
 *
 * @throws ShapeError when the vectors are not of [c].
 *
 * @example
 * ```ts
 * const y = batchNorm(x, { scale, shift, runningMean, runningVariance, mode: "train" });
 * ```
 */
export function batchNorm(x: Operand, options: BatchNormOptions): Variable {
  const { scale, shift, runningMean, runningVariance, ...settings } = options;
  return record(BATCH_NORM, [x, scale, shift, runningMean, runningVariance], settings);
}
