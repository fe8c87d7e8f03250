import { ShapeError } from "@edgewright/core";
import { createPlan, type Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { requireTraining } from "../load-training-kernels.js";
import { type PoolShape, poolWords } from "./pool-shape.js";

/** A max pooling that remembers its maxima, for {@link planMaxPoolTraining}. */
export interface MaxPoolTrainingSpec extends PoolShape {
  /** Address of the operand, [n, h, w, c]. */
  readonly x: number;
  /** Address of the result, [n, oh, ow, c]; not the operand's. */
  readonly y: number;
  /** Address of a byte for every element of the result: the maximum's position ky kw + kx in its window. */
  readonly argmax: number;
}

/**
 * Plans max pooling of [n, h, w, c] that keeps where each maximum was. Padding never wins; of equal elements
 * the first does.
 *
 * @throws ShapeError for sizes out of range, a window of more than 256 elements, and windows that lie wholly
 * in the padding.
 */
export function planMaxPoolTraining(kernels: Kernels, spec: MaxPoolTrainingSpec): Plan {
  const where = "planMaxPoolTraining";
  requireTraining(where, kernels);
  const { n, c, oh, ow, kernel } = spec;
  const [kh, kw] = kernel;
  if (kh * kw > 256) {
    throw new ShapeError(
      `${where}: a window of [${kh}, ${kw}] has more positions than the 256 that fit into a byte`,
    );
  }
  return createPlan(kernels.arena, [
    {
      kernel: "max_pool_argmax_f32",
      params: [spec.x, spec.y, ...poolWords(where, spec), spec.argmax],
      units: n * oh,
      grain: Math.ceil(32768 / (ow * c * kh * kw)),
    },
  ]);
}
