import { AbortError } from "@edgewright/core";
import { loadTrainingKernels } from "@edgewright/kernels/training";
import { afterAll, expect, test } from "vitest";
import { quantizeDecoder } from "../decoder/quantize-decoder.js";
import { randomDecoder, randomTexts } from "../decoder/random-decoder.test-support.js";
import { distillTernary } from "./distill-ternary.js";

const kernels = await loadTrainingKernels();
afterAll(() => kernels.dispose());

const weights = randomDecoder(6);
const texts = randomTexts(8, 32, 3);

test("a trained ternary model is nearer to its teacher than a rounded one, and packed", async () => {
  const losses: number[] = [];
  const after = await distillTernary(kernels, weights, texts, {
    ...{ steps: 40, batchSize: 4, length: 16 },
    onProgress: ({ loss }) => losses.push(loss),
  });
  expect(losses).toHaveLength(40);
  const mean = (list: number[]): number => list.reduce((sum, one) => sum + one, 0) / list.length;
  // The first update has seen the rounded weights only.
  expect(mean(losses.slice(-5))).toBeLessThan(losses[0]! * 0.6);
  for (const layer of after.layers) {
    for (const name of ["query", "output", "gate", "down"] as const) {
      expect(layer[name]).toMatchObject({ format: "ternary" });
    }
  }
  expect(after.embedding).toMatchObject({ dtype: "f32" });
  const small = await quantizeDecoder(after, {
    linear: { format: "keep" },
    embedding: { format: "int8-group" },
  });
  expect(small.layers[0]).toEqual(after.layers[0]);
  expect(small.embedding).toMatchObject({ format: "int8-group" });
});

test("the same seed gives the same model, on the teacher untouched", async () => {
  const before = structuredClone(weights);
  const options = { steps: 3, batchSize: 2, length: 12, seed: 5 };
  const once = await distillTernary(kernels, weights, texts, options);
  expect(await distillTernary(kernels, weights, texts, options)).toEqual(once);
  expect(weights).toEqual(before);
});

test("what cannot be trained is refused, and a signal ends it", async () => {
  await expect(distillTernary(kernels, weights, [[1, 2, 3]])).rejects.toThrow(
    "expected texts of at least 32 tokens, one row, got 3",
  );
  await expect(distillTernary(kernels, weights, texts, { length: 33 })).rejects.toThrow("length");
  await expect(distillTernary(kernels, weights, texts, { steps: 0 })).rejects.toThrow("steps");
  const signal = AbortSignal.abort();
  await expect(distillTernary(kernels, weights, texts, { signal })).rejects.toThrow(AbortError);
});
