import { quantizeTernary } from "@edgewright/core";
import { expect, it } from "vitest";
import { nestWeights } from "../engine/nest-weights.test-support.js";
import { randomDecoder, smallConfig } from "../engine/random-decoder.test-support.js";
import { expectEqualTexts } from "./real-models.test-support.js";

const prompts = Array.from({ length: 8 }, (_, i) => [1, 2 + i, (i * 5) % 23]);

it("every strategy gives plain decoding's text on the engine: f32", async () => {
  const { tokens } = await expectEqualTexts(randomDecoder(smallConfig(), 4), prompts, 40);
  expect(tokens).toBe(8 * 40);
});

it("every strategy gives plain decoding's text on the engine: nested widths", async () => {
  // Rows of the kernels' whole groups.
  const config = smallConfig({ dim: 64, hiddenDim: 96, headDim: 16 });
  const weights = nestWeights(randomDecoder(config, 5), 3, 5);
  const { tokens } = await expectEqualTexts(weights, prompts, 30);
  expect(tokens).toBe(8 * 30);
});

it("every strategy gives plain decoding's text on the engine: BitNet", async () => {
  const config = smallConfig({
    ...{ architecture: "bitnet", activation: "relu2", subNorms: true, int8Activations: true },
    ...{ dim: 64, hiddenDim: 96, headDim: 16 },
  });
  const weights = randomDecoder(config, 6, (data, shape) => quantizeTernary(data, shape));
  const { tokens } = await expectEqualTexts(weights, prompts, 30);
  expect(tokens).toBe(8 * 30);
});
