import { EdgewrightError } from "@edgewright/core";
import { floatBits } from "../runtime/job.js";

/**
 * Name of an elementwise function.
 *
 * | kind | f(x) | alpha (default) | beta (default) |
 * | --- | --- | --- | --- |
 * | `identity` | x | | |
 * | `relu` | max(x, 0) | | |
 * | `clip` | min(max(x, alpha), beta) | -infinity | infinity |
 * | `leaky-relu` | max(x < 0 ? alpha x : x, beta) | 0.01 | -infinity |
 * | `hard-sigmoid` | clip(alpha x + beta, 0, 1) | 0.2 | 0.5 |
 * | `hard-swish` | x clip(alpha x + beta, 0, 1) | 1/6 | 0.5 |
 * | `sigmoid` | 1 / (1 + e^-x) | | |
 * | `silu` | x sigmoid(alpha x) | 1 | |
 * | `tanh` | tanh x | | |
 * | `gelu-tanh` | x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) | | |
 * | `erf` | erf x | | |
 * | `gelu` | x/2 (1 + erf(x / sqrt 2)) | | |
 * | `exp` | e^x, 0 below 2.4e-38 | | |
 * | `elu` | x < 0 ? alpha (e^(beta x) - 1) : x; CELU with beta = 1 / alpha | 1 | 1 |
 * | `selu` | beta (x < 0 ? alpha (e^x - 1) : x) | 1.6732632 | 1.0507010 |
 * | `softplus` | ln(1 + e^x) | | |
 * | `mish` | x tanh(softplus x) | | |
 * | `softsign` | x / (1 + abs x) | | |
 * | `thresholded-relu` | x > alpha ? x : 0 | 1 | |
 * | `log`, `sqrt`, `reciprocal`, `neg`, `abs`, `floor`, `ceil`, `sign`, `square`, `expm1` | as named | | |
 * | `round` | nearest whole number, halves to even | | |
 */
export type ActivationKind =
  | "identity"
  | "relu"
  | "clip"
  | "leaky-relu"
  | "hard-sigmoid"
  | "hard-swish"
  | "sigmoid"
  | "silu"
  | "tanh"
  | "gelu-tanh"
  | "erf"
  | "gelu"
  | "exp"
  | "elu"
  | "selu"
  | "softplus"
  | "mish"
  | "softsign"
  | "thresholded-relu"
  | "log"
  | "sqrt"
  | "reciprocal"
  | "neg"
  | "abs"
  | "floor"
  | "ceil"
  | "round"
  | "sign"
  | "square"
  | "expm1";

/**
 * An elementwise function y = scale * f(x) + shift, which kernels apply to a result before it leaves
 * the cache: after bias and residual.
 *
 * Relative error at most 1e-6 against exact arithmetic where the result is 3e-36 or more (below, it may
 * be 0); for `gelu`, `gelu-tanh` and `hard-swish` 1e-6 of abs x. A NaN stays a NaN.
 */
export interface Activation {
  readonly kind: ActivationKind;
  /** First parameter, by kind: see {@link ActivationKind}. */
  readonly alpha?: number;
  /** Second parameter, by kind: see {@link ActivationKind}. */
  readonly beta?: number;
  /** Factor on the result. @default 1 */
  readonly scale?: number;
  /** Added to the result. @default 0 */
  readonly shift?: number;
}

// The order is the number that assembly/activation.ts switches on.
const KINDS = /*@__PURE__*/ (() =>
  [
    "identity",
    "relu",
    "clip",
    "leaky-relu",
    "hard-sigmoid",
    "hard-swish",
    "sigmoid",
    "silu",
    "exp",
    "softplus",
    "mish",
    "elu",
    "selu",
    "expm1",
    "tanh",
    "gelu-tanh",
    "erf",
    "gelu",
    "log",
    "softsign",
    "thresholded-relu",
    "sqrt",
    "reciprocal",
    "neg",
    "abs",
    "floor",
    "ceil",
    "round",
    "sign",
    "square",
  ] satisfies ActivationKind[])() as readonly ActivationKind[];

/**
 * The five argument words of an activation: kind, alpha, beta, scale, shift.
 *
 * @throws EdgewrightError `invalid-argument` for a kind that does not exist.
 */
export function activationWords(
  activation: Activation = { kind: "identity" },
): [kind: number, alpha: number, beta: number, scale: number, shift: number] {
  const kind = KINDS.indexOf(activation.kind);
  if (kind < 0) {
    throw new EdgewrightError(
      "invalid-argument",
      `activation: expected one of ${KINDS.join(", ")}, got ${JSON.stringify(activation.kind)}`,
    );
  }
  const [alpha, beta] = defaultParameters(activation.kind);
  return [
    kind,
    floatBits(activation.alpha ?? alpha),
    floatBits(activation.beta ?? beta),
    floatBits(activation.scale ?? 1),
    floatBits(activation.shift ?? 0),
  ];
}

/** Whether an activation leaves every value as it is. */
export function isIdentityActivation(activation?: Activation): boolean {
  return (
    activation === undefined ||
    (activation.kind === "identity" &&
      (activation.scale ?? 1) === 1 &&
      (activation.shift ?? 0) === 0)
  );
}

function defaultParameters(kind: ActivationKind): [alpha: number, beta: number] {
  switch (kind) {
    case "clip":
      return [-Infinity, Infinity];
    case "leaky-relu":
      return [0.01, -Infinity];
    case "hard-sigmoid":
      return [0.2, 0.5];
    case "hard-swish":
      return [1 / 6, 0.5];
    case "selu":
      return [1.6732632423543772, 1.0507009873554805];
    default:
      return [1, 1];
  }
}
