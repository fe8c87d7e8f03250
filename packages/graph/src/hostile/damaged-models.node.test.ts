import { EdgewrightError, type Tensor } from "@edgewright/core";
import { type Kernels, loadKernels } from "@edgewright/kernels";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { modelCost } from "../cost/model-cost.js";
import type { Model } from "../model/model.js";
import { type RealModel, realModel } from "../model/real-models.test-support.node.js";
import { parseModel } from "../onnx/parse-model.js";
import { serializeModel } from "../onnx/serialize-model.js";
import { createSession } from "../session/session.js";
import { mutate, randomIntegers } from "./mutate-bytes.test-support.js";
import { mutateModel } from "./mutate-model.test-support.js";
import { weightRanges } from "./weight-ranges.test-support.js";

/** Longest that one damaged model may take; a hundred times what any did on an idle machine. */
const TIME_LIMIT_MS = 10_000;
/** Most bytes of one tensor while damaged models run. */
const TENSOR_LIMIT = 2 ** 26;
/** Most WebAssembly memory that all runs together may have claimed. */
const MEMORY_LIMIT = 2 ** 30;

let kernels: Kernels;
beforeAll(async () => {
  kernels = await loadKernels();
});
afterAll(() => kernels.dispose());

function feedsOf({ inputShapes, sampleRate }: RealModel): Record<string, Tensor> {
  const feeds: Record<string, Tensor> = {};
  for (const [name, shape] of Object.entries(inputShapes)) {
    const size = shape.reduce((product, dim) => product * dim, 1);
    feeds[name] = {
      dtype: "f32",
      shape,
      data: Float32Array.from({ length: size }, (_, i) => Math.sin(i)),
    };
  }
  if (sampleRate !== undefined) {
    feeds.sr = { dtype: "i64", shape: [], data: BigInt64Array.of(sampleRate) };
  }
  return feeds;
}

/** Reads, measures and runs a model; the stage that ended in a typed error, or `"ran"`. */
async function attempt(
  make: () => Model,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<string> {
  let stage = "parse";
  try {
    const model = make();
    stage = "cost";
    ignoreTyped(() => modelCost(model));
    stage = "run";
    const options = { kernels, maxTensorBytes: TENSOR_LIMIT, maxIterations: 1000 };
    const session = await createSession(model, options);
    try {
      const taken = session.inputs.flatMap(({ name }) =>
        feeds[name] === undefined ? [] : [[name, feeds[name]] as const],
      );
      session.runSync(Object.fromEntries(taken));
    } finally {
      session.dispose();
    }
    return "ran";
  } catch (error) {
    if (!EdgewrightError.isInstance(error)) throw error;
    if (!error.message.includes("no graph"))
      expect(error.where, error.message).toBeTypeOf("string");
    return stage;
  }
}

function ignoreTyped(action: () => void): void {
  try {
    action();
  } catch (error) {
    if (!EdgewrightError.isInstance(error)) throw error;
  }
}

// Together 2,100 mutants; the number of a mutant is its seed, so that a failure can be made again.
const cases: [name: string, mutants: number][] = [
  ["hey_rhasspy_v0.1", 500],
  ["hey_jarvis_v0.1", 350],
  ["melspectrogram", 350],
  ["embedding_model", 300],
  ["silero_vad_v5", 300],
  ["classifier", 300],
];

describe("damaged models", () => {
  it.each(cases)(
    "%s, damaged %i times, ends in a typed error or an output",
    async (name, mutants) => {
      const real = realModel(name);
      const bytes = real.read();
      const weights = weightRanges(bytes);
      const model = parseModel(bytes);
      const feeds = feedsOf(real);
      const usedBefore = kernels.arena.used;
      const counts: Record<string, number> = { parse: 0, cost: 0, run: 0, ran: 0 };
      for (let mutant = 0; mutant < mutants; mutant++) {
        const random = randomIntegers(mutant);
        const make =
          mutant % 2 === 0
            ? () => parseModel(mutate(bytes, weights, random))
            : () => parseModel(serializeModel(mutateModel(model, random)));
        const start = performance.now();
        const stage = await attempt(make, feeds).catch((error: unknown) => {
          throw new Error(`mutant ${mutant} of ${name} ended in an error of no type`, {
            cause: error,
          });
        });
        counts[stage]!++;
        expect(performance.now() - start, `time of mutant ${mutant}`).toBeLessThan(TIME_LIMIT_MS);
      }
      // The damage must reach every stage, or it tests nothing.
      expect(counts.parse).toBeGreaterThan(mutants / 10);
      expect(counts.run).toBeGreaterThan(mutants / 20);
      expect(counts.ran).toBeGreaterThan(mutants / 20);
      expect(kernels.arena.used).toBe(usedBefore);
      expect(kernels.arena.capacity).toBeLessThan(MEMORY_LIMIT);
    },
    120_000,
  );
});
