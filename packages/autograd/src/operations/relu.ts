import { type Operand, record, type Variable } from "../engine/tape.js";
import { maskedActivation } from "./masked-activation.js";

const RELU = /*@__PURE__*/ maskedActivation<undefined>("relu", () => ({ kind: "relu" }));
const RELU6 = /*@__PURE__*/ maskedActivation<undefined>("relu6", () => ({
  kind: "clip",
  alpha: 0,
  beta: 6,
}));

/**
 * max(x, 0). Keeps one bit an element for the backward pass.
 *
 * @example
 * ```ts
 * const y = relu(conv2d(x, weight, { bias })); // [n, h, w, c]
 * ```
 */
export function relu(x: Operand): Variable {
  return record(RELU, [x], undefined);
}

/** min(max(x, 0), 6). Keeps one bit an element for the backward pass. */
export function relu6(x: Operand): Variable {
  return record(RELU6, [x], undefined);
}
