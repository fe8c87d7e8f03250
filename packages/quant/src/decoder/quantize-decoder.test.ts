import { AbortError, sizeOf, unpackTensor } from "@edgewright/core";
import { type WeightTensor, weightFloats } from "@edgewright/core/model-files";
import { loadTrainingKernels } from "@edgewright/kernels/training";
import { describe, expect, test } from "vitest";
import { measureInputMoments } from "../calibration/input-moments.js";
import { measureSensitivities } from "../calibration/measure-sensitivities.js";
import { quantizeInt4Gptq } from "../gptq/quantize-int4-gptq.js";
import { quantizeNested } from "../nested/quantize-nested.js";
import { decoderAtWidth, weightAtWidth, widthsOf } from "./decoder-at-width.js";
import { quantizeDecoder } from "./quantize-decoder.js";
import { randomDecoder, randomTexts, smallConfig } from "./random-decoder.test-support.js";
import { listWeights } from "./weight-paths.js";
import type { WeightRecipe } from "./weight-recipe.js";

const weights = randomDecoder();

function formatOf(weight: WeightTensor): string {
  return "format" in weight ? weight.format : weight.dtype;
}

describe("quantizeDecoder", () => {
  test.each<[WeightRecipe["format"], WeightRecipe, number]>([
    ["f32", { format: "f32" }, 0],
    ["f16", { format: "f16" }, 1e-3],
    ["int8-channel", { format: "int8-channel" }, 0.01],
    ["int8-group", { format: "int8-group", groupSize: 16 }, 0.01],
    ["int4-group", { format: "int4-group" }, 0.15],
    ["nested", { format: "nested", bits: 5 }, 0.06],
    ["binary-coded", { format: "binary-coded", bits: 5, groupSize: 32 }, 0.09],
    ["ternary", { format: "ternary" }, 0.6],
  ])("%s: every linear layer, each matrix by its shape", async (format, linear, most) => {
    const after = await quantizeDecoder(weights, { linear });
    const old = new Map(listWeights(weights).map(({ path, weight }) => [path, weight]));
    for (const { path, role, weight } of listWeights(after)) {
      const wide = ["f32", "f16", "int8-channel", "int8-group"].includes(format);
      expect([path, formatOf(weight)]).toEqual([
        path,
        role === "linear" || wide ? format : "int8-group",
      ]);
      const before = weightFloats(old.get(path)!);
      const numbers = weightFloats(weight);
      const norm = (list: Float32Array): number => Math.hypot(...list);
      expect(numbers.length).toBe(sizeOf(weight.shape));
      expect(norm(numbers.map((one, at) => one - before[at]!)) / norm(before)).toBeLessThanOrEqual(
        most,
      );
    }
    expect(after.outputNorm).toBe(weights.outputNorm);
    expect(after.layers[1]!.feedForwardNorm).toBe(weights.layers[1]!.feedForwardNorm);
  });

  test("embedding and single matrices have recipes of their own; keep keeps", async () => {
    const recipe = {
      linear: { format: "int4-group" },
      embedding: { format: "keep" },
      overrides: { "layers.1.down": { format: "f16" } },
    } as const;
    const after = await quantizeDecoder(weights, recipe);
    expect(after.embedding).toBe(weights.embedding);
    expect(formatOf(after.layers[1]!.down)).toBe("f16");
    expect(formatOf(after.layers[0]!.down)).toBe("int4-group");
    const wrong = quantizeDecoder(weights, {
      ...recipe,
      overrides: { "layers.9.down": { format: "f16" } },
    });
    await expect(wrong).rejects.toThrow(
      "overrides names layers.9.down, which the model does not have",
    );
  });

  test("packed weights are unpacked first", async () => {
    const half = await quantizeDecoder(weights, { linear: { format: "f16" } });
    const after = await quantizeDecoder(half, { linear: { format: "nested" } });
    const query = half.layers[0]!.query;
    expect(after.layers[0]!.query).toEqual(quantizeNested(weightFloats(query), query.shape));
  });

  test("sensitivities and moments reach the matrices they belong to", async () => {
    const kernels = await loadTrainingKernels();
    const texts = randomTexts(3, 24);
    const sensitivities = await measureSensitivities(kernels, weights, texts);
    const inputMoments = await measureInputMoments(kernels, weights, texts);
    kernels.dispose();
    const { value, down } = weights.layers[1]!;
    const nested = { format: "nested", bits: 3, gptq: false } as const;
    const after = await quantizeDecoder(
      weights,
      { linear: { format: "int4-group" }, overrides: { "layers.1.value": nested } },
      { sensitivities, inputMoments },
    );
    expect(after.layers[1]!.value).toEqual(
      quantizeNested(weightFloats(value), value.shape, {
        bits: 3,
        sensitivities: sensitivities.get("layers.1.value")!,
      }),
    );
    expect(after.layers[1]!.down).toEqual(
      quantizeInt4Gptq(weightFloats(down), down.shape, {
        inputMoments: inputMoments.get("layers.1.down")!,
      }),
    );
    const unknown = quantizeDecoder(weights, { linear: { format: "nested", gptq: true } });
    await expect(unknown).rejects.toThrow(
      "layers.0.query: quantizeDecoder: GPTQ needs the inputMoments",
    );
    const shared = { format: "nested", rowsPerCodebook: 8 } as const;
    await expect(quantizeDecoder(weights, { linear: shared }, { inputMoments })).rejects.toThrow(
      "a codebook for every row",
    );
  });

  test("progress rises to the number of weights; a signal ends the work", async () => {
    const seen: number[] = [];
    const total = listWeights(weights).reduce((sum, { weight }) => sum + sizeOf(weight.shape), 0);
    await quantizeDecoder(
      weights,
      { linear: { format: "nested" } },
      {
        onProgress: (progress) => {
          expect(progress.total).toBe(total);
          seen.push(progress.done);
        },
      },
    );
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen.at(-1)).toBe(total);
    const abort = new AbortController();
    const stopped = quantizeDecoder(
      weights,
      { linear: { format: "nested" } },
      {
        signal: abort.signal,
        onProgress: ({ path }) => path === "layers.0.gate" && abort.abort("enough"),
      },
    );
    await expect(stopped).rejects.toThrow(AbortError);
  });

  test("a weight that cannot be rounded is named", async () => {
    const spoilt = structuredClone(weights);
    weightFloats(spoilt.layers[1]!.up)[7] = Number.NaN;
    const attempt = quantizeDecoder(spoilt, { linear: { format: "nested" } });
    await expect(attempt).rejects.toMatchObject({ code: "invalid-argument", where: "layers.1.up" });
    await expect(attempt).rejects.toThrow(
      "layers.1.up: quantizeNested: weights must be finite, element 7",
    );
    weightFloats(spoilt.layers[1]!.up)[7] = 1e9;
    const large = quantizeDecoder(spoilt, { linear: { format: "int4-group" } });
    await expect(large).rejects.toThrow("too large for scales of 16 bits");
    await expect(quantizeDecoder(spoilt, { linear: { format: "f16" } })).rejects.toThrow(
      "up to 65504",
    );
  });
});

test("a model at a width: matrices without it take their nearest, others stay", async () => {
  const after = await quantizeDecoder(weights, {
    linear: { format: "nested", seedBits: 3, bits: 5 },
    overrides: { "layers.0.up": { format: "binary-coded", seedBits: 2, bits: 4 } },
  });
  expect(widthsOf(after)).toEqual([2, 3, 4, 5]);
  expect(widthsOf(weights)).toEqual([]);
  const coarse = decoderAtWidth(after, 2);
  expect(coarse.embedding).toBe(after.embedding);
  expect(coarse.layers[0]!.query).toEqual({
    dtype: "f32",
    shape: [32, 32],
    data: weightAtWidth(after.layers[0]!.query, 3),
  });
  expect(weightFloats(coarse.layers[0]!.up)).toEqual(weightAtWidth(after.layers[0]!.up, 2));
  const { key } = decoderAtWidth(after, 5).layers[1]!;
  expect(weightFloats(key)).toEqual(
    unpackTensor(after.layers[1]!.key as Parameters<typeof unpackTensor>[0]).data,
  );
  expect(() => weightAtWidth(after.layers[0]!.query, 2)).toThrow("codebooks of 3 to 5 bits");
  expect(() => decoderAtWidth(after, 2.5)).toThrow("a whole number of bits");
  expect(smallConfig.layers).toBe(after.layers.length);
});
