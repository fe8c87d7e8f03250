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
    quarter: fc.integer({ min: 2, max: 11 }),
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
