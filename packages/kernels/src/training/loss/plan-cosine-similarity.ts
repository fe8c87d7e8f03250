import { EdgewrightError } from "@edgewright/core";
import { checkCounts } from "../../runtime/check-counts.js";
import { createPlan, floatBits, type JobSpec, type Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { checkExtents } from "../check-extents.js";
import { requireTraining } from "../load-training-kernels.js";
import { type Upstream, upstreamStep } from "./upstream.js";

/** What both passes of a cosine similarity know. */
export interface CosineShape {
  /** Address of the first matrix, [rows, cols]. */
  readonly a: number;
  /** Address of the second matrix, [rows, cols]. */
  readonly b: number;
  readonly rows: number;
  readonly cols: number;
  /** Norms below it count as it, so that a row of zeros has similarity 0. @default 1e-8 */
  readonly epsilon?: number;
}

/** A cosine similarity for {@link planCosineSimilarity}. */
export interface CosineSimilaritySpec extends CosineShape {
  /** Address of the cosine of every row, [rows]. */
  readonly cosines: number;
  /** Address of the loss, one float: 1 minus the mean of the cosines. @default not computed */
  readonly loss?: number;
}

/** The backward pass of a cosine similarity, for {@link planCosineGradient}. */
export interface CosineGradientSpec extends CosineShape, Upstream {
  /** Address of the gradient of `a`; may be `a`. @default not computed */
  readonly da?: number;
  /** Address of the gradient of `b`; may be `b`. @default not computed */
  readonly db?: number;
  /** What the upstream gradient belongs to: the loss, or the cosines. @default "loss" */
  readonly of?: "loss" | "cosines";
}

/**
 * Plans a.b / (|a| |b|) for the rows of two matrices, and the loss 1 - mean. Sums are taken in 64 bits.
 *
 * @throws ShapeError for sizes that are no whole numbers.
 * @throws EdgewrightError `invalid-argument` for an epsilon that is not above 0, and `unsupported` for
 * kernels without the training extension.
 */
export function planCosineSimilarity(kernels: Kernels, spec: CosineSimilaritySpec): Plan {
  const { a, b, rows, cols, cosines, loss } = spec;
  const epsilon = checkShape("planCosineSimilarity", kernels, spec);
  const jobs: JobSpec[] = [
    {
      kernel: "cosine_f32",
      params: [a, b, cosines, cols, floatBits(epsilon)],
      units: rows,
      grain: Math.max(1, Math.ceil(8192 / Math.max(1, cols))),
    },
  ];
  if (loss !== undefined) {
    jobs.push({
      kernel: "finish_loss",
      params: [cosines, rows, loss, floatBits(-1 / Math.max(1, rows)), floatBits(1), 0],
      units: 1,
    });
  }
  return createPlan(kernels.arena, jobs);
}

/**
 * Plans the gradients of {@link planCosineSimilarity}: b / (|a| |b|) - cosine a / |a|^2 times the upstream
 * gradient for a, and the same with both exchanged for b. A row shorter than epsilon has the first term only.
 *
 * @throws ShapeError and EdgewrightError as {@link planCosineSimilarity}.
 */
export function planCosineGradient(kernels: Kernels, spec: CosineGradientSpec): Plan {
  const { a, b, rows, cols, da = 0, db = 0, upstream, of = "loss" } = spec;
  const epsilon = checkShape("planCosineGradient", kernels, spec);
  const factor = of === "loss" ? -1 / Math.max(1, rows) : 1;
  return createPlan(kernels.arena, [
    {
      kernel: "cosine_gradient_f32",
      params: [
        ...[a, b, da, db, cols, floatBits(epsilon)],
        ...[upstream, upstreamStep(spec), floatBits(factor)],
      ],
      units: rows,
      grain: Math.max(1, Math.ceil(8192 / Math.max(1, cols))),
    },
  ]);
}

function checkShape(where: string, kernels: Kernels, spec: CosineShape): number {
  const { rows, cols, epsilon = 1e-8 } = spec;
  requireTraining(where, kernels);
  checkCounts(where, { rows, cols }, 0);
  checkExtents(where, { a: [rows, cols] });
  if (!(epsilon > 0)) {
    throw new EdgewrightError(
      "invalid-argument",
      `${where}: expected epsilon above 0, got ${epsilon}`,
    );
  }
  return epsilon;
}
