import { createRng } from "@edgewright/core";
import type { DecoderWeights } from "@edgewright/core/model-files";
import { loadLanguageKernels } from "@edgewright/kernels/language";
import { expect } from "vitest";
import { decodeWith } from "../engine/decode-with.test-support.js";
import { createDecoderSession } from "../engine/decoder-session.js";
import type { DecodingStrategy } from "../engine/decoding-strategy.js";
import { loadDecoder } from "../engine/loaded-decoder.js";
import { lookupDecoding } from "../lookup/lookup-decoding.js";
import { buildSparseTrees } from "../parallel/build-sparse-trees.js";
import { parallelPromptDecoding } from "../parallel/parallel-prompt-decoding.js";
import { plainDecoding, progressivePrecision } from "../precision/progressive-precision.js";
import { staticScheduler } from "../precision/static-scheduler.js";
import { adaptiveDecoding } from "./adaptive-decoding.js";
import { selfSpeculation } from "./self-speculation.js";

/** Decodes every prompt by every strategy that fits the model and expects the tokens of plain decoding. */
export async function expectEqualTexts(
  weights: DecoderWeights,
  prompts: readonly (readonly number[])[],
  maxTokens: number,
): Promise<{ tokens: number; passes: Map<string, number> }> {
  const kernels = await loadLanguageKernels();
  const loaded = await loadDecoder(kernels, weights);
  const session = createDecoderSession(loaded);
  const { dim } = weights.config;
  const rng = createRng(3);
  const embeddings = Float32Array.from({ length: 6 * dim }, () => rng.normal(0, 0.3));
  const promptTokens = { count: 3, ensemble: 2, dim, embeddings };
  const rates = [
    [0.4, 0.2, 0.1],
    [0.3, 0.2, 0.1],
    [0.2, 0.1, 0.1],
  ];
  const trees = buildSparseTrees(rates, { budget: 14, ensemble: 2 });
  const strategies: DecodingStrategy[] = [
    parallelPromptDecoding({ promptTokens, trees }),
    lookupDecoding({
      passTimes: [
        { rows: 1, milliseconds: 1 },
        { rows: 12, milliseconds: 2 },
      ],
    }),
  ];
  const { widths } = session.model;
  const low = widths?.at(-2);
  if (widths && low) {
    strategies.push(
      selfSpeculation({ draftBits: low }),
      selfSpeculation({
        draftBits: low,
        draftTokens: 6,
        draft: (bits) => parallelPromptDecoding({ promptTokens, trees, precision: bits }),
      }),
    );
  }
  let clock = 0;
  const now = (): number => (clock += 1 + (clock % 3));
  strategies.push(
    adaptiveDecoding({
      strategies: [plainDecoding(), ...strategies],
      probeTokens: 6,
      probeEvery: 8,
      now,
    }),
  );
  const passes = new Map<string, number>();
  let tokens = 0;
  for (const prompt of prompts) {
    const plain = decodeWith(plainDecoding(), session, prompt, maxTokens).tokens;
    tokens += plain.length;
    for (const strategy of strategies) {
      const result = decodeWith(strategy, session, prompt, maxTokens);
      expect(result.tokens, strategy.name).toEqual(plain);
      passes.set(strategy.name, (passes.get(strategy.name) ?? 0) + result.steps.length);
    }
  }
  if (widths && low) {
    const precision = (): ReturnType<typeof staticScheduler> =>
      staticScheduler({ widths: [low, widths.at(-1)!], switchPoints: [Math.floor(maxTokens / 2)] });
    for (const prompt of prompts.slice(0, 20)) {
      const plain = progressivePrecision({ precision: precision() });
      const expected = decodeWith(plain, session, prompt, maxTokens).tokens;
      for (const strategy of [
        parallelPromptDecoding({ promptTokens, trees, precision: precision() }),
        lookupDecoding({ precision: precision() }),
      ]) {
        expect(decodeWith(strategy, session, prompt, maxTokens).tokens, strategy.name).toEqual(
          expected,
        );
      }
    }
  }
  loaded.dispose();
  kernels.dispose();
  return { tokens, passes };
}
