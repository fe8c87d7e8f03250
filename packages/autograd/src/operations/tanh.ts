import { type Operand, record, type Variable } from "../engine/tape.js";
import { smoothActivation } from "./smooth-activation.js";

const TANH = /*@__PURE__*/ smoothActivation<undefined>("tanh", () => ({ kind: "tanh" }));

/** The hyperbolic tangent of x. Keeps the output for the backward pass. */
export function tanh(x: Operand): Variable {
  return record(TANH, [x], undefined);
}
