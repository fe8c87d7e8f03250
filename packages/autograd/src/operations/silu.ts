import { type Operand, record, type Variable } from "../engine/tape.js";
import { smoothActivation } from "./smooth-activation.js";

const SILU = /*@__PURE__*/ smoothActivation<undefined>("silu", () => ({ kind: "silu" }));

/** x sigmoid(x), also called swish (Elfwing et al. 2017, arXiv:1702.03118). Keeps x for the backward pass. */
export function silu(x: Operand): Variable {
  return record(SILU, [x], undefined);
}
