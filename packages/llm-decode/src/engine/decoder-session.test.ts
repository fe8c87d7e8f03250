import {
  type PackedTensor,
  quantizeInt4Group,
  quantizeInt8Channel,
  quantizeTernary,
} from "@edgewright/core";
import type { DecoderConfig } from "@edgewright/core/model-files";
import { loadLanguageKernels } from "@edgewright/kernels/language";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type CachedSession, createDecoderSession } from "./decoder-session.js";
import { loadDecoder } from "./loaded-decoder.js";
import { randomDecoder, referenceLogits, smallConfig } from "./random-decoder.test-support.js";

const kernels = await loadLanguageKernels();
const TEXT = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3, 2, 3, 8, 4];

function largestDifference(got: ArrayLike<number>, expected: readonly number[]): number {
  return Math.max(...expected.map((v, i) => Math.abs(v - got[i]!)));
}

/** Appends tokens one at a time; gives the logits after each. */
function decodeOneByOne(session: CachedSession, tokens: readonly number[]): Float32Array[] {
  return tokens.map((token) => {
    const logits = session
      .run({ tokens: [token] })
      .row(0)
      .slice();
    session.commit([0]);
    return logits;
  });
}

const architectures: [name: string, changes: Partial<DecoderConfig>][] = [
  ["llama, grouped queries", {}],
  ["llama, one key head, halves turned", { kvHeads: 1, ropePairing: "half" }],
  ["untied, as many key heads", { kvHeads: 4, hiddenDim: 72 }],
  [
    "BitNet: squared ReLU and norms before outputs",
    { architecture: "bitnet", activation: "relu2", subNorms: true },
  ],
];

for (const [name, changes] of architectures) {
  test(`logits are those of plain loops: ${name}`, async () => {
    const weights = randomDecoder(smallConfig(changes));
    const model = await loadDecoder(kernels, weights);
    const session = createDecoderSession(model, { cacheType: "f32", maxRows: 8 });
    const expected = referenceLogits(weights, TEXT);
    decodeOneByOne(session, TEXT).forEach((logits, i) => {
      expect(largestDifference(logits, expected[i]!)).toBeLessThan(2e-5);
    });
    expect(session.tokens).toEqual(TEXT);
    model.dispose();
    expect(kernels.arena.used).toBe(0);
  });
}

test("BitNet's ternary weights and rounded activations give what plain loops give", async () => {
  const config = smallConfig({ architecture: "bitnet", int8Activations: true, subNorms: true });
  const weights = randomDecoder(config, 5, (data, shape) => quantizeTernary(data, shape));
  const model = await loadDecoder(kernels, weights);
  const session = createDecoderSession(model, { cacheType: "f32" });
  const expected = referenceLogits(weights, TEXT);
  // A code that lies on the edge between two may fall to either side: a code is 1/127 of the largest.
  const worst = decodeOneByOne(session, TEXT).map((l, i) => largestDifference(l, expected[i]!));
  expect(worst.sort((a, b) => a - b)[TEXT.length >> 1]!).toBeLessThan(2e-4);
  expect(Math.max(...worst)).toBeLessThan(0.1);
  model.dispose();
});

const packings: [string, (data: Float32Array, shape: readonly number[]) => PackedTensor][] = [
  ["int8", (data, shape) => quantizeInt8Channel(data, shape)],
  ["int4", (data, shape) => quantizeInt4Group(data, shape, { groupSize: 8 })],
  ["ternary", (data, shape) => quantizeTernary(data, shape)],
];

for (const [name, pack] of [["f32", undefined] as const, ...packings]) {
  for (const cacheType of ["f32", "f16", "int8"] as const) {
    test(`rows have the same bits alone, in a piece and in a tree: ${name}, ${cacheType} cache`, async () => {
      const model = await loadDecoder(kernels, randomDecoder(smallConfig(), 2, pack));
      const alone = createDecoderSession(model, { cacheType });
      const together = createDecoderSession(model, { cacheType });
      const property = fc.property(
        fc.array(fc.integer({ min: 0, max: 22 }), { minLength: 0, maxLength: 20 }),
        fc.array(fc.tuple(fc.integer({ min: 0, max: 22 }), fc.nat(100)), {
          minLength: 1,
          maxLength: 12,
        }),
        (text, rows) => {
          together.truncate(0);
          if (text.length > 0) {
            together.run({ tokens: text, logits: "none" });
            together.commit(text.map((_, i) => i));
          }
          const tokens = rows.map(([token]) => token);
          const parents = rows.map(([, draw], row) => (draw % (row + 1)) - 1);
          const output = together.run({ tokens, parents });
          const got = tokens.map((_, row) => output.row(row).slice());
          tokens.forEach((_, row) => {
            const path: number[] = [];
            for (let at = row; at >= 0; at = parents[at]!) path.unshift(at);
            alone.truncate(0);
            const expected = decodeOneByOne(alone, [...text, ...path.map((i) => tokens[i]!)]).at(
              -1,
            );
            expect(got[row]).toEqual(expected);
          });
          // Committing a path leaves the cache as decoding it would: the next token's logits tell.
          const path: number[] = [];
          for (let at = tokens.length - 1; at >= 0; at = parents[at]!) path.unshift(at);
          together.commit(path);
          const next = together
            .run({ tokens: [7] })
            .row(0)
            .slice();
          alone.truncate(0);
          const all = [...text, ...path.map((i) => tokens[i]!), 7];
          expect(next).toEqual(decodeOneByOne(alone, all).at(-1));
          expect(together.tokens).toEqual(all.slice(0, -1));
        },
      );
      fc.assert(property, { numRuns: 15, seed: 3 });
      model.dispose();
    });
  }
}

test("logits asked for later are those computed at once", async () => {
  const model = await loadDecoder(kernels, randomDecoder(smallConfig()));
  const session = createDecoderSession(model);
  const output = session.run({ tokens: TEXT });
  const all = TEXT.map((_, row) => output.row(row).slice());
  const best = TEXT.map((_, row) => output.argmax(row));
  const lazy = session.run({ tokens: TEXT, logits: "lazy" });
  for (const row of [5, 0, 19, 5]) expect(lazy.row(row)).toEqual(all[row]);
  expect(() => output.row(0)).toThrow("a later call has overwritten");
  const last = session.run({ tokens: TEXT, logits: "last" });
  expect(last.row(19)).toEqual(all[19]);
  expect(last.argmax(19)).toBe(best[19]);
  expect(() => last.row(3)).toThrow("computed for rows 19 to 19, not for row 3");
  model.dispose();
});

test("a saved text goes on as if it had never been put away", async () => {
  const model = await loadDecoder(kernels, randomDecoder(smallConfig()));
  for (const cacheType of ["f32", "f16", "int8"] as const) {
    const session = createDecoderSession(model, { cacheType });
    decodeOneByOne(session, TEXT);
    const saved = session.save();
    const expected = session
      .run({ tokens: [1] })
      .row(0)
      .slice();
    const other = createDecoderSession(model, { cacheType, capacity: 40 });
    other.restore(saved);
    expect(other.tokens).toEqual(TEXT);
    expect(other.run({ tokens: [1] }).row(0)).toEqual(expected);
    expect(() => other.restore({ ...saved, data: saved.data.subarray(1) })).toThrow("restore");
    expect(() => other.restore({ ...saved, tokens: [99] })).toThrow("restore");
  }
  model.dispose();
});

test("shifting a cache is forgetting the tokens, seen from a first layer", async () => {
  // In one layer keys and values depend on their tokens alone, so a shifted cache equals a new one.
  const weights = randomDecoder(smallConfig({ layers: 1 }));
  const model = await loadDecoder(kernels, weights);
  const session = createDecoderSession(model, { cacheType: "f32" });
  decodeOneByOne(session, TEXT);
  session.shift(2, 7);
  const rest = [...TEXT.slice(0, 2), ...TEXT.slice(9)];
  expect(session.tokens).toEqual(rest);
  const got = session.run({ tokens: [1] }).row(0);
  const expected = referenceLogits(weights, [...rest, 1]).at(-1)!;
  expect(largestDifference(got, expected)).toBeLessThan(5e-5);
  model.dispose();
});

test("what does not fit is refused, and the text stays as it was", async () => {
  const model = await loadDecoder(kernels, randomDecoder(smallConfig()));
  const session = createDecoderSession(model, { capacity: 24, maxRows: 8 });
  decodeOneByOne(session, TEXT);
  const expected = session
    .run({ tokens: [1] })
    .row(0)
    .slice();
  for (const [rows, message] of [
    [{ tokens: [] }, "expected 1 to 8 rows, got 0"],
    [{ tokens: Array(9).fill(1) }, "expected 1 to 8 rows, got 9"],
    [{ tokens: [1, 2, 3, 4, 5] }, "no room for 5 more"],
    [{ tokens: [23] }, "expected tokens from 0 to 22, got 23"],
    [{ tokens: [1.5] }, "expected tokens from 0 to 22, got 1.5"],
    [{ tokens: [1, 2], parents: [-1] }, "a parent for each of 2 rows"],
    [{ tokens: [1, 2], parents: [-1, 1] }, "row 1 to continue an earlier row"],
    [{ tokens: [1], bits: 3 }, "bits of 3 need nested weights"],
  ] as const) {
    expect(() => session.run(rows)).toThrow(message);
  }
  session.run({ tokens: [1, 2], parents: [-1, -1] });
  expect(() => session.commit([0, 1])).toThrow("each continuing the one before it");
  expect(() => session.truncate(21)).toThrow("a length from 0 to 20");
  expect(() => session.shift(1, 20)).toThrow("at most 20 tokens");
  expect(() => createDecoderSession(model, { capacity: 65 })).toThrow(
    "capacity to be a whole number from 1 to 64",
  );
  expect(session.run({ tokens: [1] }).row(0)).toEqual(expected);
  session.dispose();
  expect(() => session.run({ tokens: [1] })).toThrow("disposed");
  model.dispose();
  expect(kernels.arena.used).toBe(0);
});

test("prompt embeddings stand in for tokens", async () => {
  const weights = randomDecoder(smallConfig());
  const model = await loadDecoder(kernels, weights);
  const session = createDecoderSession(model);
  const embedding = weights.embedding as { data: Float32Array };
  session.setPromptEmbeddings(embedding.data.slice(32 * 6, 32 * 8));
  const output = session.run({ tokens: [1, 23, 24, 23], parents: [-1, 0, 1, 0] });
  const got = [0, 1, 2, 3].map((row) => output.row(row).slice());
  const expected = session.run({ tokens: [1, 6, 7, 6], parents: [-1, 0, 1, 0] });
  got.forEach((logits, row) => {
    expect(logits).toEqual(expected.row(row));
  });
  session.run({ tokens: [1, 23] });
  expect(() => session.commit([0, 1])).toThrow("rows of tokens");
  expect(() => session.setPromptEmbeddings(new Float32Array(33))).toThrow(
    "embeddings of 32 numbers",
  );
  model.dispose();
});
