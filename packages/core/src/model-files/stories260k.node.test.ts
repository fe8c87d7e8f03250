import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { decodeFloat16, encodeFloat16 } from "../half.js";
import { bytesSource } from "./byte-source.js";
import { crc32 } from "./crc32.js";
import type { DecoderWeights } from "./decoder-weights.js";
import { readLlama2cTokenizer } from "./llama2c.js";
import { readModel } from "./read-model.js";
import { createSentencePieceTokenizer } from "./tokenizer/sentencepiece.js";
import type { SentencePieceData } from "./tokenizer-data.js";
import { weightFloats } from "./weight-floats.js";

const shared =
  process.env.EDGEWRIGHT_SHARED ?? resolve(import.meta.dirname, "../../../../../shared");
const folder = join(shared, "data/llm/stories260K");
const present = existsSync(folder);
if (!present) console.warn(`skipped: no ${folder}; set EDGEWRIGHT_SHARED`);

const open = (name: string) => bytesSource(readFileSync(join(folder, name)), name);

// By name, so that two files can be compared number by number.
function flatten(weights: DecoderWeights): Map<string, Float32Array> {
  const all = new Map([["embedding", weightFloats(weights.embedding)]]);
  all.set("outputNorm", weights.outputNorm);
  weights.layers.forEach((layer, at) => {
    for (const [name, part] of Object.entries(layer)) {
      all.set(`${at}.${name}`, part instanceof Float32Array ? part : weightFloats(part));
    }
  });
  return all;
}

// Instead of the numbers, which take seconds to compare one by one.
function checksums(weights: DecoderWeights): Map<string, number> {
  const entries = [...flatten(weights)].map(([name, { buffer, byteOffset, byteLength }]) => {
    return [name, crc32(new Uint8Array(buffer, byteOffset, byteLength))] as const;
  });
  return new Map(entries);
}

describe.skipIf(!present)("stories260K", () => {
  test("both versions of llama2.c and GGUF hold the same model", async () => {
    const v0 = (await readModel(open("stories260K.bin"))).weights;
    const v1 = (await readModel(open("stories260K.v1.bin"))).weights;
    const { weights } = await readModel(open("stories260K-f32.gguf"));
    expect(v0.config).toEqual({
      architecture: "llama",
      ...{ dim: 64, hiddenDim: 172, layers: 5, heads: 8, kvHeads: 4, headDim: 8 },
      ...{ vocabSize: 512, contextLength: 512, normEpsilon: 1e-5, ropeBase: 10000 },
      ...{ ropePairing: "interleaved", activation: "silu" },
      ...{ subNorms: false, int8Activations: false },
    });
    expect(v1.config).toEqual(v0.config);
    expect(checksums(v1)).toEqual(checksums(v0));
    expect({ ...weights.config, normEpsilon: 1e-5 }).toEqual(v0.config);
    expect(weights.config.normEpsilon).toBe(Math.fround(1e-5));
    expect(checksums(weights)).toEqual(checksums(v0));
    expect(weights.output).toBeUndefined();
  });

  test("f16, q8_0 and q4_0 are the roundings of f32", async () => {
    const exact = flatten((await readModel(open("stories260K-f32.gguf"))).weights);
    const half = flatten((await readModel(open("stories260K-f16.gguf"))).weights);
    for (const [name, values] of exact) {
      const isNorm = name.endsWith("Norm");
      const expected = isNorm ? values : decodeFloat16(encodeFloat16(values));
      expect(half.get(name)!.every((one, i) => one === expected[i])).toBe(true);
    }
    for (const [file, levels] of [
      ["stories260K-q8_0.gguf", 127],
      ["stories260K-q4_0.gguf", 8],
    ] as const) {
      const { weights } = await readModel(open(file));
      const rounded = flatten(weights);
      for (const [name, values] of exact) {
        const got = rounded.get(name)!;
        let worst = 0;
        for (let from = 0; from < values.length; from += 32) {
          const block = values.subarray(from, from + 32);
          const largest = block.reduce((most, one) => Math.max(most, Math.abs(one)), 0);
          block.forEach((one, i) => {
            worst = Math.max(worst, (Math.abs(got[from + i]! - one) / largest) * levels || 0);
          });
        }
        // Half a step for 8 bits; a whole one for 4, where code 15 stands for 7 steps only.
        expect(worst).toBeLessThanOrEqual(levels === 127 ? 0.56 : 1.01);
      }
    }
  });

  test("GGUF's tokenizer and llama2.c's are one", async () => {
    const fromGguf = (await readModel(open("stories260K-f32.gguf"))).tokenizer;
    const fromBin = await readLlama2cTokenizer(open("tok512.bin"), 512);
    expect(fromGguf).toEqual(fromBin);
  });

  test("tokens are llama2.c's", async () => {
    const data = await readLlama2cTokenizer(open("tok512.bin"), 512);
    const tokenizer = createSentencePieceTokenizer(data);
    const story = readFileSync(join(shared, "data/llm/text-tinystories/train-head.txt"), "utf8");
    const texts = story
      .slice(0, 20_000)
      .split("\n")
      .filter((line) => line !== "");
    texts.push("Zoë's naïve café — 日本語 🙂\t\n  two  spaces ", "", " ", "a", "0123 #$%");
    for (const text of texts) {
      const ids = tokenizer.encode(text);
      expect(ids).toEqual(encodeAsLlama2c(data, text));
      expect(tokenizer.decode(ids)).toBe(text);
      const stream = tokenizer.decodeStream({ start: true });
      expect(ids.map((id) => stream.push(id)).join("") + stream.end()).toBe(text);
    }
    expect(tokenizer.encode("Once upon a time")).toEqual([1, 403, 407, 261, 378]);
  });
});

/** The loop of `encode` in llama2.c's run.c, line by line: the best pair of the whole text, again and again. */
function encodeAsLlama2c(data: SentencePieceData, text: string): number[] {
  const pieces = data.tokens.map((token) => token.replaceAll("\u2581", " "));
  const ids = new Map(pieces.map((piece, id) => [piece, id]));
  const tokens = [1];
  if (text !== "") tokens.push(ids.get(" ")!);
  for (const symbol of text) {
    const id = ids.get(symbol);
    if (id !== undefined) tokens.push(id);
    else for (const byte of new TextEncoder().encode(symbol)) tokens.push(byte + 3);
  }
  for (;;) {
    let best = { score: -1e10, id: -1, at: -1 };
    for (let at = 0; at + 1 < tokens.length; at++) {
      const id = ids.get(pieces[tokens[at]!]! + pieces[tokens[at + 1]!]!);
      if (id !== undefined && data.scores[id]! > best.score)
        best = { score: data.scores[id]!, id, at };
    }
    if (best.at === -1) return tokens;
    tokens.splice(best.at, 2, best.id);
  }
}
