// Reading a prompt: tokens a second, and the time until the first token comes.
import type { FigureInput } from "@edgewright/device-bench";
import type { BenchContext } from "../context.js";
import { compareSpeeds, measureRounds, noteCpu } from "./measure-rounds.js";
import { NATIVE } from "./native-llama.js";
import { createOurRunner } from "./our-runner.js";
import { loadPeers } from "./peer-runners.js";
import { letterText, type RandomFormat, randomModel, type SHAPES } from "./random-models.js";
import { WLLAMA } from "./wllama-page.js";

const CASES: readonly {
  readonly shape: keyof typeof SHAPES;
  readonly format: RandomFormat;
  readonly lengths: readonly number[];
}[] = [
  { shape: "15M", format: "q4_0", lengths: [128] }, // its context is 256 tokens long
  { shape: "110M", format: "q4_0", lengths: [128, 512] },
  { shape: "110M", format: "q8_0", lengths: [128, 512] },
  { shape: "110M", format: "tq2_0", lengths: [128, 512] },
];

/** Prompts of 128 and 512 tokens, from an empty cache to the first token. */
export async function measurePrefill(context: BenchContext): Promise<FigureInput[]> {
  const rows: FigureInput[] = [];
  for (const { shape, format, lengths } of CASES) {
    context.signal.throwIfAborted();
    context.log(`  ${shape} ${format}`);
    const file = await randomModel(shape, format);
    // Room for the longest prompt and a token; a multiple of 256, which llama.cpp rounds up to.
    const contextLength = Math.max(...lengths) < 256 ? 256 : 768;
    const ours = await createOurRunner(file, { capacity: contextLength });
    const peers = await loadPeers(context, file, [NATIVE, WLLAMA], { contextLength });
    try {
      for (const length of lengths) {
        const prompt = ours.prompt(letterText(length));
        const contestants = [ours, ...peers].map((runner) => ({
          name: runner.name,
          tokens: length,
          run: () => runner.prefill(prompt),
        }));
        const speeds = await measureRounds(context, contestants);
        const own = speeds[0]!;
        const metric = `${shape} ${format}, ${length} tokens`;
        const row = { metric: `${metric}, prefill`, value: own.wall, unit: "tokens/s" };
        if (peers.length === 0) rows.push({ ...row, note: noteCpu(own) });
        for (const speed of speeds.slice(1)) {
          rows.push({ ...row, peer: speed.name, ...compareSpeeds(own, speed) });
        }
        const first = (length * 1000) / own.wall;
        rows.push({ metric: `${metric}, time to first token`, value: first, unit: "ms" });
      }
    } finally {
      await ours.dispose();
      for (const peer of peers) await peer.dispose();
    }
  }
  return rows;
}
