import { checkCounts } from "../../runtime/check-counts.js";
import { createPlan, floatBits, type Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { requireTraining } from "../load-training-kernels.js";

/** What both passes of a squared error know. */
export interface SquaredErrorShape {
  /** Address of the first operand. */
  readonly x: number;
  /** Address of the second operand. */
  readonly target: number;
  /** Floats of each. */
  readonly count: number;
  /** @default "mean": over the elements */
  readonly reduction?: "mean" | "sum";
}

/** A squared error for {@link planSquaredError}. */
export interface SquaredErrorSpec extends SquaredErrorShape {
  /** Address of the loss, one float. */
  readonly loss: number;
  /** Address of {@link squaredErrorWorkspaceBytes} bytes. */
  readonly workspace: number;
}

/** The backward pass of a squared error, for {@link planSquaredErrorGradient}. */
export interface SquaredErrorGradientSpec extends SquaredErrorShape {
  /** Address of the loss's gradient, one float. */
  readonly upstream: number;
  /** Address of the gradient of `x`; may be `x` or `target`. */
  readonly dx: number;
  /** The gradient by `target` instead: the same with the other sign. @default false */
  readonly ofTarget?: boolean;
}

/** Scaling by a number in memory, for {@link planScale}. */
export interface ScaleSpec {
  /** Address of the operand. */
  readonly x: number;
  /** Address of the result; may be the operand's. */
  readonly y: number;
  /** Floats. */
  readonly count: number;
  /** Address of the factor, one float. */
  readonly scalar: number;
  /** Multiplies the factor. @default 1 */
  readonly factor?: number;
}

const CHUNK = 4096; // as in assembly/training/squares.ts
const GRAIN = 8;

/** Bytes of scratch for {@link planSquaredError}. */
export function squaredErrorWorkspaceBytes(count: number): number {
  return 8 * Math.ceil(count / CHUNK);
}

/**
 * Plans the mean (or sum) of (x - target)^2, summed in 64 bits in a fixed order.
 *
 * @throws ShapeError for a count that is no whole number.
 * @throws UnsupportedError for kernels without the training extension.
 */
export function planSquaredError(kernels: Kernels, spec: SquaredErrorSpec): Plan {
  const { x, target, count, loss, workspace } = spec;
  requireTraining("planSquaredError", kernels);
  checkCounts("planSquaredError", { count }, 0);
  const chunks = Math.ceil(count / CHUNK);
  return createPlan(kernels.arena, [
    { kernel: "squares_f64", params: [x, target, workspace, count], units: chunks, grain: GRAIN },
    {
      kernel: "add_partials",
      params: [workspace, chunks, 0, loss, floatBits(meanFactor(spec))],
      units: 1,
    },
  ]);
}

/**
 * Plans the gradient of {@link planSquaredError}: 2 (x - target) times the upstream gradient, over the count
 * for a mean.
 *
 * @throws ShapeError and UnsupportedError as {@link planSquaredError}.
 */
export function planSquaredErrorGradient(kernels: Kernels, spec: SquaredErrorGradientSpec): Plan {
  const { x, target, count, upstream, dx, ofTarget = false } = spec;
  requireTraining("planSquaredErrorGradient", kernels);
  checkCounts("planSquaredErrorGradient", { count }, 0);
  const factor = (ofTarget ? -2 : 2) * meanFactor(spec);
  return scaledDifference(kernels, [x, target, dx, count, upstream], factor);
}

/**
 * Plans y = scalar factor x, where the scalar is read from memory at every run.
 *
 * @throws ShapeError for a count that is no whole number.
 * @throws UnsupportedError for kernels without the training extension.
 */
export function planScale(kernels: Kernels, spec: ScaleSpec): Plan {
  const { x, y, count, scalar, factor = 1 } = spec;
  requireTraining("planScale", kernels);
  checkCounts("planScale", { count }, 0);
  return scaledDifference(kernels, [x, 0, y, count, scalar], factor);
}

function meanFactor({ count, reduction = "mean" }: SquaredErrorShape): number {
  return reduction === "mean" ? 1 / Math.max(1, count) : 1;
}

function scaledDifference(
  kernels: Kernels,
  words: readonly [x: number, target: number, y: number, count: number, scalar: number],
  factor: number,
): Plan {
  return createPlan(kernels.arena, [
    {
      kernel: "scale_difference_f32",
      params: [...words, floatBits(factor)],
      units: Math.ceil(words[3] / CHUNK),
      grain: GRAIN,
    },
  ]);
}
