import { createRng } from "@edgewright/core";
import type { FigureInput } from "@edgewright/device-bench";
import {
  quantizeBinaryCoded,
  quantizeInt4Gptq,
  quantizeNested,
  quantizeNestedGptq,
} from "@edgewright/quant";
import type { BenchContext } from "../context.js";

/** Weights of a model of the 110M shape (768/2048, 12 layers, vocabulary of 32000), embedding included. */
const WEIGHTS_110M = 12 * (4 * 768 * 768 + 3 * 768 * 2048) + 32000 * 768;

/** CPU time a weight on a matrix of [768, 768], and what it makes of a model of the 110M shape. */
export async function measureRoundingTime(context: BenchContext): Promise<FigureInput[]> {
  const size = 768;
  const rows = context.quick ? 64 : size;
  const rng = createRng(1);
  const weights = Float32Array.from({ length: rows * size }, () => rng.normal());
  const inputMoments = new Float64Array(size * size);
  for (let at = 0; at < size; at++) inputMoments[at * size + at] = 1 + rng.uniform();
  const shape = [rows, size];
  const few = weights.subarray(0, 32 * size);
  const methods: readonly (readonly [string, number, () => unknown])[] = [
    ["nested 2..8", weights.length, () => quantizeNested(weights, shape, { bits: 8 })],
    ["nested 3..6", weights.length, () => quantizeNested(weights, shape, { seedBits: 3, bits: 6 })],
    ["binary-coded 2..6", weights.length, () => quantizeBinaryCoded(weights, shape)],
    ["int4, GPTQ", few.length, () => quantizeInt4Gptq(few, [32, size], { inputMoments })],
    [
      "nested 3..6, GPTQ",
      few.length,
      () => quantizeNestedGptq(few, [32, size], { inputMoments, seedBits: 3 }),
    ],
  ];
  return methods.flatMap(([name, count, run]): FigureInput[] => {
    context.signal.throwIfAborted();
    context.log(name);
    run(); // once to be compiled
    const best = Math.min(cpuSeconds(run), cpuSeconds(run));
    const whole = (best / count) * WEIGHTS_110M;
    const bounded = name === "nested 2..8" ? { target: { atMost: 60 } } : {};
    return [
      { metric: `${name}, a weight`, value: (best / count) * 1e9, unit: "ns" },
      { metric: `${name}, a model of 110M`, value: whole, unit: "s", kind: "modelled", ...bounded },
    ];
  });
}

function cpuSeconds(run: () => unknown): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}
