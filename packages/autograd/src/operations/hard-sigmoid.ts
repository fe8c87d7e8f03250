import { type Operand, record, type Variable } from "../engine/tape.js";
import { maskedActivation } from "./masked-activation.js";

const HARD_SIGMOID = /*@__PURE__*/ maskedActivation<undefined>("hardSigmoid", () => ({
  kind: "hard-sigmoid",
}));

/** x / 6 + 1/2 held between 0 and 1. Keeps one bit an element for the backward pass. */
export function hardSigmoid(x: Operand): Variable {
  return record(HARD_SIGMOID, [x], undefined);
}
