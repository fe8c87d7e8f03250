import { type Operand, record, type Variable } from "../engine/tape.js";
import { smoothActivation } from "./smooth-activation.js";

const MISH = /*@__PURE__*/ smoothActivation<undefined>("mish", () => ({ kind: "mish" }));

/** x tanh(ln(1 + e^x)) (Misra 2019, arXiv:1908.08681). Keeps x for the backward pass. */
export function mish(x: Operand): Variable {
  return record(MISH, [x], undefined);
}
