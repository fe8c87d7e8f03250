import type { Operation } from "../engine/operation.js";
import { type Operand, record, type Variable } from "../engine/tape.js";

const STOP_GRADIENT: Operation<undefined> = {
  name: "stop gradient",
  outputShape: ([x]) => x!,
  // No `backward`: nothing below is differentiated through here.
  forward: (build, { inputs: [x], outputShape }) => ({ output: build.view(x!, outputShape) }),
};

/** The same numbers, and no gradient through them: targets, frozen features. */
export function stopGradient(x: Operand): Variable {
  return record(STOP_GRADIENT, [x], undefined);
}
