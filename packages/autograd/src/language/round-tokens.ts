import type { Operation } from "../engine/operation.js";
import { type Operand, record, type Variable } from "../engine/tape.js";
import { elementsOf } from "../engine/value.js";

const ROUND_TOKENS: Operation<undefined> = {
  name: "roundTokens",
  outputShape: ([x]) => x!,
  forward(build, { inputs: [x], outputShape }) {
    const output = build.value(outputShape);
    const count = elementsOf(outputShape);
    build.step({
      name: "roundTokens",
      reads: [x!],
      writes: [output],
      inPlace: { read: x!, write: output },
      plan: ({ arena }, at) => ({
        run: () =>
          roundRows(arena.f32(at(x!), count), arena.f32(at(output), count), outputShape.at(-1)!),
        dispose: () => {},
      }),
    });
    return { output };
  },
  backward: (_, { gradient }) => [gradient],
};

/**
 * Every row of [..., width] rounded to 8 bits and back, as BitNet b1.58 multiplies them: s = 127 / max(|x|, 1e-5),
 * clip(round(x s), -128, 127) / s, halves to the even neighbour. Gradients pass through unchanged.
 *
 * Keeps nothing for the backward pass.
 */
export function roundTokens(x: Operand): Variable {
  return record(ROUND_TOKENS, [x], undefined);
}

/** Adding and taking away 1.5 * 2^52 leaves no bit behind the point. */
const ROUNDER = 1.5 * 2 ** 52;

function roundRows(x: Float32Array, y: Float32Array, width: number): void {
  for (let start = 0; start < x.length; start += width) {
    const end = start + width;
    let largest = 1e-5;
    for (let i = start; i < end; i++) {
      const size = Math.abs(x[i]!);
      if (size > largest) largest = size;
    }
    const scale = Math.fround(127 / largest);
    const back = 1 / scale;
    for (let i = start; i < end; i++) {
      const code = x[i]! * scale + ROUNDER - ROUNDER;
      y[i] = Math.min(code, 127) * back;
    }
  }
}
