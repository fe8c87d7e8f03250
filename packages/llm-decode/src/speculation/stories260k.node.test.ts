import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { bytesSource, createTokenizer, readModel } from "@edgewright/core/model-files";
import { describe, expect, it } from "vitest";
import { nestWeights } from "../engine/nest-weights.test-support.js";
import { expectEqualTexts } from "./real-models.test-support.js";

const shared =
  process.env.EDGEWRIGHT_SHARED ?? resolve(import.meta.dirname, "../../../../../shared");
const file = join(shared, "data/llm/stories260K/stories260K-f32.gguf");
const stories = join(shared, "data/llm/text-tinystories/train-head.txt");
const present = existsSync(file) && existsSync(stories);
if (!present) console.warn(`skipped: no ${file}; set EDGEWRIGHT_SHARED`);

describe.skipIf(!present)("stories260K", () => {
  it("every strategy gives plain decoding's text for 200 prompts, token for token", async () => {
    const { weights, tokenizer } = await readModel(bytesSource(readFileSync(file)));
    const { encode } = await createTokenizer(tokenizer!);
    // Beginnings of sentences all over the file.
    const sentences = readFileSync(stories, "utf8").split(/(?<=[.!?])\s+/);
    const step = Math.floor(sentences.length / 200);
    const prompts = Array.from({ length: 200 }, (_, i) =>
      encode(sentences[i * step]!).slice(0, 4 + (i % 20)),
    );
    expect(new Set(prompts.map(String)).size).toBeGreaterThan(150);
    const length = 12; // every strategy has guessed, failed and switched by then
    const plain = await expectEqualTexts(weights, prompts.slice(0, 100), length);
    const nested = await expectEqualTexts(nestWeights(weights, 4, 6), prompts.slice(100), length);
    expect(plain.tokens + nested.tokens).toBe(200 * length);
    // Guesses were right often enough that the accepting paths were taken.
    const lookup = [...plain.passes].find(([name]) => name.startsWith("lookup"))!;
    expect(plain.tokens / lookup[1]).toBeGreaterThan(1.3);
    const drafted = [...nested.passes].find(([name]) => name.startsWith("draft"))!;
    expect(nested.tokens / drafted[1]).toBeGreaterThan(2);
  }, 120_000); // seconds alone; more where other work takes the processors
});
