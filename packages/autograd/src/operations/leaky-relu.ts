import { EdgewrightError } from "@edgewright/core";
import { type Operand, record, type Variable } from "../engine/tape.js";
import { maskedActivation } from "./masked-activation.js";

/** Options of {@link leakyRelu}. */
export interface LeakyReluOptions {
  /** Slope below 0. @default 0.01 */
  readonly slope?: number;
}

const LEAKY_RELU = /*@__PURE__*/ maskedActivation<number>("leakyRelu", (slope) => ({
  kind: slope === 0 ? "relu" : "leaky-relu",
  alpha: slope,
}));

/**
 * x where x is above 0, else slope x. Keeps one bit an element for the backward pass.
 *
 * @throws EdgewrightError `invalid-argument` for a slope that is no finite number.
 */
export function leakyRelu(x: Operand, options: LeakyReluOptions = {}): Variable {
  const { slope = 0.01 } = options;
  if (!Number.isFinite(slope)) {
    throw new EdgewrightError(
      "invalid-argument",
      `leakyRelu: expected a finite slope, got ${slope}`,
    );
  }
  return record(LEAKY_RELU, [x], slope);
}
