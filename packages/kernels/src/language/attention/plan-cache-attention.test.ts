import fc from "fast-check";
import { expect, test } from "vitest";
import { seededNumbers } from "../../runtime/fixtures.test-support.js";
import type { KvCacheType } from "../cache/kv-cache-layout.js";
import type { RopePairing } from "../cache/plan-rotate-and-store.js";
import {
  type AttentionSizes,
  attentionReference,
  openText,
  randomRows,
  type Step,
} from "../cache/text-in-cache.test-support.js";
import { loadEveryLanguageKind } from "../fixtures.test-support.js";

const kinds = await loadEveryLanguageKind();

const TYPES: readonly KvCacheType[] = ["f32", "f16", "int8"];
/** Errors against 64 bits, relative to the largest value of a row: 2 here. */
const TOLERANCE = { f32: 2e-6, f16: 2e-3, int8: 2e-2 } as const;

const sizes: fc.Arbitrary<AttentionSizes> = fc
  .record({
    group: fc.integer({ min: 1, max: 3 }),
    kvHeads: fc.integer({ min: 1, max: 3 }),
    quarter: fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: 2, max: 11 }) },
      fc.constantFrom(16, 32),
    ),
    pairing: fc.constantFrom<RopePairing>("half", "interleaved"),
  })
  .map(({ group, kvHeads, quarter, pairing }) => ({
    ...{ heads: group * kvHeads, kvHeads, headDim: 4 * quarter, pairing },
  }));

/** Every row of a text by itself. */
const oneByOne = (length: number): Step[] =>
  Array.from({ length }, (_, i): Step => ({ rows: [i] }));

/** The rows of a text in pieces of random sizes. */
function inChunks(length: number, random: () => number): Step[] {
  const steps: Step[] = [];
  for (let from = 0; from < length; ) {
    const n = Math.min(length - from, 1 + Math.floor(random() * 40));
    steps.push({ rows: Array.from({ length: n }, (_, i) => from + i) });
    from += n;
  }
  return steps;
}

const bits = (values: Float32Array): Int32Array => new Int32Array(values.buffer.slice(0));

test("rows see what lies before them, with the same bits alone and in parts of any size", () => {
  fc.assert(
    fc.property(
      sizes,
      fc.integer({ min: 1, max: 150 }),
      fc.nat(),
      fc.constantFrom(...TYPES),
      (size, length, seed, type) => {
        const text = randomRows(size, length, seed);
        const every = Array.from({ length }, (_, i) => i);
        const random = seededNumbers(seed);
        const byVariant = new Map<string, Int32Array>();
        for (const [name, kernels] of kinds) {
          const before = kernels.arena.used;
          for (const steps of [oneByOne(length), inChunks(length, random), [{ rows: every }]]) {
            const opened = openText(kernels, text, { type });
            const parts = steps.map((step) => opened.compute(step));
            opened.dispose();
            const all = Float32Array.from(parts.flatMap((part) => [...part]));
            const expected = byVariant.get(kernels.variant);
            if (expected !== undefined) {
              const at = bits(all).findIndex((word, i) => word !== expected[i]);
              expect(at, `${name}, ${steps.length} calls`).toBe(-1);
              continue;
            }
            byVariant.set(kernels.variant, bits(all));
            const width = size.heads * size.headDim;
            for (const row of [0, length >> 1, length - 1]) {
              const reference = attentionReference(text, row, every.slice(0, row + 1));
              reference.forEach((value, i) => {
                expect(Math.abs(all[row * width + i]! - value)).toBeLessThan(TOLERANCE[type]);
              });
            }
          }
          expect(kernels.arena.used).toBe(before);
        }
      },
    ),
    { numRuns: 25, seed: 8 },
  );
});

/** A random tree over rows: a parent (or none) for each, earlier than it; gives the path to every row. */
function randomPaths(n: number, random: () => number): number[][] {
  const paths: number[][] = [];
  for (let i = 0; i < n; i++) {
    const parent = Math.floor(random() * (i + 1)) - 1;
    paths.push([...(paths[parent] ?? []), i]);
  }
  return paths;
}

/** Whole numbers from `from` below `to` in random order. */
function shuffled(from: number, to: number, random: () => number): number[] {
  const all = Array.from({ length: to - from }, (_, i) => from + i);
  for (let i = all.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [all[i], all[j]] = [all[j]!, all[i]!];
  }
  return all;
}

test("a path of a tree has the bits of the same text by itself, in whatever slots it lies", () => {
  fc.assert(
    fc.property(
      sizes,
      fc.integer({ min: 1, max: 140 }),
      fc.integer({ min: 1, max: 33 }),
      fc.nat(),
      fc.constantFrom(...TYPES),
      (size, before, n, seed, type) => {
        const text = randomRows(size, before + n, seed);
        const start = Array.from({ length: before }, (_, i) => i);
        const width = size.heads * size.headDim;
        const random = seededNumbers(seed);
        const paths = randomPaths(n, random);
        const slots = shuffled(before, before + n + 7, random).slice(0, n);
        // Row i of the tree is that of position before + depth of the text with the path behind the start.
        const depths = paths.map((path) => path.length - 1);
        const rows = depths.map((depth) => before + depth);
        for (const [, kernels] of kinds) {
          const capacity = before + n + 7;
          const tree = openText(kernels, text, { type, capacity });
          tree.compute({ rows: start });
          const own = tree.compute({ rows: rows, slots, paths, length: before });
          tree.dispose();
          for (const i of [0, n >> 1, n - 1]) {
            const path = paths[i]!;
            const alone = openText(kernels, text, { type, capacity });
            alone.compute({ rows: start });
            const last = path.map((row) => alone.compute({ rows: [rows[row]!] })).at(-1)!;
            alone.dispose();
            const mine = own.subarray(i * width, (i + 1) * width);
            expect(bits(Float32Array.from(mine))).toEqual(bits(last));
          }
        }
      },
    ),
    { numRuns: 15, seed: 9 },
  );
});

test("one job for rotation, storing and attention has the bits of two", () => {
  fc.assert(
    fc.property(
      sizes,
      fc.integer({ min: 1, max: 90 }),
      fc.integer({ min: 1, max: 16 }),
      fc.nat(),
      fc.constantFrom(...TYPES),
      (size, before, n, seed, type) => {
        const text = randomRows(size, before + n, seed);
        const rows = Array.from({ length: before + n }, (_, i) => i);
        for (const [, kernels] of kinds) {
          const [apart, fused] = [false, true].map((fused) => {
            const opened = openText(kernels, text, { type });
            opened.compute({ rows: rows.slice(0, before) });
            const y = opened.compute({ rows: rows.slice(before), fused });
            const after = opened.cache.layout;
            const cache = kernels.arena.u8(after.data, opened.cache.bytes).slice();
            opened.dispose();
            return { y: bits(y), cache };
          });
          expect(fused!.y).toEqual(apart!.y);
          expect(fused!.cache.every((byte, i) => byte === apart!.cache[i])).toBe(true);
        }
      },
    ),
    { numRuns: 12, seed: 10 },
  );
});

test("what stands in slots that no row sees is nobody's business, even NaN", () => {
  const text = randomRows({ heads: 4, kvHeads: 2, headDim: 36, pairing: "half" }, 90, 3);
  const rows = Array.from({ length: 83 }, (_, i) => i);
  for (const type of TYPES) {
    for (const [, kernels] of kinds) {
      const results = [0, 0xff].map((fill) => {
        const opened = openText(kernels, text, { type, capacity: 200 });
        const { data } = opened.cache.layout;
        kernels.arena.u8(data, opened.cache.bytes).fill(fill);
        const y = [opened.compute({ rows }), opened.compute({ rows: [83] })];
        opened.dispose();
        return y;
      });
      expect(results[1]).toEqual(results[0]);
      expect(results[0]!.flatMap((y) => [...y]).some(Number.isNaN)).toBe(false);
    }
  }
});

test("a NaN in a key or value shows in the rows that see it, and in no other", () => {
  const size: AttentionSizes = { heads: 2, kvHeads: 2, headDim: 16, pairing: "interleaved" };
  const rows = Array.from({ length: 12 }, (_, i) => i);
  for (const type of ["f32", "int8"] as const) {
    for (const head of [2, 4]) {
      const text = randomRows(size, 12, 3);
      text.qkv[5 * text.width + head * 16 + 3] = Number.NaN; // key or value of head 0 of row 5
      for (const [, kernels] of kinds) {
        const opened = openText(kernels, text, { type });
        const y = opened.compute({ rows });
        opened.dispose();
        for (const row of rows) {
          const ofHead = (i: number): boolean =>
            y.subarray(row * 32 + i * 16, row * 32 + i * 16 + 16).some(Number.isNaN);
          expect([row, ofHead(0), ofHead(1)]).toEqual([row, row >= 5, false]);
        }
      }
    }
  }
});

test("scores beyond the range of exponentials, and equal ones, give weights all the same", () => {
  const size: AttentionSizes = { heads: 1, kvHeads: 1, headDim: 8, pairing: "half" };
  for (const scale of [0, 300]) {
    const text = randomRows(size, 70, 5);
    for (let i = 0; i < text.qkv.length; i++) if (i % 24 < 16) text.qkv[i]! *= scale;
    const rows = Array.from({ length: 70 }, (_, i) => i);
    for (const [, kernels] of kinds) {
      const opened = openText(kernels, text);
      const y = opened.compute({ rows });
      opened.dispose();
      for (const row of [1, 63, 64, 69]) {
        const expected = attentionReference(text, row, rows.slice(0, row + 1));
        // Scores of 1e6 are rounded to 0.06 and more: only where one wins clearly is there one answer.
        const tolerance = scale === 0 ? 1e-6 : 0.3;
        expected.forEach((v, i) => {
          expect(Math.abs(y[row * 8 + i]! - v)).toBeLessThan(tolerance);
        });
      }
    }
  }
});
