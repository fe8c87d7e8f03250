import { createRng, ValidationError } from "@edgewright/core";
import type { Tokenizer } from "@edgewright/core/model-files";
import { loadLanguageKernels } from "@edgewright/kernels/language";
import { afterAll, expect, test } from "vitest";
import { loadDecoder } from "../engine/loaded-decoder.js";
import { nestWeights } from "../engine/nest-weights.test-support.js";
import { randomDecoder, smallConfig } from "../engine/random-decoder.test-support.js";
import { lookupDecoding } from "../lookup/lookup-decoding.js";
import { createLanguageModel, type LanguageModel } from "../model/language-model.js";
import { parallelPromptDecoding } from "../parallel/parallel-prompt-decoding.js";
import { chainTrees } from "../parallel/sparse-trees.js";
import { selfSpeculation } from "../speculation/self-speculation.js";
import type { GenerateOptions } from "./generation.js";

const LETTERS = " abcdefghijklmnopqrstuv"; // one a token of the small model
const END = 22;

const tokenizer: Tokenizer = {
  vocabSize: 23,
  bos: undefined,
  eos: END,
  ends: new Set([END]),
  chatTemplate: undefined,
  encode: (text) => [...text].map((letter) => LETTERS.indexOf(letter)),
  decode: (ids) => [...ids].map((id) => LETTERS[id]).join(""),
  decodeStream: () => ({ push: (id) => LETTERS[id]!, end: () => "" }),
  tokenText: (id) => LETTERS[id]!,
  idOf: (text) => LETTERS.indexOf(text),
};

const kernels = await loadLanguageKernels();
afterAll(() => kernels.dispose());

async function smallModel(
  options: { capacity?: number; maxRows?: number } = {},
): Promise<LanguageModel> {
  const loaded = await loadDecoder(kernels, randomDecoder(smallConfig()));
  return createLanguageModel({
    ...{ loaded, tokenizer, chat: undefined, metadata: {}, release: () => {} },
    sessionOptions: { cacheType: "f32", ...options },
  });
}

test("greedy text is the likeliest token again and again", async () => {
  const lm = await smallModel();
  const tokens = tokenizer.encode("the cat");
  const expected: number[] = [];
  for (let i = 0; i < 20; i++) {
    const { data } = await lm.forward([...tokens, ...expected]);
    const last = data.subarray(-23);
    expected.push(last.indexOf(Math.max(...last)));
  }
  const generation = lm.generate("the cat", { maxTokens: 20, ignoreEnd: true });
  expect(await generation.text()).toBe(tokenizer.decode(expected));
  expect(generation.tokens).toEqual(expected);
  const { statistics } = generation;
  expect(statistics).toMatchObject({ tokens: 20, promptTokens: 7, finish: "length" });
  expect(statistics.tokensPerStep).toBe(1);
  lm.dispose();
});

test("a prompt that goes on from the last text computes its new part only, with the same result", async () => {
  const lm = await smallModel();
  const first = lm.generate("abc", { maxTokens: 5, ignoreEnd: true });
  const prompt = `abc${await first.text()}de`;
  const fresh = await smallModel();
  const again = lm.generate(prompt, { maxTokens: 6, ignoreEnd: true });
  const text = await again.text();
  expect(text).toBe(await fresh.generate(prompt, { maxTokens: 6, ignoreEnd: true }).text());
  expect(again.statistics.reusedTokens).toBe(7); // the last token generated was not in the cache yet
  lm.dispose();
  fresh.dispose();
});

test("pieces of a prompt of any size give the same text", async () => {
  const texts: string[] = [];
  for (const maxRows of [1, 2, 5, 64]) {
    const lm = await smallModel({ maxRows });
    texts.push(
      await lm
        .generate("the quick frog jumps over a dog", { maxTokens: 9, ignoreEnd: true })
        .text(),
    );
    lm.dispose();
  }
  expect(new Set(texts).size).toBe(1);
});

test("an aborted generation ends with a typed error and leaves the cache usable, at any token", async () => {
  const lm = await smallModel();
  const whole = await lm.generate("abc", { maxTokens: 8, ignoreEnd: true }).text();
  for (let after = 0; after < 8; after++) {
    const controller = new AbortController();
    let text = "";
    if (after === 0) controller.abort();
    const reading = (async () => {
      const options = { maxTokens: 8, ignoreEnd: true, signal: controller.signal };
      for await (const piece of lm.generate("abc", options)) {
        text += piece;
        if (text.length === after) controller.abort();
      }
    })();
    await expect(reading).rejects.toMatchObject({ code: "aborted" });
    expect(text).toBe(whole.slice(0, after));
    expect(await lm.generate("abc", { maxTokens: 8, ignoreEnd: true }).text()).toBe(whole);
  }
  lm.dispose();
});

test("a second generation on a busy session is refused; one on a session of its own runs", async () => {
  const lm = await smallModel();
  const whole = await lm.generate("abc", { maxTokens: 6, ignoreEnd: true }).text();
  const slow = lm.generate("abc", { maxTokens: 6, ignoreEnd: true })[Symbol.asyncIterator]();
  let text = (await slow.next()).value as string;
  await expect(lm.generate("abc").text()).rejects.toMatchObject({ code: "unavailable" });
  await expect(lm.forward([1])).rejects.toMatchObject({ code: "unavailable" });
  const session = lm.createSession();
  const beside = await lm.generate("abc", { maxTokens: 6, ignoreEnd: true, session }).text();
  for (let next = await slow.next(); !next.done; next = await slow.next()) text += next.value;
  expect([text, beside]).toEqual([whole, whole]);
  expect(await lm.generate("abc", { maxTokens: 6, ignoreEnd: true }).text()).toBe(whole); // free again
  lm.dispose();
});

test("breaking out of the loop frees the session", async () => {
  const lm = await smallModel();
  for await (const _ of lm.generate("abc", { ignoreEnd: true })) break;
  expect(await lm.generate("abc", { maxTokens: 1, ignoreEnd: true }).text()).toHaveLength(1);
  lm.dispose();
});

test("text ends before a stop string, and at the model's end", async () => {
  const lm = await smallModel();
  const whole = await lm.generate("abc", { maxTokens: 12, ignoreEnd: true }).text();
  const stop = whole.slice(4, 6);
  const stopped = lm.generate("abc", { maxTokens: 12, ignoreEnd: true, stop: [stop] });
  expect(await stopped.text()).toBe(whole.slice(0, whole.indexOf(stop)));
  expect(stopped.statistics.finish).toBe("stop");
  const favour = (logits: Float32Array, history: ArrayLike<number>): void => {
    if (history.length >= 5) logits[END] = 1000;
  };
  const ended = lm.generate("abc", { maxTokens: 12, logitsProcessors: [favour] });
  expect(await ended.text()).toBe(whole.slice(0, 2));
  expect(ended.statistics).toMatchObject({ finish: "end", tokens: 2 });
  lm.dispose();
});

test("the same seed gives the same text, another seed another", async () => {
  const lm = await smallModel();
  const sample = (seed: number): Promise<string> =>
    lm.generate("abc", { maxTokens: 24, ignoreEnd: true, temperature: 1.5, seed }).text();
  const text = await sample(1);
  expect(await sample(1)).toBe(text);
  expect(await sample(2)).not.toBe(text);
  lm.dispose();
});

test("ten thousand tokens go through a small cache in the same memory", async () => {
  const lm = await smallModel({ capacity: 48, maxRows: 8 });
  for (let i = 0; i < 2; i++) {
    await lm.generate("abc", { maxTokens: 100, ignoreEnd: true, temperature: 1 }).text();
  }
  const before = { used: kernels.arena.used, capacity: kernels.arena.capacity };
  const long = lm.generate("abc", { maxTokens: 10000, ignoreEnd: true, temperature: 1 });
  for await (const _ of long);
  expect(long.statistics).toMatchObject({ tokens: 10000, finish: "length" });
  expect({ used: kernels.arena.used, capacity: kernels.arena.capacity }).toEqual(before);
  expect(lm.session.length).toBeLessThanOrEqual(48);
  expect(lm.session.tokens[0]).toBe(tokenizer.encode("a")[0]);
  const full = lm.generate("abc", { maxTokens: 100, ignoreEnd: true, whenFull: "stop" });
  await full.text();
  expect(full.statistics).toMatchObject({ finish: "full", tokens: 46 });
  lm.dispose();
});

test("text that goes through a full cache is the same by every strategy", async () => {
  const config = smallConfig({ dim: 64, hiddenDim: 96, headDim: 16 });
  const loaded = await loadDecoder(kernels, nestWeights(randomDecoder(config, 7), 3, 5));
  const lm = createLanguageModel({
    ...{ loaded, tokenizer, chat: undefined, metadata: {}, release: () => {} },
    sessionOptions: {},
  });
  const rng = createRng(3);
  const embeddings = Float32Array.from({ length: 3 * 64 }, () => rng.normal(0, 0.3));
  const promptTokens = { count: 3, ensemble: 1, dim: 64, embeddings };
  const trees = chainTrees(3);
  for (const cacheType of ["f16", "int8"] as const) {
    for (const capacity of [17, 40]) {
      const session = lm.createSession({ capacity, cacheType });
      const tell = (options: GenerateOptions): Promise<string> => {
        session.truncate(0);
        return lm
          .generate("abcdefg", { ...options, session, maxTokens: 120, ignoreEnd: true })
          .text();
      };
      const plain = await tell({});
      for (const strategy of [
        parallelPromptDecoding({ promptTokens, trees }),
        lookupDecoding(),
        selfSpeculation({ draftBits: 4, draftTokens: 5 }),
        selfSpeculation({
          draftBits: 4,
          draft: (bits) => parallelPromptDecoding({ promptTokens, trees, precision: bits }),
        }),
      ]) {
        expect(await tell({ strategy }), `${strategy.name}, ${capacity} ${cacheType}`).toBe(plain);
      }
      session.dispose();
    }
  }
  lm.dispose();
});

test("what cannot be done is said before anything runs", async () => {
  const lm = await smallModel({ capacity: 16 });
  for (const [prompt, options, message] of [
    ["", {}, "the prompt has no tokens"],
    ["abcdefghijklmnop", {}, "leaves no room in a cache of 16"],
    ["a", { maxTokens: -1 }, "maxTokens to be a whole number from 0, got -1"],
    ["a", { keep: 9 }, "keep of at most a quarter of the cache (4), got 9"],
    ["a", { temperature: -1 }, "temperature"],
    ["a", { stop: "" }, "strings of at least one character"],
    ["a", { stop: null }, "strings of at least one character were expected, got null"],
    ["a", { whenFull: "later" }, 'whenFull to be "shift" or "stop", got "later"'],
    ["a", { strategy: "ppd" }, "expected a strategy"],
    ["a", { bits: 4 }, "nested"],
    ["a", { session: {} }, "not one of this model's"],
    [[{ role: "user", content: "a" }], {}, "no chat template"],
    [null, {}, "expected a text, tokens or messages, got null"],
    [5, {}, "expected a text, tokens or messages, got number"],
  ] as const) {
    expect(() => lm.generate(prompt as string, options as GenerateOptions)).toThrow(message);
  }
  const other = await smallModel();
  expect(() => lm.generate("a", { session: other.session })).toThrow("not one of this model's");
  other.dispose();
  await expect(lm.forward([])).rejects.toThrow("expected 1 to 16 tokens, got 0");
  expect(await lm.generate("abc", { maxTokens: 0 }).text()).toBe("");
  lm.dispose();
  expect(() => lm.session.run({ tokens: [1] })).toThrow("disposed");
  expect(() => lm.generate("a")).toThrow("disposed");
  expect(lm.memory.total).toBe(0);
});

test("a saved cache starts another process where this one was", async () => {
  const lm = await smallModel();
  await lm.generate("abc", { maxTokens: 9, ignoreEnd: true }).text();
  const saved = lm.saveCache();
  const other = await smallModel();
  other.restoreCache(saved);
  expect(other.session.tokens).toEqual(lm.session.tokens);
  expect(() => other.restoreCache(saved.subarray(0, 90))).toThrow();
  for (const at of [60, saved.length - 20, saved.length - 9000]) {
    const broken = saved.slice();
    broken[at] = broken[at]! ^ 1;
    expect(() => other.restoreCache(broken), `byte ${at}`).toThrow(ValidationError);
  }
  expect(other.session.tokens).toEqual(lm.session.tokens);
  const running = other.generate("abc", { maxTokens: 9 })[Symbol.asyncIterator]();
  await running.next();
  expect(() => other.restoreCache(saved)).toThrow("another call is computing");
  await running.return?.();
  other.restoreCache(saved);
  // Of the same shape, but trained otherwise.
  const weights = randomDecoder(smallConfig());
  weights.outputNorm[0]! *= 1.5;
  const loaded = await loadDecoder(kernels, weights);
  const trained = createLanguageModel({
    ...{ loaded, tokenizer, chat: undefined, metadata: {}, release: () => {} },
    sessionOptions: { cacheType: "f32" },
  });
  expect(() => trained.restoreCache(saved)).toThrow(
    /another model: outputNorm is "\w+", not "\w+"$/,
  );
  trained.dispose();
  lm.dispose();
  other.dispose();
});

test("embeddings of a text are of length 1 and its own", async () => {
  const lm = await smallModel();
  const [a, b, again] = [await lm.embed("abc"), await lm.embed("vut"), await lm.embed("abc")];
  expect(Math.hypot(...a)).toBeCloseTo(1, 6);
  expect(again).toEqual(a);
  expect(a.reduce((sum, v, i) => sum + v * b[i]!, 0)).toBeLessThan(0.999);
  lm.dispose();
});
