import { EdgewrightError } from "@edgewright/core";
import { checkCounts } from "../../runtime/check-counts.js";
import { createPlan, floatBits, type JobSpec, type Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { checkExtents } from "../check-extents.js";
import { requireTraining } from "../load-training-kernels.js";
import { checkReduction, type LossReduction, type Upstream, upstreamStep } from "./upstream.js";

/** What both passes of a loss against distributions know. */
export interface SoftCrossEntropyShape {
  /** Address of the logits that are trained, [rows, classes]. */
  readonly logits: number;
  /** Address of the target of every row, [rows, classes]. */
  readonly targets: number;
  /** What the targets are: a distribution, or logits (a teacher's) to take the softmax of. @default "probabilities" */
  readonly targetKind?: "probabilities" | "logits";
  /**
   * Kullback-Leibler divergence KL(p || q) = sum p (ln p - ln q) instead of the cross-entropy sum p (-ln q):
   * the same gradient, and 0 where the distributions agree. @default false
   */
  readonly divergence?: boolean;
  /**
   * Divides the logits (and the targets' where they are logits) before the softmax; the loss is multiplied by
   * its square, so that the gradient keeps its size (Hinton et al. 2015, arXiv:1503.02531, section 2).
   *
   * @default 1
   */
  readonly temperature?: number;
  /**
   * Address of {@link softCrossEntropyStatisticsBytes} bytes, which the forward pass writes and the backward
   * pass reads.
   */
  readonly statistics: number;
  readonly rows: number;
  readonly classes: number;
  /** @default "mean": over the rows */
  readonly reduction?: LossReduction;
}

/** A loss against distributions for {@link planSoftCrossEntropy}. */
export interface SoftCrossEntropySpec extends SoftCrossEntropyShape {
  /**
   * Address of the loss of every row before the square of the temperature, [rows]: scratch unless the
   * reduction is "none".
   */
  readonly rowLosses: number;
  /** Address of the loss, one float. @default not written; needed unless the reduction is "none" */
  readonly loss?: number;
}

/** The backward pass of a loss against distributions, for {@link planSoftCrossEntropyGradient}. */
export interface SoftCrossEntropyGradientSpec extends SoftCrossEntropyShape, Upstream {
  /** Address of the gradient of the logits; may be `logits` or `targets`. */
  readonly dlogits: number;
}

const FROM_LOGITS = 1; // as in assembly/training/soft-cross-entropy.ts
const DIVERGENCE = 2;

/** Bytes that {@link planSoftCrossEntropy} hands to its backward pass. */
export function softCrossEntropyStatisticsBytes(rows: number): number {
  return 16 * rows;
}

/**
 * Plans the cross-entropy of softmax(logits / T) against a distribution for each row, or its divergence from
 * it, times T^2. Classes of probability 0 add nothing. The sum over rows is taken in 64 bits and in order.
 *
 * @throws ShapeError for sizes that are no whole numbers.
 * @throws EdgewrightError `invalid-argument` for a temperature that is not above 0 or a missing `loss`, and
 * `unsupported` for kernels without the training extension.
 */
export function planSoftCrossEntropy(kernels: Kernels, spec: SoftCrossEntropySpec): Plan {
  const { logits, targets, statistics, rows, classes, rowLosses, loss } = spec;
  const { temperature, flags, reduction } = checkShape("planSoftCrossEntropy", kernels, spec);
  const jobs: JobSpec[] = [
    {
      kernel: "soft_cross_entropy_f32",
      params: [
        ...[logits, targets, rowLosses, statistics, classes, floatBits(1 / temperature), flags],
      ],
      units: rows,
      grain: Math.max(1, Math.ceil(2048 / classes)),
    },
  ];
  if (reduction !== "none") {
    if (loss === undefined) {
      throw new EdgewrightError(
        "invalid-argument",
        `planSoftCrossEntropy: reduction "${reduction}" needs the address of the loss`,
      );
    }
    const factor = lossFactor(temperature, reduction, rows);
    jobs.push({
      kernel: "finish_loss",
      params: [rowLosses, rows, loss, floatBits(factor), floatBits(0), 0],
      units: 1,
    });
  }
  return createPlan(kernels.arena, jobs);
}

/**
 * Plans the gradient of {@link planSoftCrossEntropy} by the logits, T (q sum p - p) times the upstream
 * gradient; the targets are taken as given and get none. With reduction "none" it is the gradient of T^2
 * times the rows' losses.
 *
 * @throws ShapeError and EdgewrightError as {@link planSoftCrossEntropy}.
 */
export function planSoftCrossEntropyGradient(
  kernels: Kernels,
  spec: SoftCrossEntropyGradientSpec,
): Plan {
  const { logits, targets, statistics, rows, classes, dlogits, upstream } = spec;
  const { temperature, flags, reduction } = checkShape(
    "planSoftCrossEntropyGradient",
    kernels,
    spec,
  );
  const factor = lossFactor(temperature, reduction, rows) / temperature;
  return createPlan(kernels.arena, [
    {
      kernel: "soft_cross_entropy_gradient_f32",
      params: [
        ...[logits, targets, dlogits, statistics, classes, floatBits(1 / temperature), flags],
        ...[upstream, upstreamStep(spec), floatBits(factor)],
      ],
      units: rows,
      grain: Math.max(1, Math.ceil(2048 / classes)),
    },
  ]);
}

function lossFactor(temperature: number, reduction: LossReduction, rows: number): number {
  return temperature ** 2 / (reduction === "mean" ? Math.max(1, rows) : 1);
}

function checkShape(
  where: string,
  kernels: Kernels,
  spec: SoftCrossEntropyShape,
): { temperature: number; flags: number; reduction: LossReduction } {
  const { rows, classes, temperature = 1, reduction = "mean" } = spec;
  requireTraining(where, kernels);
  checkCounts(where, { rows }, 0);
  checkCounts(where, { classes }, 1);
  checkExtents(where, { logits: [rows, classes] });
  if (!(temperature > 0 && Number.isFinite(temperature))) {
    throw new EdgewrightError(
      "invalid-argument",
      `${where}: expected a temperature above 0, got ${temperature}`,
    );
  }
  checkReduction(where, reduction);
  const flags =
    (spec.targetKind === "logits" ? FROM_LOGITS : 0) | (spec.divergence ? DIVERGENCE : 0);
  return { temperature, flags, reduction };
}
