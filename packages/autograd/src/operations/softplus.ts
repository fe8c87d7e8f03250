import { type Operand, record, type Variable } from "../engine/tape.js";
import { smoothActivation } from "./smooth-activation.js";

const SOFTPLUS = /*@__PURE__*/ smoothActivation<undefined>("softplus", () => ({
  kind: "softplus",
}));

/** ln(1 + e^x). Keeps x for the backward pass. */
export function softplus(x: Operand): Variable {
  return record(SOFTPLUS, [x], undefined);
}
