import { decodeFloat16 } from "@edgewright/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Kernels } from "../../runtime/load.js";
import { createRotaryAngles } from "../../training/attention/create-rotary-angles.js";
import { loadEveryLanguageKind } from "../fixtures.test-support.js";
import { cacheSlices } from "./cache-slices.js";
import { createKvCache, kvCacheBytes } from "./create-kv-cache.js";
import { type KvCacheLayout, type KvCacheType, locateSlot } from "./kv-cache-layout.js";
import { planMoveSlots } from "./plan-move-slots.js";
import type { RopePairing } from "./plan-rotate-and-store.js";
import { planShiftCache } from "./plan-shift-cache.js";
import {
  openText,
  randomRows,
  rotateReference,
  type TextRows,
} from "./text-in-cache.test-support.js";

const kinds = await loadEveryLanguageKind();
const [, kernels] = kinds[0]!;

const TYPES: readonly KvCacheType[] = ["f32", "f16", "int8"];
/** Error of an element, relative to the largest of its vector (2 sqrt 2 after rotation). */
const ROUNDING = { f32: 1e-6, f16: 2 ** -11 * 1.01, int8: 0.5 / 127 + 1e-6 } as const;

/** The key and the value of a slot of layer 1, as numbers. */
function readSlot(
  { arena }: Kernels,
  cache: KvCacheLayout,
  head: number,
  slot: number,
): number[][] {
  const { key, value, keyScale, valueScale } = locateSlot(cache, 1, head, slot);
  const { headDim, type } = cache;
  const read = (ptr: number, scale: number): number[] => {
    if (type === "f32") return [...arena.f32(ptr, headDim)];
    if (type === "f16") {
      return [...decodeFloat16(new Uint16Array(arena.memory.buffer, ptr, headDim))];
    }
    return Array.from(arena.i8(ptr, headDim), (code) => code * arena.f32(scale, 1)[0]!);
  };
  return [read(key, keyScale), read(value, valueScale)];
}

/** What a slot should hold: the key of a row turned by `position`, and its value. */
function slotReference(text: TextRows, head: number, row: number, position: number): number[][] {
  const { heads, kvHeads, headDim, qkv, width, pairing } = text;
  const vector = (i: number): Float32Array =>
    qkv.subarray(row * width + i * headDim, row * width + (i + 1) * headDim);
  const key = rotateReference(vector(heads + head), position, pairing);
  return [[...key], [...vector(heads + kvHeads + head)]];
}

function expectSlot(
  kernels: Kernels,
  cache: KvCacheLayout,
  text: TextRows,
  [slot, row, position]: readonly [slot: number, row: number, position: number],
  rounding = ROUNDING[cache.type],
): void {
  for (let head = 0; head < text.kvHeads; head++) {
    const actual = readSlot(kernels, cache, head, slot);
    const expected = slotReference(text, head, row, position);
    expected.forEach((vector, which) => {
      const largest = Math.max(...vector.map(Math.abs));
      vector.forEach((value, i) => {
        const error = Math.abs(actual[which]![i]! - value);
        // f16 below 2^-14 becomes 0.
        expect(error, `slot ${slot}, element ${i}`).toBeLessThanOrEqual(
          rounding * largest + (cache.type === "f16" ? 2 ** -14 : 0),
        );
      });
    });
  }
}

const texts = fc.record({
  group: fc.integer({ min: 1, max: 2 }),
  kvHeads: fc.integer({ min: 1, max: 3 }),
  headDim: fc
    .oneof(fc.integer({ min: 2, max: 9 }), fc.constantFrom(16, 32))
    .map((quarter) => 4 * quarter),
  pairing: fc.constantFrom<RopePairing>("half", "interleaved"),
  type: fc.constantFrom(...TYPES),
  length: fc.integer({ min: 1, max: 140 }),
  seed: fc.nat(),
});

test("keys are stored turned, values as they are, to the precision of the type", () => {
  fc.assert(
    fc.property(texts, ({ group, kvHeads, headDim, pairing, type, length, seed }) => {
      const text = randomRows({ heads: group * kvHeads, kvHeads, headDim, pairing }, length, seed);
      for (const [, kernels] of kinds) {
        const opened = openText(kernels, text, { type });
        opened.compute({ rows: Array.from({ length }, (_, i) => i) });
        for (const slot of [0, length >> 1, length - 1]) {
          expectSlot(kernels, opened.cache.layout, text, [slot, slot, slot]);
        }
        opened.dispose();
      }
    }),
    { numRuns: 30, seed: 20 },
  );
});

test("moved slots keep their bits, in the order given", () => {
  fc.assert(
    fc.property(texts, ({ group, kvHeads, headDim, pairing, type, length, seed }) => {
      const text = randomRows({ heads: group * kvHeads, kvHeads, headDim, pairing }, length, seed);
      for (const [, kernels] of kinds) {
        const { arena } = kernels;
        const opened = openText(kernels, text, { type });
        opened.compute({ rows: Array.from({ length }, (_, i) => i) });
        const { layout } = opened.cache;
        const before = Array.from({ length }, (_, slot) => readSlot(kernels, layout, 0, slot));
        // Every third slot moves to the front; slots that do not exist are left out.
        const from = [-1, ...Array.from({ length }, (_, i) => i).filter((i) => i % 3 === 2), 5];
        const to = from.map((_, i) => (i === from.length - 1 ? 2 ** 30 : i - 1));
        const up = [from, to, [from.length]].map((v) => arena.upload(Int32Array.from(v)));
        const [fromAt, toAt, count] = up.map(({ ptr }) => ptr);
        const plan = planMoveSlots(kernels, {
          ...{ cache: layout, from: fromAt!, to: toAt!, count: count! },
        });
        kernels.run(plan);
        const expected = [...before];
        from.forEach((slot, i) => {
          if (slot >= 0 && to[i]! < length && slot < length) expected[to[i]!] = expected[slot]!;
        });
        const after = expected.map((_, slot) => readSlot(kernels, layout, 0, slot));
        expect(after).toEqual(expected);
        for (const one of [plan, ...up]) one.dispose();
        opened.dispose();
      }
    }),
    { numRuns: 15, seed: 21 },
  );
});

test("a shifted cache is that of a text that never had the dropped piece, as far as a layer knows", () => {
  fc.assert(
    fc.property(
      texts,
      fc.nat(),
      fc.nat(),
      ({ group, kvHeads, headDim, pairing, type, length, seed }, a, b) => {
        const keep = a % (length + 1);
        const count = b % (length - keep + 1);
        const text = randomRows(
          { heads: group * kvHeads, kvHeads, headDim, pairing },
          length,
          seed,
        );
        const table = createRotaryAngles({ places: length + 1, rotated: headDim });
        for (const [, kernels] of kinds) {
          const opened = openText(kernels, text, { type });
          opened.compute({ rows: Array.from({ length }, (_, i) => i) });
          const angles = kernels.arena.upload(table);
          const plan = planShiftCache(kernels, {
            ...{ cache: opened.cache.layout, keep, count, length, angles: angles.ptr },
            ...{ places: length + 1, pairing },
          });
          kernels.run({ ...plan, jobs: plan.jobs.map((job) => ({ ...job, grain: 1 })) });
          for (const slot of [0, keep - 1, keep, length - count - 1]) {
            if (slot < 0 || slot >= length - count) continue;
            const row = slot < keep ? slot : slot + count;
            // The first error of two elements, of a vector up to sqrt 2 larger, is turned into one; then the second.
            const rounding = 3.1 * ROUNDING[type] + 2e-6;
            expectSlot(kernels, opened.cache.layout, text, [slot, row, slot], rounding);
          }
          plan.dispose();
          angles.dispose();
          opened.dispose();
        }
      },
    ),
    { numRuns: 25, seed: 22 },
  );
});

test("what cacheSlices lists goes on in a cache of another capacity with the same bits", () => {
  const sizes = { heads: 4, kvHeads: 2, headDim: 12, pairing: "interleaved" } as const;
  const text = randomRows(sizes, 131, 1);
  const rows = Array.from({ length: 130 }, (_, i) => i);
  for (const type of TYPES) {
    const { arena } = kernels;
    const first = openText(kernels, text, { type, capacity: 131 });
    first.compute({ rows });
    const saved = cacheSlices(first.cache.layout, 130).map(({ ptr, bytes }) =>
      arena.u8(ptr, bytes).slice(),
    );
    const expected = first.compute({ rows: [130] });
    const second = openText(kernels, text, { type, capacity: 500 });
    cacheSlices(second.cache.layout, 130).forEach(({ ptr, bytes }, i) => {
      expect(bytes).toBe(saved[i]!.length);
      arena.u8(ptr, bytes).set(saved[i]!);
    });
    expect(second.compute({ rows: [130] })).toEqual(expected);
    expect(cacheSlices(second.cache.layout, 0).every(({ bytes }) => bytes === 0)).toBe(true);
    first.dispose();
    second.dispose();
  }
});

test("f16 keys keep the largest finite number, and give 0 below the least normal one", () => {
  const sizes = { heads: 1, kvHeads: 1, headDim: 8, pairing: "half" } as const;
  const values = [
    1e9,
    -1e9,
    65504,
    2 ** -14,
    2 ** -15,
    -(2 ** -16),
    1 + 2 ** -11,
    1 + 3 * 2 ** -11,
  ];
  const qkv = Float32Array.from([...new Array<number>(16).fill(0), ...values]);
  for (const [, kernels] of kinds) {
    const opened = openText(kernels, { ...sizes, length: 1, width: 24, qkv }, { type: "f16" });
    opened.compute({ rows: [0] });
    const [, value] = readSlot(kernels, opened.cache.layout, 0, 0);
    // Ties go to the even code.
    const expected = [65504, -65504, 65504, 2 ** -14, 0, -0, 1, 1 + 2 ** -9];
    expect(value).toEqual(expected);
    opened.dispose();
  }
});

test("kvCacheBytes is what createKvCache takes, but for its description", () => {
  for (const type of TYPES) {
    const options = { layers: 3, kvHeads: 2, headDim: 20, capacity: 65, type };
    const before = kernels.arena.used;
    using cache = createKvCache(kernels, options);
    expect(cache.bytes).toBe(kvCacheBytes(options));
    expect(kernels.arena.used - before - cache.bytes).toBeLessThanOrEqual(128);
  }
  // 3 layers, 2 heads, 2 tiles of 64 keys and values of 20 floats
  expect(kvCacheBytes({ layers: 3, kvHeads: 2, headDim: 20, capacity: 65 })).toBe(122880);
});
