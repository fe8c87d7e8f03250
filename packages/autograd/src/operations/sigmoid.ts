import { type Operand, record, type Variable } from "../engine/tape.js";
import { smoothActivation } from "./smooth-activation.js";

const SIGMOID = /*@__PURE__*/ smoothActivation<undefined>("sigmoid", () => ({ kind: "sigmoid" }));

/** 1 / (1 + e^-x). Keeps the output for the backward pass. */
export function sigmoid(x: Operand): Variable {
  return record(SIGMOID, [x], undefined);
}
