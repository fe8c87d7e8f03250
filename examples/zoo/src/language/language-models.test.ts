import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createProgram, createTape } from "@edgewright/autograd";
import { createLanguageModel, evaluateNll } from "@edgewright/autograd/language";
import { bytesSource, createTokenizer, readModel } from "@edgewright/core/model-files";
import { loadTrainingKernels } from "@edgewright/kernels/training";
import {
  loadLanguageModel,
  parallelPromptDecoding,
  readPromptTokens,
} from "@edgewright/llm-decode";
import { afterAll, describe, expect, it } from "vitest";
import { type LanguageCard, renderLanguageCard } from "./language-card.js";
import { storyTokenizer } from "./language-file.js";
import { languageModelFolder, languageModels, readLanguageModel } from "./language-models.js";
import { locateStories260k, locateTinyStories } from "./locate-stories260k.js";
import { HELD_OUT_TOKENS, splitTinyStories } from "./tiny-stories.js";

const kernels = await loadTrainingKernels();
afterAll(() => kernels.dispose());

const folderOf = (locate: () => string): string | undefined => {
  try {
    return locate();
  } catch {
    return undefined;
  }
};
const teacherFolder = folderOf(locateStories260k);
const textFolder = folderOf(locateTinyStories);
if (teacherFolder === undefined || textFolder === undefined) {
  console.warn("skipped in part: no stories260K or no TinyStories; set EDGEWRIGHT_SHARED");
}

const committed = languageModels().filter(({ model }) => existsSync(model));

describe("the committed language models", () => {
  it("are all there", () => {
    expect(committed.map(({ name }) => name)).toEqual(["stories-full", "stories-ternary"]);
  });

  it.each(committed)("$name is the file that its card describes", async ({ name, card: url }) => {
    const { model, promptTokens } = await readLanguageModel(name);
    const card = JSON.parse(readFileSync(url, "utf8")) as LanguageCard;
    expect(createHash("sha256").update(model).digest("hex")).toBe(card.sha256);
    expect([model.length, promptTokens.length]).toEqual([card.bytes, card.promptTokens.bytes]);
    expect(readFileSync(join(languageModelFolder(), `${name}.md`), "utf8")).toBe(
      renderLanguageCard(card),
    );
    if (name === "stories-ternary") expect(model.length).toBeLessThan(1e6);
    const { acceptance, trees } = readPromptTokens(promptTokens);
    expect(acceptance?.map(([first]) => first)).toEqual(card.promptTokens.firstGuesses);
    expect(trees?.promptTokens).toBeGreaterThan(0);
  });

  it.each(committed)(
    "$name has the same logits on the tape and in the decoder",
    async ({ name }) => {
      const { model: bytes } = await readLanguageModel(name);
      using lm = await loadLanguageModel(bytes);
      const ids = lm.tokenizer!.encode("Once upon a time, there was a little girl named Lily.");
      const { data: decoded } = await lm.forward(ids);
      const { weights } = await readModel(bytesSource(bytes, name));
      const model = createLanguageModel({ weights, ternary: false });
      const tape = createTape();
      const { logits } = model.apply(tape.input("ids", [1, ids.length], "i32"));
      using program = createProgram(kernels, { tape, outputs: [logits] });
      program.run({ ids: Int32Array.from(ids) });
      const expected = program.read(logits).data as Float32Array;
      const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const error = expected.reduce(
        (most, value, i) => Math.max(most, Math.abs(value - decoded[i]!)),
        0,
      );
      // A rounded activation on the fence falls to either side: a 127th of its row's largest.
      expect(error).toBeLessThan((weights.config.int8Activations ? 0.03 : 1e-3) * largest);
    },
  );

  it.each(committed)(
    "$name tells the same story with prompt tokens, in fewer passes",
    async ({ name }) => {
      const { model, promptTokens } = await readLanguageModel(name);
      using lm = await loadLanguageModel(model);
      const options = { maxTokens: 120, temperature: 0 };
      const plain = await lm.generate("Once upon a time", options).text();
      expect(plain).toMatch(/^, there was/);
      const { promptTokens: tokens, trees } = readPromptTokens(promptTokens);
      const strategy = parallelPromptDecoding({ promptTokens: tokens, ...(trees && { trees }) });
      const generation = lm.generate("Once upon a time", { ...options, strategy });
      expect(await generation.text()).toBe(plain);
      expect(generation.statistics.tokensPerStep).toBeGreaterThan(1.1);
    },
  );

  it.skipIf(textFolder === undefined).each(committed)(
    "$name predicts held-out stories as well as its card says",
    async ({ name, card: url }) => {
      const { model: bytes } = await readLanguageModel(name);
      const { weights, tokenizer: data } = await readModel(bytesSource(bytes, name));
      const tokenizer = await createTokenizer(data!);
      const text = readFileSync(join(textFolder!, "train-head.txt"), "utf8");
      const { heldOut } = splitTinyStories(text, (story) => tokenizer.encode(story));
      const model = createLanguageModel({ weights, ternary: false });
      const { nll } = await evaluateNll(kernels, model, heldOut.slice(0, 40), {
        length: HELD_OUT_TOKENS,
      });
      const card = JSON.parse(readFileSync(url, "utf8")) as LanguageCard;
      expect(nll).toBeCloseTo(card.nll.find(({ stories }) => stories === 40)!.model, 2);
    },
  );
});

describe.skipIf(teacherFolder === undefined || textFolder === undefined)("storyTokenizer", () => {
  it("writes a text with the ids that the teacher's tokenizer gives it", async () => {
    const open = (name: string) => bytesSource(readFileSync(join(teacherFolder!, name)), name);
    const { tokenizer: data } = await readModel(open("stories260K.bin"), {
      tokenizer: open("tok512.bin"),
    });
    if (data?.kind !== "sentencepiece") throw new Error("expected pieces");
    const [theirs, ours] = await Promise.all([data, storyTokenizer(data)].map(createTokenizer));
    const text = readFileSync(join(textFolder!, "train-head.txt"), "utf8").slice(0, 30_000);
    expect(ours!.encode(text)).toEqual(theirs!.encode(text));
    expect(ours!.ends.has(1)).toBe(true);
  });
});
