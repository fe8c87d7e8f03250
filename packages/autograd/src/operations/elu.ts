import { type Operand, record, type Variable } from "../engine/tape.js";
import { smoothActivation } from "./smooth-activation.js";

const ELU = /*@__PURE__*/ smoothActivation<undefined>("elu", () => ({ kind: "elu" }));

/** x where x is not below 0, else e^x - 1 (Clevert et al. 2015, arXiv:1511.07289). Keeps x for the backward pass. */
export function elu(x: Operand): Variable {
  return record(ELU, [x], undefined);
}
