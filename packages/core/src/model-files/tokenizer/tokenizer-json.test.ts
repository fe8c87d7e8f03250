import { describe, expect, test } from "vitest";
import { bytesSource } from "../byte-source.js";
import { writeGguf } from "../gguf/write-gguf.js";
import { byteTokenizer, randomContents } from "../model-contents.test-support.js";
import { readModel } from "../read-model.js";
import type { TokenizerJsonData } from "../tokenizer-data.js";
import { createTokenizer } from "./create-tokenizer.js";
import { createSentencePieceTokenizer } from "./sentencepiece.js";
import type { Tokenizer } from "./tokenizer.js";
import { byteLevelTokenizerJson, llamaTokenizerJson } from "./tokenizer-json.test-support.js";

const byteLevel: TokenizerJsonData = {
  kind: "tokenizer-json",
  tokenizer: byteLevelTokenizerJson(),
  config: { bos_token: "<|begin|>", eos_token: { content: "<|end|>" }, add_bos_token: true },
};

// Ids by Hugging Face's tokenizers 0.23.2 (Rust) from the same tokenizer.json.
const golden: [string, number[]][] = [
  [
    "the little girl said it's 12345!",
    [257, 275, 271, 264, 75, 274, 282, 220, 260, 6, 82, 220, 277, 18, 19, 20, 0],
  ],
  [
    "They're happy\n\n  and  \n saw Zoë — 日本 🙂",
    [
      ...[
        51, 256, 88, 276, 220, 281, 286, 198, 198, 220, 262, 220, 220, 198, 274, 86, 220, 57, 78,
        127, 104,
      ],
      ...[220, 158, 222, 242, 220, 162, 245, 98, 162, 250, 105, 220, 172, 253, 247, 224],
    ],
  ],
  ["<|begin|>the end<|end|>", [288, 257, 220, 68, 261, 289]],
  ["", []],
  ["  ", [220, 220]],
  ["I'LL go", [40, 6, 43, 43, 271, 78]],
];

function streamed(tokenizer: Tokenizer, ids: readonly number[], start: boolean): string {
  const stream = tokenizer.decodeStream({ start });
  return ids.map((id) => stream.push(id)).join("") + stream.end();
}

describe("tokenizer.json", () => {
  test("byte-level: ids of the reference, texts back whole and token by token", async () => {
    const tokenizer = await createTokenizer(byteLevel);
    for (const [text, ids] of golden) {
      expect(tokenizer.encode(text, { bos: false, special: true })).toEqual(ids);
      expect(tokenizer.decode(ids, { special: true })).toBe(text);
      const plain = text.replaceAll(/<\|\w+\|>/g, "");
      expect(tokenizer.decode(ids)).toBe(plain);
      expect(streamed(tokenizer, ids, true)).toBe(plain);
      expect(streamed(tokenizer, ids, false)).toBe(plain);
    }
    expect(tokenizer).toMatchObject({ vocabSize: 290, bos: 288, eos: 289 });
    expect([...tokenizer.ends]).toEqual([289]);
    expect(tokenizer.encode("it")).toEqual([288, 260]);
    expect([257, 275, 288].map(tokenizer.tokenText)).toEqual(["the", " little", "<|begin|>"]);
    expect(tokenizer.idOf(" little")).toBe(275);
    expect(tokenizer.idOf("no token")).toBeUndefined();
  });

  test("a character is given out when it is whole", async () => {
    const tokenizer = await createTokenizer(byteLevel);
    const stream = tokenizer.decodeStream();
    expect([172, 253, 247].map((id) => stream.push(id))).toEqual(["", "", ""]);
    expect(stream.push(224)).toBe("🙂");
    expect(stream.push(172)).toBe("");
    expect(stream.end()).toBe("\ufffd");
  });

  test("control tokens in a text are words, unless the caller says they are tokens", async () => {
    const tokenizer = await createTokenizer(byteLevel);
    const text = "<|end|> it";
    expect(tokenizer.encode(text, { special: true })).toEqual([288, 289, 220, 260]);
    const ids = tokenizer.encode(text);
    expect(ids.slice(1)).not.toContain(289);
    expect(tokenizer.decode(ids)).toBe(text);
  });

  test("a SentencePiece model written as tokenizer.json is the same tokenizer", async () => {
    const pieces = byteTokenizer(300);
    const expected = createSentencePieceTokenizer(pieces);
    const tokenizer = await createTokenizer({
      kind: "tokenizer-json",
      tokenizer: llamaTokenizerJson(pieces),
      config: { bos_token: "<s>", eos_token: "</s>" },
    });
    for (const text of ["the thin hen", " then", "Zoë 🙂\n the", "a  b"]) {
      const ids = expected.encode(text);
      expect(tokenizer.encode(text)).toEqual(ids);
      expect(tokenizer.decode(ids)).toBe(text);
      expect(streamed(tokenizer, ids, true)).toBe(text);
      // As the continuation of a text, the space before it is its own.
      expect(streamed(tokenizer, ids, false)).toBe(` ${text}`);
      expect(streamed(expected, ids, false)).toBe(` ${text}`);
      expect(tokenizer.decode(ids, { start: false })).toBe(` ${text}`);
    }
  });

  test("byte-level tokenizers pass through GGUF", async () => {
    const contents = { ...randomContents(), tokenizer: { ...byteLevel, chatTemplate: "{{ 1 }}" } };
    const read = await readModel(bytesSource(writeGguf(contents)));
    const tokenizer = await createTokenizer(read.tokenizer!);
    for (const [text, ids] of golden) {
      expect(tokenizer.encode(text, { bos: false, special: true })).toEqual(ids);
      expect(tokenizer.decode(ids, { special: true })).toBe(text);
    }
    expect(tokenizer).toMatchObject({ bos: 288, eos: 289, chatTemplate: "{{ 1 }}" });
    expect(tokenizer.encode("it")).toEqual([288, 260]);
  });

  test("faults are named", async () => {
    const attempt = (changes: Record<string, unknown>, model: Record<string, unknown> = {}) => {
      const { tokenizer } = byteLevel;
      const changed = { ...(tokenizer.model as object), ...model };
      return createTokenizer({
        kind: "tokenizer-json",
        tokenizer: { ...tokenizer, model: changed, ...changes },
      });
    };
    const repeated = { type: "Split", pattern: { Regex: "(a+)+b" }, behavior: "Isolated" };
    const double = { type: "Replace", pattern: { String: "a" }, content: "aaaa" };
    const cases: [Promise<unknown>, string][] = [
      [attempt({}, { merges: ["a b", "ab"] }), "merge 0 makes"],
      [attempt({}, { merges: ["a"] }), "merge 0 must be two tokens"],
      [attempt({}, { merges: [["a", ""]] }), "which are not both tokens"],
      [attempt({}, { vocab: { a: 1, b: 1 } }), "two tokens have the id 1"],
      [attempt({}, { vocab: { a: 1e12 } }), 'token "a" has the id 1000000000000'],
      [attempt({}, { vocab: { a: 9_000_000 }, merges: [] }), "have ids up to 9000000"],
      [attempt({}, { type: "Magic" }), "expected a model of BPE, Unigram or WordPiece, got Magic"],
      [attempt({ pre_tokenizer: repeated }), 'the pattern "(a+)+b" repeats what repeats'],
      [
        attempt({
          normalizer: { type: "Sequence", normalizers: [double, double, double, double] },
        }),
        "may lengthen a text more than 64 times",
      ],
      [attempt({ decoder: { type: "Nothing" } }), "cannot be used: Unknown Decoder type: Nothing"],
    ];
    for (const [promise, message] of cases) {
      await expect(promise).rejects.toMatchObject({
        message: expect.stringContaining(message),
        where: message.includes("Magic") ? undefined : "tokenizer.json",
      });
    }
    const tokenizer = await createTokenizer(byteLevel);
    expect(() => tokenizer.decode([290])).toThrow("expected a token from 0 to 289, got 290");
  });
});
