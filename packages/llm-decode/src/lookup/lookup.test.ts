import { createRng } from "@edgewright/core";
import { describe, expect, it } from "vitest";
import { decodeWith } from "../engine/decode-with.test-support.js";
import { createHashSession } from "../engine/hash-session.test-support.js";
import { plainDecoding } from "../precision/progressive-precision.js";
import { type ContinuationTable, createContinuationTable } from "./continuation-table.js";
import { readContinuationTable, writeContinuationTable } from "./continuation-table-file.js";
import { createDraftTreeGrower, type DraftTree } from "./grow-draft-tree.js";
import { type LookupDecodingOptions, lookupDecoding } from "./lookup-decoding.js";

describe("ContinuationTable", () => {
  it("knows what followed, the longer context before the shorter", () => {
    const table = createContinuationTable({ order: 2 });
    table.learn([1, 2, 3, 1, 2, 3, 9, 2, 5, 9, 2, 5]);
    // Behind 1 2 always 3, twice; behind 2 alone 3 and 5, twice each.
    const of2 = 2 / 5;
    const behind12 = table.continuations([1, 2], 4);
    expect(behind12.map(({ token }) => token)).toEqual([3, 5]);
    expect(behind12[0]!.probability).toBeCloseTo((2 + of2) / 3, 12);
    expect(behind12[1]!.probability).toBeCloseTo(of2 / 3, 12);
    expect(table.continuations([9, 2], 1).map(({ token }) => token)).toEqual([5]);
    // An unknown longer context says nothing: the shorter one decides.
    expect(table.continuations([7, 9], 4)).toEqual([{ token: 2, probability: 2 / 3 }]);
    expect(table.continuations([8], 4)).toEqual([]);
  });

  it("learns from a place on without counting what is before it again", () => {
    const [whole, parts] = [createContinuationTable(), createContinuationTable()];
    const text = [4, 2, 4, 2, 5, 4, 2, 4];
    whole.learn(text);
    parts.learn(text.slice(0, 5));
    parts.learn(text, 5);
    for (const context of [[4], [2], [4, 2], [5, 4, 2]]) {
      expect(parts.continuations(context, 4)).toEqual(whole.continuations(context, 4));
    }
  });

  it("agrees with counts in maps over a long text, while it grows", () => {
    const rng = createRng(2);
    const text = [0, 1];
    for (let i = 2; i < 6000; i++) {
      text.push((text[i - 1]! * 3 + rng.integer(0, 3)) % 50); // fewer successors than are kept
    }
    const table = createContinuationTable({ order: 2 });
    table.learn(text);
    const counts = [1, 2].map((order) => {
      const map = new Map<string, Map<number, number>>();
      for (let i = order; i < text.length; i++) {
        const key = text.slice(i - order, i).join();
        const own = map.get(key) ?? new Map<number, number>();
        map.set(key, own.set(text[i]!, (own.get(text[i]!) ?? 0) + 1));
      }
      return map;
    });
    expect(table.contexts).toBe(counts[0]!.size + counts[1]!.size);
    for (const at of [5, 99, 2500, 5990]) {
      const expected = new Map<number, number>();
      for (const [order, map] of counts.entries()) {
        const own = map.get(text.slice(at - order - 1, at).join())!;
        const total = [...own.values()].reduce((a, b) => a + b, 0) + 1;
        for (const [token, p] of expected) expected.set(token, p / total);
        for (const [token, count] of own) {
          expected.set(token, (expected.get(token) ?? 0) + count / total);
        }
      }
      const found = table.continuations(text.slice(0, at), 3);
      expect(found.length).toBe(3);
      for (const { token, probability } of found) {
        expect(probability).toBeCloseTo(expected.get(token)!, 12);
      }
      expect(found[0]!.probability).toBeCloseTo(Math.max(...expected.values()), 12);
    }
  });

  it("keeps to its size and to the most frequent successors", () => {
    const table = createContinuationTable({ order: 1, mostContexts: 3 });
    table.learn([1, 2, 1, 2, 1, 3, 1, 4, 1, 5, 1, 6, 1, 2, 7, 8, 9]);
    expect(table.contexts).toBe(3);
    expect(table.continuations([1], 4)[0]!.token).toBe(2);
    expect(table.continuations([7], 4)).toEqual([]);
    const before = table.bytes;
    for (let i = 0; i < 100; i++) table.learn([i, i + 1]);
    expect(table.bytes).toBe(before);
    // Counts that reach their limit are halved together.
    const many = createContinuationTable({ order: 1 });
    for (let i = 0; i < 30_000; i++) many.learn([1, 2, 1, 2, 1, 3]);
    const [first, second] = many.continuations([1], 2);
    expect(first!.probability / second!.probability).toBeCloseTo(2, 1);
  });

  it("is smoothed by a prior, which decides where nothing else does", () => {
    const table = createContinuationTable({ order: 2 });
    table.learn([1, 2, 3]);
    const prior = { tokens: Int32Array.of(9, 3), probabilities: Float64Array.of(0.6, 0.2) };
    const [tokens, shares] = [new Int32Array(3), new Float64Array(3)];
    const unseen = table.predict(Int32Array.of(7), 1, tokens, shares, prior);
    expect([...tokens.subarray(0, unseen)]).toEqual([9, 3]);
    expect([...shares.subarray(0, unseen)]).toEqual([0.6, 0.2]);
    const seen = table.predict(Int32Array.of(1, 2), 2, tokens, shares, prior);
    expect([...tokens.subarray(0, seen)]).toEqual([3, 9]);
    expect(shares[0]).toBeCloseTo(((0.2 + 1) / 2 + 1) / 2, 12);
    expect(shares[1]).toBeCloseTo(0.15, 12);
  });

  it("comes back from a file, which leaves out what was seen once", () => {
    const table = createContinuationTable({ order: 3 });
    table.learn([1, 2, 3, 1, 2, 3, 1, 2, 4, 8]);
    const bytes = writeContinuationTable(table, { metadata: { model: "stories" } });
    const back = readContinuationTable(bytes);
    expect(back.order).toBe(3);
    expect(back.continuations([3, 1, 2], 4)).toEqual(table.continuations([3, 1, 2], 4));
    expect(back.continuations([4], 4)).toEqual([]);
    back.learn([4, 4, 4]);
    expect(back.continuations([4], 1)[0]!.token).toBe(4);
    const all = readContinuationTable(writeContinuationTable(table, { leastCount: 1 }));
    expect(all.contexts).toBe(table.contexts);
    const pruned = table.pruned(2);
    expect(pruned.contexts).toBe(readContinuationTable(bytes).contexts);
    expect(pruned.continuations([3, 1, 2], 4)).toEqual(table.continuations([3, 1, 2], 4));
    expect(() => readContinuationTable(bytes.subarray(0, 60))).toThrow();
    // The version is the only digit behind "table ".
    const changed = bytes.slice();
    const at = new TextDecoder().decode(bytes.subarray(8, 400)).indexOf("table 1");
    changed[8 + at + "table ".length] = "2".charCodeAt(0);
    expect(() => readContinuationTable(changed)).toThrow("writeContinuationTable");
    expect(() => createContinuationTable({ order: 0 })).toThrow("order from 1");
  });
});

describe("createDraftTreeGrower", () => {
  // Behind every token the next number, likely, and the one after, less so.
  const table: ContinuationTable = {
    ...createContinuationTable(),
    order: 2,
    predict(context, length, tokens, probabilities) {
      const last = context[length - 1]!;
      // What it is given is the path: a number and one of the two before it.
      if (length > 1) expect(last - context[length - 2]!).toBeLessThanOrEqual(2);
      tokens.set([last + 1, last + 2]);
      probabilities.set([0.8, 0.1]);
      return 2;
    },
  };
  const limits = { maxRows: 16, maxDepth: 4 };
  const treeFor = (passTime: (rows: number) => number): DraftTree =>
    createDraftTreeGrower({ table, maxRows: 16, branches: 2, passTime })([1, 2, 3], 1, limits);

  it("adds a guess while it brings more than its time", () => {
    const cheap = treeFor((rows) => 1 + 0.3 * (rows - 1));
    expect(cheap.tokens).toEqual([3, 4, 5, 6, 7]); // 0.8, 0.64, 0.51, 0.41; the next, 0.1, is below 0.3
    expect(cheap.parents).toEqual([-1, 0, 1, 2, 3]);
    expect(cheap.children).toEqual([[1], [2], [3], [4], []]);
    expect(treeFor((rows) => 1 + 0.7 * (rows - 1)).tokens).toEqual([3, 4]);
    expect(treeFor(() => 1).tokens.length).toBe(16);
    expect(treeFor((rows) => rows).tokens).toEqual([3]);
  });

  it("takes the likeliest first, a branch when it is likelier than what goes on", () => {
    const { tokens, parents } = treeFor(() => 1);
    expect(tokens.slice(0, 6)).toEqual([3, 4, 5, 6, 7, 5]);
    expect(parents.slice(0, 6)).toEqual([-1, 0, 1, 2, 3, 0]);
  });

  it("looks past a row that costs much when those behind it cost nothing", () => {
    // As kernels do: four rows for the price of two.
    expect(treeFor((rows) => 1 + 0.9 * Math.ceil((rows - 1) / 3)).tokens.length).toBe(4);
  });
});

describe("lookupDecoding", () => {
  it("decides more than one token a pass where texts come by the same places", () => {
    const session = createHashSession();
    const strategy = lookupDecoding({
      passTimes: [
        { rows: 1, milliseconds: 1 },
        { rows: 9, milliseconds: 1.2 },
      ],
    });
    const [first, later] = [1, 2].map(() => {
      let [tokens, passes] = [0, 0];
      for (let prompt = 0; prompt < 40; prompt++) {
        const result = decodeWith(strategy, session, [prompt, 3], 50);
        tokens += result.tokens.length;
        passes += result.steps.length;
      }
      return tokens / passes;
    });
    expect(first).toBeGreaterThan(1.3);
    expect(later).toBeGreaterThan(first!); // the table has learnt
  });

  it("with a table that does not learn, decides the same again", () => {
    const session = createHashSession();
    const table = createContinuationTable();
    table.learn(decodeWith(plainDecoding(), session, [5], 60).tokens);
    const contexts = table.contexts;
    const strategy = lookupDecoding({ table, learn: false });
    const { tokens, steps } = decodeWith(strategy, session, [5], 60);
    expect(tokens).toEqual(decodeWith(plainDecoding(), session, [5], 60).tokens);
    expect(steps.length).toBeLessThan(40);
    expect(table.contexts).toBe(contexts);
  });

  it("takes prompt tokens' guesses where the table knows nothing", () => {
    const promptTokens = { count: 2, ensemble: 1, dim: 4, embeddings: new Float32Array(8) };
    const session = createHashSession({ guessing: 0.8 });
    const passTimes = [
      { rows: 1, milliseconds: 1 },
      { rows: 30, milliseconds: 1.3 },
    ];
    const passesOf = (options: LookupDecodingOptions): number => {
      // An empty table each time: no text has been seen, and none repeats itself soon.
      const strategy = lookupDecoding({ passTimes, ...options, table: createContinuationTable() });
      let passes = 0;
      for (let prompt = 0; prompt < 20; prompt++) {
        const plain = decodeWith(plainDecoding(), session, [prompt, 9], 12).tokens;
        const { tokens, steps } = decodeWith(strategy, session, [prompt, 9], 12);
        expect(tokens).toEqual(plain);
        passes += steps.length;
      }
      return passes;
    };
    expect(passesOf({ promptTokens, leastEnd: 0.1 })).toBeLessThan(0.9 * passesOf({}));
  });

  it("refuses sizes out of range", () => {
    expect(() => lookupDecoding({ maxRows: 0 })).toThrow("maxRows");
    expect(() => lookupDecoding({ branches: 1.5 })).toThrow("branches");
  });
});
