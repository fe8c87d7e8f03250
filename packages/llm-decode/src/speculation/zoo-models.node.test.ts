import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createRng } from "@edgewright/core";
import { describe, expect, it } from "vitest";
import { decodeWith } from "../engine/decode-with.test-support.js";
import { createContinuationTable } from "../lookup/continuation-table.js";
import { lookupDecoding } from "../lookup/lookup-decoding.js";
import { loadLanguageModel } from "../model/load-language-model.js";
import { buildSparseTrees } from "../parallel/build-sparse-trees.js";
import { sortedRates } from "../parallel/candidate-tree.js";
import { parallelPromptDecoding } from "../parallel/parallel-prompt-decoding.js";
import { readPromptTokens } from "../parallel/prompt-tokens.js";
import { plainDecoding } from "../precision/progressive-precision.js";
import { decodeOwnTexts } from "../training/own-texts.js";

const folder = resolve(import.meta.dirname, "../../../../examples/zoo/language-models");

describe.each(["stories-full", "stories-ternary"])("%s", (name) => {
  const file = (ending: string): string => join(folder, `${name}${ending}`);
  const present = existsSync(file(".prompt-tokens.safetensors"));
  if (!present) console.warn(`skipped: no ${file(".ewq")}; pnpm zoo:train ${name} makes it`);

  it.skipIf(!present)(
    "gives plain decoding's text for 100 prompts by its prompt tokens",
    async () => {
      using lm = await loadLanguageModel(new Uint8Array(readFileSync(file(".ewq"))));
      const { session } = lm;
      const bytes = new Uint8Array(readFileSync(file(".prompt-tokens.safetensors")));
      const { promptTokens, acceptance } = readPromptTokens(bytes);
      const texts = await decodeOwnTexts({
        ...{ session, prompts: [[lm.tokenizer!.bos!]], count: 100, rng: createRng(12) },
        ...{ drawnTokens: [2, 30], greedyTokens: 1 },
      });
      const table = createContinuationTable();
      for (const { tokens } of texts) table.learn(tokens);
      const trees = buildSparseTrees(sortedRates(acceptance!), { budget: 12 });
      const strategies = [
        parallelPromptDecoding({ promptTokens, trees }),
        lookupDecoding({ table, promptTokens }),
      ];
      let tokens = 0;
      const passes = strategies.map(() => 0);
      for (const text of texts) {
        const prompt = [...text.tokens];
        const plain = decodeWith(plainDecoding(), session, prompt, 24).tokens;
        tokens += plain.length;
        strategies.forEach((strategy, s) => {
          const result = decodeWith(strategy, session, prompt, 24);
          expect(result.tokens, strategy.name).toEqual(plain);
          passes[s]! += result.steps.length;
        });
      }
      // Guesses are right now and then, so that more than the root's path was taken.
      for (const count of passes) expect(tokens / count).toBeGreaterThan(1.03);
    },
  );
});
