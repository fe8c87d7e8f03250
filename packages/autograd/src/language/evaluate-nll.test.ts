import { createRng } from "@edgewright/core";
import type { Kernels } from "@edgewright/kernels";
import { loadTrainingKernels } from "@edgewright/kernels/training";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createProgram } from "../engine/program.js";
import { createTape } from "../engine/tape.js";
import { crossEntropy } from "../operations/cross-entropy.js";
import { evaluateNll } from "./evaluate-nll.js";
import { createLanguageModel } from "./language-model.js";
import {
  drawIds,
  exactWeights,
  SMALL,
  slowLogits,
  slowSurprise,
} from "./slow-decoder.test-support.js";
import { weightSensitivities } from "./weight-sensitivities.js";

let kernels: Kernels;
beforeAll(async () => {
  kernels = await loadTrainingKernels();
});
afterAll(() => kernels.dispose());

const model = createLanguageModel({ config: SMALL, rng: createRng(3) });
const texts = [9, 3, 1, 6, 20].map((length, i) => [...drawIds(length, SMALL.vocabSize, 20 + i)]);

describe("evaluateNll", () => {
  it("is the mean surprise of a slow decoder, each text by itself", async () => {
    const weights = exactWeights(model);
    const sums = texts.map((text) => {
      const read = text.slice(0, SMALL.contextLength);
      const rows = slowLogits(SMALL, weights, read.slice(0, -1));
      return rows.reduce((sum, row, i) => sum + slowSurprise(row, read[i + 1]!), 0);
    });
    const { nll, tokens, counts, sums: got } = await evaluateNll(kernels, model, texts);
    expect([...counts]).toEqual([8, 2, 0, 5, 15]);
    expect(tokens).toBe(30);
    for (const [i, sum] of sums.entries()) expect(got[i]).toBeCloseTo(sum, 4);
    expect(nll).toBeCloseTo(sums.reduce((a, b) => a + b, 0) / 30, 5);
  });

  it("does not depend on the batch, stops where it is told and tells how far it is", async () => {
    const { sums } = await evaluateNll(kernels, model, texts, { length: 5 });
    const told: number[] = [];
    const alone = await evaluateNll(kernels, model, texts, {
      ...{ length: 5, batchSize: 1 },
      onProgress: (done) => told.push(done),
    });
    expect(told).toEqual([1, 2, 3, 4, 5]);
    expect(Math.max(...alone.counts)).toBe(4);
    for (const [i, sum] of sums.entries()) expect(alone.sums[i]).toBeCloseTo(sum, 4);
  });

  it("says what it expects, and ends when it is told to", async () => {
    await expect(evaluateNll(kernels, model, [[1, 19]])).rejects.toThrow(
      "text 0: token 1 must be a whole number from 0 to 18, got 19",
    );
    await expect(evaluateNll(kernels, model, texts, { length: 17 })).rejects.toThrow(
      "expected a length from 2 to the context of 16, got 17",
    );
    await expect(evaluateNll(kernels, model, texts, { batchSize: 0 })).rejects.toThrow("batchSize");
    const signal = AbortSignal.abort();
    await expect(evaluateNll(kernels, model, texts, { signal })).rejects.toMatchObject({
      name: "AbortError",
    });
  });
});

describe("weightSensitivities", () => {
  it("sums the squared gradients of the texts", async () => {
    const [first, second] = [texts[0]!, texts[1]!];
    const expected = new Map<string, Float64Array>();
    for (const text of [first, second]) {
      const t = text.length - 1;
      const tape = createTape();
      const { logits } = model.apply(tape.input("ids", [1, t], "i32"));
      const loss = crossEntropy(logits, tape.input("next", [1, t], "i32"));
      using program = createProgram(kernels, { tape, loss });
      program.run({ ids: Int32Array.from(text.slice(0, t)), next: Int32Array.from(text.slice(1)) });
      for (const parameter of model.parameterList) {
        const gradient = program.gradient(parameter).data as Float32Array;
        const before = expected.get(parameter.name);
        expected.set(
          parameter.name,
          Float64Array.from(gradient, (g, i) => g * g + (before?.[i] ?? 0)),
        );
      }
    }
    const got = await weightSensitivities(kernels, model, [first, second]);
    expect([...got.keys()]).toEqual(model.parameterList.map(({ name }) => name));
    for (const [name, values] of got) {
      const wanted = expected.get(name)!;
      const largest = Math.max(...wanted);
      expect(largest).toBeGreaterThan(0);
      wanted.forEach((value, i) => {
        expect(Math.abs(value - values[i]!)).toBeLessThanOrEqual(1e-4 * largest);
      });
    }
  });

  it("says what it expects, and ends when it is told to", async () => {
    await expect(weightSensitivities(kernels, model, [[1]])).rejects.toThrow("at least 2 tokens");
    await expect(weightSensitivities(kernels, model, [[1, -1]])).rejects.toThrow("text 0: token 1");
    const signal = AbortSignal.abort();
    await expect(weightSensitivities(kernels, model, texts, { signal })).rejects.toMatchObject({
      name: "AbortError",
    });
  });
});
