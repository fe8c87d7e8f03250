import { EdgewrightError } from "@edgewright/core";
import { checkCounts } from "../../runtime/check-counts.js";
import { createPlan, floatBits, type Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { requireTraining } from "../load-training-kernels.js";

/**
 * An activation of straight pieces: its gradient needs one bit an element.
 *
 * | kind | f(x) | bit | parameters (defaults) |
 * | --- | --- | --- | --- |
 * | `relu` | max(x, 0) | x > 0 | |
 * | `clip` | min(max(x, alpha), beta) | alpha < x < beta | alpha (0), beta (6): ReLU6 |
 * | `leaky-relu` | x > 0 ? x : alpha x | x > 0 | alpha (0.01) |
 * | `hard-sigmoid` | clip(alpha x + beta, 0, 1) | 0 < alpha x + beta < 1 | alpha (1/6), beta (0.5) |
 */
export interface MaskedActivation {
  readonly kind: "relu" | "clip" | "leaky-relu" | "hard-sigmoid";
  /** First parameter. */
  readonly alpha?: number;
  /** Second parameter. */
  readonly beta?: number;
}

/** An activation that keeps a mask, for {@link planMaskedActivation}. */
export interface MaskedActivationSpec extends MaskedActivation {
  /** Address of the operand. */
  readonly x: number;
  /** Address of the result, which may be the operand's; without it only the mask is written. */
  readonly y?: number;
  /** Address of {@link activationMaskBytes} bytes: bit i of the stream belongs to element i. */
  readonly mask: number;
  /** Floats. */
  readonly count: number;
}

/** The backward pass of a {@link MaskedActivation}, for {@link planMaskGradient}. */
export interface MaskGradientSpec extends MaskedActivation {
  /** Address of the result's gradient. */
  readonly dy: number;
  /** Address of the operand's gradient; may be `dy`. */
  readonly dx: number;
  /** Address of the mask. */
  readonly mask: number;
  /** Floats. */
  readonly count: number;
}

const CHUNK = 1024; // as in assembly/training/mask.ts
const GRAIN = 64; // chunks worth a thread's while

/** Bytes of the mask of `count` elements: a bit each, rounded up. */
export function activationMaskBytes(count: number): number {
  return Math.ceil(count / 8);
}

/**
 * Plans an activation together with the 1-bit mask that its gradient needs.
 *
 * The mask of `relu`, `clip` and a `leaky-relu` with alpha > 0 follows from the result as well, so that a
 * product that applied the activation itself gets its mask by a plan without `y` over its result.
 *
 * @throws EdgewrightError `invalid-argument` for an unknown kind or a count below 0, and `unsupported` for
 * kernels without the training extension.
 *
 * @example
 * ```ts
 * const kernels = await loadTrainingKernels();
 * const x = kernels.arena.upload(new Float32Array([-1, 2, -3, 4]));
 * const mask = kernels.arena.allocate(activationMaskBytes(4));
 * const plan = planMaskedActivation(kernels, {
 *   kind: "relu", x: x.ptr, y: x.ptr, mask: mask.ptr, count: 4,
 * });
 * kernels.run(plan);
 * console.log(kernels.arena.f32(x.ptr, 4), kernels.arena.u8(mask.ptr, 1)); // 0, 2, 0, 4; 0b1010
 * ```
 */
export function planMaskedActivation(kernels: Kernels, spec: MaskedActivationSpec): Plan {
  const { x, y = 0, mask, count } = spec;
  requireTraining("planMaskedActivation", kernels);
  checkCounts("planMaskedActivation", { count }, 0);
  const { a, b, low, high, outside } = piecesOf("planMaskedActivation", spec);
  return createPlan(kernels.arena, [
    {
      kernel: "mask_activation_f32",
      params: [x, y, mask, count, ...[a, b, low, high, outside].map(floatBits)],
      units: Math.ceil(count / CHUNK),
      grain: GRAIN,
    },
  ]);
}

/**
 * Plans dx = f'(x) dy for a {@link MaskedActivation} from the mask that {@link planMaskedActivation} wrote.
 * At the kinks the derivative is that of the outer piece (0, or alpha), as in PyTorch.
 *
 * @throws EdgewrightError as {@link planMaskedActivation}.
 */
export function planMaskGradient(kernels: Kernels, spec: MaskGradientSpec): Plan {
  const { dy, dx, mask, count } = spec;
  requireTraining("planMaskGradient", kernels);
  checkCounts("planMaskGradient", { count }, 0);
  const { a, outside } = piecesOf("planMaskGradient", spec);
  return createPlan(kernels.arena, [
    {
      kernel: "mask_gradient_f32",
      params: [dy, dx, mask, count, floatBits(a), floatBits(outside)],
      units: Math.ceil(count / CHUNK),
      grain: GRAIN,
    },
  ]);
}

interface Pieces {
  readonly a: number;
  readonly b: number;
  readonly low: number;
  readonly high: number;
  readonly outside: number;
}

/** With t = a x + b: inside means low < t < high, outside is a factor of t there, or 0 to hold t at the bounds. */
function piecesOf(where: string, { kind, alpha, beta }: MaskedActivation): Pieces {
  const plain = { a: 1, b: 0, low: 0, high: Number.POSITIVE_INFINITY, outside: 0 };
  switch (kind) {
    case "relu":
      return plain;
    case "clip":
      return { ...plain, low: alpha ?? 0, high: beta ?? 6 };
    case "leaky-relu":
      return { ...plain, outside: alpha ?? 0.01 };
    case "hard-sigmoid":
      return { a: alpha ?? 1 / 6, b: beta ?? 0.5, low: 0, high: 1, outside: 0 };
    default:
      throw new EdgewrightError(
        "invalid-argument",
        `${where}: expected one of relu, clip, leaky-relu, hard-sigmoid, got ${JSON.stringify(kind)}`,
      );
  }
}
