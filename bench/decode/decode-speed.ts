// Tokens a second of greedy decoding, everybody on one thread, in turns.
import type { FigureInput } from "@edgewright/device-bench";
import type { BenchContext } from "../context.js";
import { compareSpeeds, measureRounds, noteCpu } from "./measure-rounds.js";
import { NATIVE } from "./native-llama.js";
import { createOurRunner } from "./our-runner.js";
import { loadPeers, type PeerName } from "./peer-runners.js";
import { letterText, type RandomFormat, randomModel, type SHAPES } from "./random-models.js";
import { stories260K } from "./shared-models.js";
import { WLLAMA } from "./wllama-page.js";

interface Bars {
  readonly peer: PeerName;
  /** `undefined` where no bar was set. */
  readonly baseline?: number;
  /** With relaxed SIMD. @default that of `baseline` */
  readonly relaxed?: number;
}

interface SpeedCase {
  readonly name: string;
  readonly file: (context: BenchContext) => Promise<string | undefined>;
  readonly prompt: string;
  readonly contextLength: number;
  /** Tokens in a round of ours and native code; wllama takes a quarter. */
  readonly tokens: number;
  readonly bars: readonly Bars[];
}

const STORY = "Once upon a time, there was";

/** stories260K in three formats, and two larger shapes of random weights in the formats that matter there. */
export async function measureDecodeSpeed(context: BenchContext): Promise<FigureInput[]> {
  const rows: FigureInput[] = [];
  for (const one of speedCases()) rows.push(...(await measureCase(context, one)));
  return rows;
}

function speedCases(): SpeedCase[] {
  const random = (
    shape: keyof typeof SHAPES,
    format: RandomFormat,
    tokens: number,
    bars: Bars[],
  ): SpeedCase => ({
    name: `${shape} ${format}`,
    file: () => randomModel(shape, format),
    prompt: letterText(8),
    contextLength: 256,
    tokens,
    bars,
  });
  const real = (format: Parameters<typeof stories260K>[0], bars: Bars[]): SpeedCase => ({
    name: `stories260K ${format}`,
    file: async () => stories260K(format),
    prompt: STORY,
    contextLength: 512,
    tokens: 256,
    bars,
  });
  return [
    real("f32", [{ peer: NATIVE, baseline: 1.5 }, { peer: WLLAMA }]),
    real("q8_0", [{ peer: NATIVE }, { peer: WLLAMA }]),
    real("q4_0", [{ peer: NATIVE }, { peer: WLLAMA }]),
    random("15M", "q8_0", 64, [{ peer: NATIVE }, { peer: WLLAMA }]),
    random("15M", "q4_0", 64, [
      { peer: NATIVE, baseline: 0.8, relaxed: 1 },
      { peer: WLLAMA, baseline: 5 },
    ]),
    random("110M", "q8_0", 32, [{ peer: NATIVE }, { peer: WLLAMA }]),
    random("110M", "q4_0", 32, [
      { peer: NATIVE, baseline: 0.8, relaxed: 1 },
      { peer: WLLAMA, baseline: 10 },
    ]),
    random("110M", "tq2_0", 32, [
      { peer: NATIVE, baseline: 1.3, relaxed: 1.6 },
      { peer: WLLAMA, baseline: 10 },
    ]),
  ];
}

async function measureCase(context: BenchContext, one: SpeedCase): Promise<FigureInput[]> {
  context.signal.throwIfAborted();
  const file = await one.file(context);
  if (file === undefined) {
    context.log(`  ${one.name}: left out, its file is not there (see EDGEWRIGHT_SHARED)`);
    return [];
  }
  context.log(`  ${one.name}`);
  const { contextLength } = one;
  const ours = await createOurRunner(file, { capacity: contextLength });
  const names = one.bars.map(({ peer }) => peer);
  const peers = await loadPeers(context, file, names, { contextLength });
  try {
    const prompt = ours.prompt(one.prompt);
    const speeds = await measureRounds(
      context,
      [ours, ...peers].map((runner) => {
        const tokens = runner.name === WLLAMA ? Math.ceil(one.tokens / 4) : one.tokens;
        return { name: runner.name, tokens, run: () => runner.decode(prompt, tokens) };
      }),
    );
    const own = speeds[0]!;
    const row: FigureInput = { metric: `${one.name}, decode`, value: own.wall, unit: "tokens/s" };
    if (peers.length === 0) return [{ ...row, note: noteCpu(own) }];
    return speeds.slice(1).map((speed): FigureInput => {
      const bars = one.bars.find(({ peer }) => peer === speed.name)!;
      const bar = context.relaxed ? (bars.relaxed ?? bars.baseline) : bars.baseline;
      const compared = compareSpeeds(own, speed);
      const target = bar === undefined ? {} : { target: { atLeast: bar } };
      return { ...row, peer: speed.name, ...compared, ...target };
    });
  } finally {
    await ours.dispose();
    for (const peer of peers) await peer.dispose();
  }
}
