// The model that TeLLMe runs on an FPGA, by its shape, on one thread of this machine.
import type { FigureInput } from "@edgewright/device-bench";
import type { BenchContext } from "../context.js";
import { measureRounds, noteCpu } from "./measure-rounds.js";
import { createOurRunner } from "./our-runner.js";
import { letterText, randomModel, SHAPES } from "./random-models.js";

const NAME = "BitNet 0.7B";
const PROMPTS = [64, 128];

/** Figures of an accelerator to hold ours against. */
export interface AcceleratorFigures {
  readonly name: string;
  readonly decodeTokensPerSecond: number;
  readonly prefillTokensPerSecond: number;
  /** Milliseconds to the first token, by the length of the prompt. */
  readonly firstTokenMs: Readonly<Record<number, number>>;
}

/** Decoding and prompts of a random model of that shape; the ratios are to what was published. */
export async function measureTernarySpeed(
  context: BenchContext,
  published: AcceleratorFigures,
): Promise<FigureInput[]> {
  context.log(`  ${NAME}: some 220 MB of random weights`);
  const ours = await createOurRunner(await randomModel(NAME, "ternary"), { capacity: 256 });
  try {
    const prompt = ours.prompt(letterText(8));
    const tokens = context.quick ? 4 : 16;
    const [decode] = await measureRounds(context, [
      { name: "decode", tokens, run: () => ours.decode(prompt, tokens) },
    ]);
    const peer = published.name;
    const rows: FigureInput[] = [
      {
        ...{ metric: `${NAME}, decode`, value: decode!.wall, unit: "tokens/s", peer },
        ...{ ratio: decode!.wall / published.decodeTokensPerSecond, note: noteCpu(decode!) },
      },
      {
        ...{ metric: `${NAME}, weights multiplied`, kind: "measured" },
        ...{ value: (linearWeights() * decode!.wall) / 1e9, unit: "Gweights/s" },
        note: "ternary ones; the output product in 8 bits comes on top",
      },
    ];
    for (const length of PROMPTS) {
      const text = ours.prompt(letterText(length));
      const [prefill] = await measureRounds(context, [
        { name: "prefill", tokens: length, run: () => ours.prefill(text) },
      ]);
      const firstMs = (1000 * length) / prefill!.wall;
      rows.push(
        {
          ...{ metric: `${NAME}, ${length} tokens, prefill`, value: prefill!.wall },
          ...{ unit: "tokens/s", peer, ratio: prefill!.wall / published.prefillTokensPerSecond },
          note: noteCpu(prefill!),
        },
        {
          ...{ metric: `${NAME}, ${length} tokens, time to first token`, value: firstMs },
          ...{ unit: "ms", peer, ratio: published.firstTokenMs[length]! / firstMs },
        },
      );
    }
    return rows;
  } finally {
    await ours.dispose();
  }
}

/** What one token reads of the ternary weights, and how many additions their products take. */
export function modelTernaryWork(): FigureInput[] {
  const weights = linearWeights();
  const { dim, hiddenDim, layers } = SHAPES[NAME];
  // Every distinct input of a block: once for q, k, v, once for the output, once for gate and up, once for down.
  const inputs = layers * (3 * dim + hiddenDim);
  const kind = "modelled";
  return [
    { kind, metric: `${NAME}, ternary weights`, value: weights / 1e6, unit: "million" },
    {
      ...{ kind, metric: "read for a token at 2 bits a weight", value: weights / 4e6, unit: "MB" },
      note: "ours",
    },
    {
      ...{ kind, metric: "read for a token at 5 bits for 3 weights", unit: "MB" },
      ...{ value: (weights * 5) / 24e6, note: "TeLLMe's" },
    },
    {
      ...{ kind, metric: "additions for a token, one a weight", value: weights / 1e6 },
      unit: "million",
    },
    {
      ...{ kind, metric: "additions for a token, tables of 3 weights", unit: "million" },
      // 13 entries of a table suffice, the others are their negatives.
      value: (weights / 3 + (13 * inputs) / 3) / 1e6,
      note: "looked up and added, the building of tables included",
    },
  ];
}

function linearWeights(): number {
  const { dim, hiddenDim, layers } = SHAPES[NAME];
  return layers * (4 * dim * dim + 3 * dim * hiddenDim);
}
