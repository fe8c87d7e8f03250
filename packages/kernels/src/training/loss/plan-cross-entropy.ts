import { EdgewrightError, ValidationError } from "@edgewright/core";
import { checkCounts } from "../../runtime/check-counts.js";
import { createPlan, floatBits, type JobSpec, type Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { checkExtents } from "../check-extents.js";
import { requireTraining } from "../load-training-kernels.js";
import { checkReduction, type LossReduction, type Upstream, upstreamStep } from "./upstream.js";

/** What both passes of a cross-entropy against labels know. */
export interface CrossEntropyShape {
  /** Address of the logits, [rows, classes]. */
  readonly logits: number;
  /** Address of the labels, i32 [rows]. */
  readonly labels: number;
  /**
   * Address of {@link crossEntropyStatisticsBytes} bytes, which the forward pass writes and the backward
   * pass reads.
   */
  readonly statistics: number;
  readonly rows: number;
  readonly classes: number;
  /** Rows of this label count nothing. @default -100 */
  readonly ignoreIndex?: number;
  /** Share of the target that all classes get alike, from 0 to 1. @default 0 */
  readonly labelSmoothing?: number;
  /** Address of a weight for each class, [classes]. @default 1 each */
  readonly classWeights?: number;
  /** @default "mean": over the weights of the rows that count */
  readonly reduction?: LossReduction;
}

/** A cross-entropy for {@link planCrossEntropy}. */
export interface CrossEntropySpec extends CrossEntropyShape {
  /** Address of the loss of every row, [rows]: scratch unless the reduction is "none". */
  readonly rowLosses: number;
  /** Address of the loss, one float. @default not written; needed unless the reduction is "none" */
  readonly loss?: number;
}

/** The backward pass of a cross-entropy, for {@link planCrossEntropyGradient}. */
export interface CrossEntropyGradientSpec extends CrossEntropyShape, Upstream {
  /** Address of the gradient of the logits; may be `logits`. */
  readonly dlogits: number;
}

/** A {@link planCrossEntropy} that can say what was wrong with the labels. */
export interface CrossEntropyPlan extends Plan {
  /** Labels of the last run that were neither a class nor `ignoreIndex`; not counted for reduction "none". */
  countInvalidLabels(): number;
  /** @throws ValidationError naming the first label that is none, if the last run had one. */
  checkLabels(): void;
}

const HEADER = 16; // bytes: divisor, how many labels are none

/** Bytes that {@link planCrossEntropy} hands to its backward pass. */
export function crossEntropyStatisticsBytes(rows: number): number {
  return HEADER + 8 * rows;
}

/**
 * Plans the cross-entropy of logits against labels: with s the smoothing, C classes and w their weights, a row's
 * loss is (1 - s) w[label] (-ln p[label]) + s/C sum of w (-ln p) where p = softmax(logits), as in PyTorch.
 *
 * The sum over rows is taken in 64 bits and in order. A label that is no class reads nothing outside of memory:
 * it makes the loss NaN (so that a training loop stops) and is counted, see {@link CrossEntropyPlan}. When
 * every row is ignored the loss and its gradient are 0.
 *
 * @throws ShapeError for sizes that are no whole numbers.
 * @throws EdgewrightError `invalid-argument` for a smoothing outside of [0, 1] or a missing `loss`, and
 * `unsupported` for kernels without the training extension.
 *
 * @example
 * ```ts
 * const kernels = await loadTrainingKernels();
 * const { arena } = kernels;
 * const logits = arena.upload(new Float32Array([2, 0, 0, 0, 1, 0]));
 * const labels = arena.upload(new Int32Array([0, 1]));
 * const statistics = arena.allocate(crossEntropyStatisticsBytes(2));
 * const results = arena.allocate(12);
 * const plan = planCrossEntropy(kernels, {
 *   logits: logits.ptr, labels: labels.ptr, statistics: statistics.ptr, rows: 2, classes: 3,
 *   loss: results.ptr, rowLosses: results.ptr + 4,
 * });
 * kernels.run(plan);
 * console.log(arena.f32(results.ptr, 1)[0]); // 0.3956
 * ```
 */
export function planCrossEntropy(kernels: Kernels, spec: CrossEntropySpec): CrossEntropyPlan {
  const { logits, labels, statistics, rows, classes, rowLosses, loss } = spec;
  const { ignoreIndex, labelSmoothing, classWeights, reduction } = checkShape(
    "planCrossEntropy",
    kernels,
    spec,
  );
  const jobs: JobSpec[] = [
    {
      kernel: "cross_entropy_f32",
      params: [
        ...[logits, labels, rowLosses, statistics + HEADER, classes, ignoreIndex],
        ...[floatBits(labelSmoothing), classWeights],
      ],
      units: rows,
      grain: Math.max(1, Math.ceil(4096 / classes)),
    },
  ];
  if (reduction !== "none") {
    if (loss === undefined) {
      throw new EdgewrightError(
        "invalid-argument",
        `planCrossEntropy: reduction "${reduction}" needs the address of the loss`,
      );
    }
    jobs.push({
      kernel: "finish_loss",
      params: [
        ...[rowLosses, rows, loss, floatBits(1), floatBits(0), labels, ignoreIndex, classes],
        ...[classWeights, statistics, reduction === "mean" ? 1 : 0],
      ],
      units: 1,
    });
  }
  const plan = createPlan(kernels.arena, jobs);
  const countInvalidLabels = (): number =>
    reduction === "none" ? 0 : kernels.arena.i32(statistics + 4, 1)[0]!;
  return {
    ...plan,
    countInvalidLabels,
    checkLabels() {
      if (countInvalidLabels() === 0) return;
      const given = kernels.arena.i32(labels, rows);
      const at = given.findIndex(
        (label) => label !== ignoreIndex && (label < 0 || label >= classes),
      );
      throw new ValidationError(
        `planCrossEntropy: expected labels from 0 to ${classes - 1} (or ${ignoreIndex} for rows to ignore), ` +
          (at < 0 ? "got another before they were overwritten" : `got ${given[at]} in row ${at}`),
      );
    },
  };
}

/**
 * Plans the gradient of {@link planCrossEntropy} by the logits: softmax minus the smoothed target, times the
 * upstream gradient and the row's weight over all weights. Rows that are ignored get 0, rows whose label is
 * none get NaN.
 *
 * @throws ShapeError and EdgewrightError as {@link planCrossEntropy}.
 */
export function planCrossEntropyGradient(kernels: Kernels, spec: CrossEntropyGradientSpec): Plan {
  const { logits, labels, statistics, rows, classes, dlogits, upstream } = spec;
  const { ignoreIndex, labelSmoothing, classWeights, reduction } = checkShape(
    "planCrossEntropyGradient",
    kernels,
    spec,
  );
  return createPlan(kernels.arena, [
    {
      kernel: "cross_entropy_gradient_f32",
      params: [
        ...[logits, labels, dlogits, statistics + HEADER, classes, ignoreIndex],
        ...[floatBits(labelSmoothing), classWeights, upstream, upstreamStep(spec)],
        reduction === "none" ? 0 : statistics,
      ],
      units: rows,
      grain: Math.max(1, Math.ceil(4096 / classes)),
    },
  ]);
}

function checkShape(
  where: string,
  kernels: Kernels,
  spec: CrossEntropyShape,
): Required<
  Pick<CrossEntropyShape, "ignoreIndex" | "labelSmoothing" | "classWeights" | "reduction">
> {
  const { rows, classes, labelSmoothing = 0, ignoreIndex = -100 } = spec;
  requireTraining(where, kernels);
  checkCounts(where, { rows }, 0);
  checkCounts(where, { classes }, 1);
  checkExtents(where, { logits: [rows, classes] });
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
    throw new EdgewrightError(
      "invalid-argument",
      `${where}: expected labelSmoothing from 0 to 1, got ${labelSmoothing}`,
    );
  }
  if (ignoreIndex !== (ignoreIndex | 0)) {
    throw new EdgewrightError(
      "invalid-argument",
      `${where}: expected ignoreIndex to be a whole number of 32 bits, got ${ignoreIndex}`,
    );
  }
  const { classWeights = 0, reduction = "mean" } = spec;
  checkReduction(where, reduction);
  return { ignoreIndex, labelSmoothing, classWeights, reduction };
}
