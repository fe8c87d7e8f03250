import { EdgewrightError } from "@edgewright/core";
import { type Operand, record, type Variable } from "../engine/tape.js";
import { smoothActivation } from "./smooth-activation.js";

/** Options of {@link gelu}. */
export interface GeluOptions {
  /** `tanh` takes x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))). @default "none" */
  readonly approximation?: "none" | "tanh";
}

const GELU = /*@__PURE__*/ smoothActivation<"none" | "tanh">("gelu", (approximation) => ({
  kind: approximation === "tanh" ? "gelu-tanh" : "gelu",
}));

/**
 * x times the normal distribution function of x (Hendrycks and Gimpel 2016, arXiv:1606.08415). Keeps x for the
 * backward pass.
 *
 * @throws EdgewrightError `invalid-argument` for another approximation.
 */
export function gelu(x: Operand, options: GeluOptions = {}): Variable {
  const { approximation = "none" } = options;
  if (approximation !== "none" && approximation !== "tanh") {
    throw new EdgewrightError(
      "invalid-argument",
      `gelu: expected approximation "none" or "tanh", got ${JSON.stringify(approximation)}`,
    );
  }
  return record(GELU, [x], approximation);
}
