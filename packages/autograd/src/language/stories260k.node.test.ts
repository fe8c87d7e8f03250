import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { bytesSource, createTokenizer, readModel } from "@edgewright/core/model-files";
import { loadTrainingKernels } from "@edgewright/kernels/training";
import { expect, test } from "vitest";
import { evaluateNll } from "./evaluate-nll.js";
import { createLanguageModel } from "./language-model.js";

const shared =
  process.env.EDGEWRIGHT_SHARED ?? resolve(import.meta.dirname, "../../../../../shared");
const folder = join(shared, "data/llm");
const present = existsSync(join(folder, "stories260K"));
if (!present) console.warn(`skipped: no ${folder}; set EDGEWRIGHT_SHARED`);

test.skipIf(!present)("stories260K predicts TinyStories as well as elsewhere", async () => {
  const open = (name: string) => bytesSource(readFileSync(join(folder, "stories260K", name)), name);
  const { weights, tokenizer: data } = await readModel(open("stories260K.bin"), {
    tokenizer: open("tok512.bin"),
  });
  const tokenizer = await createTokenizer(data!);
  const text = readFileSync(join(folder, "text-tinystories/train-head.txt"), "utf8");
  const [first, ...others] = text.split("Once upon a time");
  const stories = [first!, ...others.map((story) => `Once upon a time${story}`)].slice(0, 40);
  using kernels = await loadTrainingKernels();
  const model = createLanguageModel({ weights, trainable: false });
  const texts = stories.map((story) => tokenizer.encode(story));
  const { nll, tokens } = await evaluateNll(kernels, model, texts, { length: 162, batchSize: 8 });
  // A plain numpy model gives 1.260 on 40 stories, cut nearly like this.
  expect(tokens).toBe(40 * 161);
  expect(nll).toBeCloseTo(1.2578, 3);
});
