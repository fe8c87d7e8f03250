// What fewer bits of one nested model are worth in whole tokens, against the same shape in 16-bit floats.
import type { FigureInput } from "@edgewright/device-bench";
import { progressivePrecision } from "@edgewright/llm-decode";
import type { BenchContext } from "../context.js";
import { measureRounds } from "./measure-rounds.js";
import { createOurRunner } from "./our-runner.js";
import { letterText, NESTED_WIDTHS, randomModel, type SHAPES } from "./random-models.js";

/** The shapes of 15 and 110 million parameters at every width, and in f16. */
export async function measureNestedSpeed(context: BenchContext): Promise<FigureInput[]> {
  return [...(await measureShape(context, "15M")), ...(await measureShape(context, "110M"))];
}

async function measureShape(
  context: BenchContext,
  shape: keyof typeof SHAPES,
): Promise<FigureInput[]> {
  context.signal.throwIfAborted();
  context.log(`  ${shape}`);
  const options = { capacity: 256 };
  const half = await createOurRunner(await randomModel(shape, "f16"), options);
  const nested = await createOurRunner(await randomModel(shape, "nested"), options);
  const coded = await createOurRunner(await randomModel(shape, "binary-coded"), options);
  try {
    const tokens = shape === "15M" ? 64 : 24;
    const prompt = half.prompt(letterText(8));
    const speeds = await measureRounds(context, [
      { name: "f16", tokens, run: () => half.decode(prompt, tokens) },
      ...NESTED_WIDTHS.flatMap((bits) => {
        const strategy = progressivePrecision({ precision: bits });
        return [
          {
            ...{ name: `nested codebooks at ${bits} bits`, tokens },
            run: () => nested.decode(prompt, tokens, strategy),
          },
          {
            ...{ name: `binary-coded at ${bits} bits`, tokens },
            run: () => coded.decode(prompt, tokens, strategy),
          },
        ];
      }),
    ]);
    const clock = speeds.every(({ cpu }) => cpu !== undefined) ? "cpu" : "wall";
    const reference = speeds[0]![clock]!;
    return speeds.map((speed, at): FigureInput => {
      const value = speed[clock]!;
      const metric = `${shape} ${speed.name}, decode`;
      if (at === 0) return { metric, value, unit: "tokens/s" };
      return { metric, value, unit: "tokens/s", peer: "our f16", ratio: value / reference };
    });
  } finally {
    await half.dispose();
    await nested.dispose();
    await coded.dispose();
  }
}
