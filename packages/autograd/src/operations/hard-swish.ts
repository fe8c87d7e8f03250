import { type Operand, record, type Variable } from "../engine/tape.js";
import { smoothActivation } from "./smooth-activation.js";

const HARD_SWISH = /*@__PURE__*/ smoothActivation<undefined>("hardSwish", () => ({
  kind: "hard-swish",
}));

/** x times x / 6 + 1/2 held between 0 and 1 (Howard et al. 2019, arXiv:1905.02244). Keeps x for the backward pass. */
export function hardSwish(x: Operand): Variable {
  return record(HARD_SWISH, [x], undefined);
}
