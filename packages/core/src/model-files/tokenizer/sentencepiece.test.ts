import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { byteTokenizer } from "../model-contents.test-support.js";
import { mergeSymbols } from "./merge-queue.js";
import { createSentencePieceTokenizer } from "./sentencepiece.js";

const data = byteTokenizer(300);
const tokenizer = createSentencePieceTokenizer(data);

describe("SentencePiece", () => {
  test("merging by a queue is merging the best pair of all, again and again", () => {
    const letters = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 24 });
    const pieces = fc.dictionary(
      fc.string({ unit: fc.constantFrom("a", "b", "c"), minLength: 2, maxLength: 5 }),
      fc.integer({ min: 0, max: 6 }),
      { maxKeys: 25 },
    );
    fc.assert(
      fc.property(letters, pieces, (symbols, scores) => {
        const scoreOf = (text: string) => (Object.hasOwn(scores, text) ? scores[text] : undefined);
        expect(mergeSymbols(symbols, scoreOf)).toEqual(mergeSlowly(symbols, scoreOf));
      }),
      { seed: 51, numRuns: 400 },
    );
  });

  test("any text comes back, whole and token by token", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 30 }), (text) => {
        const ids = tokenizer.encode(text);
        expect(tokenizer.decode(ids)).toBe(text.replace(/\p{Surrogate}/gu, "\ufffd"));
        const stream = tokenizer.decodeStream({ start: true });
        const pieces = ids.map((id) => stream.push(id));
        expect(pieces.join("") + stream.end()).toBe(tokenizer.decode(ids));
        for (const piece of pieces) expect(piece).not.toMatch(/[\ud800-\udbff]$/);
      }),
      { seed: 52, numRuns: 200 },
    );
  });

  test("the space before a text, control tokens, the end", () => {
    const { encode, idOf, tokenText } = tokenizer;
    expect(encode("the").map(tokenText)).toEqual(["<s>", " the"]);
    expect(encode("the", { bos: false })).toEqual([idOf(" the")]);
    expect(encode("")).toEqual([1]);
    // A stranger's "</s>" is five letters and more; a template's ends the text, and a space begins what follows.
    expect(encode("in</s>in")).not.toContain(2);
    expect(encode("in</s>in", { special: true }).map(tokenText)).toEqual([
      "<s>",
      " ",
      "in",
      "</s>",
      " ",
      "in",
    ]);
    expect(tokenizer.decode([2, idOf("in")!], { special: true })).toBe("</s>in");
    expect(tokenizer).toMatchObject({ bos: 1, eos: 2, vocabSize: 300 });
    expect(createSentencePieceTokenizer({ ...data, otherEnds: [7] }).ends).toEqual(new Set([2, 7]));
    expect(() => tokenizer.decode([300])).toThrow("expected a token from 0 to 299, got 300");
  });

  test("a text's token is the first that is shown so, twins, spaces and control tokens among them", () => {
    const piece = fc.string({ unit: fc.constantFrom("a", " ", "\u2581"), maxLength: 2 });
    const token = fc.tuple(piece, fc.constantFrom(1, 2, 3, 4, 5));
    fc.assert(
      fc.property(fc.array(token, { minLength: 1, maxLength: 12 }), piece, (pairs, text) => {
        const tokens = pairs.map(([one]) => one);
        const { idOf, tokenText } = createSentencePieceTokenizer({
          ...{ kind: data.kind, addBos: false, addSpacePrefix: false },
          ...{ tokens, scores: tokens.map(() => 0), types: pairs.map(([, type]) => type) },
        });
        const first = tokens.findIndex((_, id) => tokenText(id) === text);
        expect(idOf(text)).toBe(first < 0 ? undefined : first);
      }),
      { seed: 53, numRuns: 500 },
    );
  });

  test("faults are named", () => {
    expect(() => createSentencePieceTokenizer({ ...data, scores: [] })).toThrow(
      "expected a score and a type for each of 300 tokens, got 0 scores and 300 types",
    );
    expect(() => createSentencePieceTokenizer({ ...data, bos: 300 })).toThrow(
      "bos must be below 300, got 300",
    );
    expect(() => createSentencePieceTokenizer({ ...data, tokens: [] })).toThrow("got none");
  });
});

function mergeSlowly(
  symbols: readonly string[],
  scoreOf: (text: string) => number | undefined,
): string[] {
  const texts = [...symbols];
  for (;;) {
    let best = { at: -1, score: Number.NEGATIVE_INFINITY };
    for (let at = 0; at + 1 < texts.length; at++) {
      const score = scoreOf(texts[at]! + texts[at + 1]!);
      if (score !== undefined && score > best.score) best = { at, score };
    }
    if (best.at < 0) return texts;
    texts.splice(best.at, 2, texts[best.at]! + texts[best.at + 1]!);
  }
}
