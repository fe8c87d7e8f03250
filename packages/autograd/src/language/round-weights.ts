import type { Operation } from "../engine/operation.js";
import { type Operand, record, type Variable } from "../engine/tape.js";
import { elementsOf } from "../engine/value.js";

const TERNARY_WEIGHTS: Operation<undefined> = {
  name: "ternaryWeights",
  outputShape: ([weight]) => weight!,
  forward(build, { inputs: [weight], outputShape }) {
    const output = build.value(outputShape);
    const count = elementsOf(outputShape);
    build.step({
      name: "ternaryWeights",
      reads: [weight!],
      writes: [output],
      plan: ({ arena }, at) => ({
        run: () => roundToTernary(arena.f32(at(weight!), count), arena.f32(at(output), count)),
        dispose: () => {},
      }),
    });
    return { output };
  },
  backward: (_, { gradient }) => [gradient],
};

/**
 * Weights rounded to -1, 0 or 1 times their mean size, as BitNet b1.58 multiplies by them (Ma et al., The Era of
 * 1-bit LLMs, 2024): the numbers that `quantizeTernary` of core packs. Gradients pass through unchanged (the
 * straight-through estimator, Bengio et al. 2013), so that training moves the unrounded weights.
 *
 * Keeps nothing for the backward pass.
 *
 * @example
 * ```ts
 * const y = matmul(x, ternaryWeights(tape.parameter(weight)), { transposeB: true });
 * ```
 */
export function ternaryWeights(weight: Operand): Variable {
  return record(TERNARY_WEIGHTS, [weight], undefined);
}

function roundToTernary(weight: Float32Array, output: Float32Array): void {
  let sum = 0;
  for (let i = 0; i < weight.length; i++) sum += Math.abs(weight[i]!);
  const scale = Math.fround(sum / weight.length);
  // As in quantizeTernary: a weight at half the scale becomes 1, at minus half the scale 0.
  const low = -0.5 * scale;
  const high = 0.5 * scale;
  for (let i = 0; i < weight.length; i++) {
    const value = weight[i]!;
    output[i] = value >= high ? scale : value < low ? -scale : 0;
  }
}
