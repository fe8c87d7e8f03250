import { EdgewrightError } from "@edgewright/core";
import { checkCounts } from "../../runtime/check-counts.js";
import { createPlan, floatBits, type Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { requireTraining } from "../load-training-kernels.js";

/**
 * Name of an activation whose derivative is computed from its operand or its result; what they are is said
 * at `ActivationKind`.
 *
 * | from the result y | from the operand x |
 * | --- | --- |
 * | `sigmoid`, `tanh`, `exp`, `sqrt`, `reciprocal` | `log`, `square`, `abs`, `softsign`, `hard-swish` (alpha 1/6, beta 0.5), `gelu`, `gelu-tanh`, `silu` (alpha 1), `softplus`, `mish`, `elu` (alpha 1, beta 1), `erf` |
 */
export type DifferentiableActivation =
  | "sigmoid"
  | "tanh"
  | "exp"
  | "sqrt"
  | "reciprocal"
  | "log"
  | "square"
  | "abs"
  | "softsign"
  | "hard-swish"
  | "gelu-tanh"
  | "silu"
  | "softplus"
  | "mish"
  | "elu"
  | "gelu"
  | "erf";

/** The backward pass of an activation, for {@link planActivationGradient}. */
export interface ActivationGradientSpec {
  readonly kind: DifferentiableActivation;
  /** First parameter, by kind. */
  readonly alpha?: number;
  /** Second parameter, by kind. */
  readonly beta?: number;
  /** Address of the result's gradient. */
  readonly dy: number;
  /** Address of the operand, or of the result for the kinds that {@link activationGradientReads} says so of. */
  readonly source: number;
  /** Address of the operand's gradient; may be `dy` or `source`. */
  readonly dx: number;
  /** Floats. */
  readonly count: number;
}

// The order is the number that assembly/training/activation-gradient.ts switches on.
const KINDS = /*@__PURE__*/ (() =>
  [
    "sigmoid",
    "tanh",
    "exp",
    "sqrt",
    "reciprocal",
    "log",
    "square",
    "abs",
    "softsign",
    "hard-swish",
    "gelu-tanh",
    "silu",
    "softplus",
    "mish",
    "elu",
    "gelu",
    "erf",
  ] satisfies DifferentiableActivation[])() as readonly DifferentiableActivation[];

const RECIPROCAL = 4; // the last kind that is computed from the result
const CHUNK = 1024; // as in assembly/training/activation-gradient.ts

/** Whether the derivative of an activation is computed from its operand or from its result. */
export function activationGradientReads(kind: DifferentiableActivation): "operand" | "result" {
  return KINDS.indexOf(kind) <= RECIPROCAL ? "result" : "operand";
}

/**
 * Plans dx = f'(x) dy for an activation.
 *
 * Error at most 2e-6 of the larger of abs f'(x) and 1 (abs f'(x) alone where f' grows without bound), times
 * abs dy. Where f has a kink (`hard-swish`, `elu`), the derivative is that of the right-hand piece, and
 * 0 for `abs`.
 *
 * @throws EdgewrightError `invalid-argument` for an unknown kind or a count below 0, and `unsupported` for
 * kernels without the training extension.
 */
export function planActivationGradient(kernels: Kernels, spec: ActivationGradientSpec): Plan {
  const { dy, source, dx, count } = spec;
  requireTraining("planActivationGradient", kernels);
  checkCounts("planActivationGradient", { count }, 0);
  const kind = KINDS.indexOf(spec.kind);
  if (kind < 0) {
    throw new EdgewrightError(
      "invalid-argument",
      `planActivationGradient: expected one of ${KINDS.join(", ")}, got ${JSON.stringify(spec.kind)}`,
    );
  }
  const hard = spec.kind === "hard-swish";
  const alpha = spec.alpha ?? (hard ? 1 / 6 : 1);
  const beta = spec.beta ?? (hard ? 0.5 : 1);
  return createPlan(kernels.arena, [
    {
      kernel: "activation_gradient_f32",
      params: [dy, source, dx, count, kind, floatBits(alpha), floatBits(beta)],
      units: Math.ceil(count / CHUNK),
      grain: 8,
    },
  ]);
}
