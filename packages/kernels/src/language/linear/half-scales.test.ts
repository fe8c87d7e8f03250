import {
  encodeFloat16,
  fromFloat16Bits,
  type Int4GroupTensor,
  type Int8GroupTensor,
  quantizeInt4Group,
  quantizeInt8Group,
  unpackTensor,
} from "@edgewright/core";
import { expect, test } from "vitest";
import type { Kernels, KernelVariant } from "../../runtime/load.js";
import { planEmbedRows } from "../embedding/plan-embed-rows.js";
import { loadEveryLanguageKind } from "../fixtures.test-support.js";
import { loadLanguageKernels } from "../load-language-kernels.js";
import { encodeScales, HALF_LIFT, reliftScales, SMALL_LIFT } from "./half-scales.js";
import { numbersFrom, runLinear } from "./linear-reference.test-support.js";
import { packedLinearBytes, packLinear, packLinearParts } from "./pack-linear.js";
import type { PackedLinear } from "./packed-linear.js";

type Grouped = Int4GroupTensor | Int8GroupTensor;

/** The same weights with scales in 32 bits. */
function widen<T extends Grouped>(weights: T): T {
  const data = Float32Array.from(weights.scales.data as Uint16Array, fromFloat16Bits);
  return { ...weights, scales: { dtype: "f32", data } };
}

/** Weights with scales that are put among the others, as f16 bits. */
function withScales<T extends Grouped>(weights: T, bits: readonly number[]): T {
  const data = (weights.scales.data as Uint16Array).slice();
  for (const [i, half] of bits.entries()) data[(i * 7) % data.length] = half;
  return { ...weights, scales: { dtype: "f16", data } };
}

// 0, -0, the smallest, the largest below the normal ones, negative numbers, 127.94.
const SMALL = [0, 0x8000, 1, 0x8001, 0x3ff, 0x83ff, 0x400, 0xb123, 0x57ff];
// 128, the largest, and small ones beside them.
const LARGE = [...SMALL, 0x5800, 0xfbff, 1, 0x8201];

function embed(kernels: Kernels, table: PackedLinear): Float32Array {
  const { arena } = kernels;
  const ids = arena.upload(Int32Array.from({ length: table.rows }, (_, i) => i));
  const y = arena.allocate(table.rows * table.cols * 4);
  const plan = planEmbedRows(kernels, { table, ids: ids.ptr, y: y.ptr, n: table.rows });
  kernels.run(plan);
  const rows = arena.f32(y.ptr, table.rows * table.cols).slice();
  for (const owned of [plan, ids, y]) owned.dispose();
  return rows;
}

/** How many numbers differ in their bits. */
function differences(a: Float32Array, b: Float32Array): number {
  const [words, others] = [new Uint32Array(a.buffer), new Uint32Array(b.buffer)];
  return words.reduce((sum, word, i) => sum + (word === others[i] ? 0 : 1), a.length - b.length);
}

// Products with 8 bits take scales in 16 bits for matrices of vocabularies.
const SHAPES = [
  [quantizeInt4Group, 5, 9, 8],
  [quantizeInt4Group, 37, 96, 32],
  [quantizeInt4Group, 67, 300, 40],
  [quantizeInt4Group, 33, 256, 128],
  [quantizeInt8Group, 16_397, 19, 8],
] as const;

test("products and rows have the bits that scales in 32 bits give, for all numbers of rows", async () => {
  const next = numbersFrom(11);
  const draw = (length: number): Float32Array =>
    Float32Array.from({ length }, () => next() * 2 - 1);
  const kinds = await loadEveryLanguageKind();
  for (const [make, rows, cols, groupSize] of SHAPES) {
    const plain: Grouped = make(draw(rows * cols), [rows, cols], { groupSize });
    const x = draw(17 * cols);
    for (const halves of [plain, withScales(plain, SMALL), withScales(plain, LARGE)]) {
      const exact = unpackTensor(halves).data as Float32Array;
      const wide = widen(halves);
      for (const [name, kernels] of kinds) {
        const where = `${name}: ${plain.format} of ${rows} x ${cols}, ${groupSize} columns a group`;
        const small = packLinear(kernels, halves);
        const large = packLinear(kernels, wide);
        if (kernels.variant === "relaxed" || plain.format === "int8-group") {
          expect(small.bytes, where).toBeLessThan(large.bytes);
        }
        for (const n of [1, 2, 3, 4, 5, 8, 17]) {
          const y = runLinear(kernels, small, x, n);
          expect(differences(y, runLinear(kernels, large, x, n)), `${where}, ${n}`).toBe(0);
        }
        const all = embed(kernels, small);
        expect(differences(all, embed(kernels, large)), where).toBe(0);
        // A code 0 times a scale below 0 is 0 or -0.
        expect(differences(all.map(Math.abs), exact.map(Math.abs)), where).toBe(0);
        small.dispose();
        large.dispose();
      }
    }
  }
  for (const [, kernels] of kinds) kernels.dispose();
});

test("every finite half has 16 bits at the lift of halves, below 128 without subnormal numbers at the smaller one", () => {
  const bits = Uint16Array.from({ length: 0x10000 }, (_, i) => i).filter(
    (half) => (half & 0x7c00) !== 0x7c00,
  );
  const scales = Float32Array.from(bits, fromFloat16Bits);
  expect(encodeScales(scales, HALF_LIFT)).toEqual(bits);
  const below = scales.filter((scale) => Math.abs(scale) < 128);
  const halves = encodeScales(below, SMALL_LIFT)!;
  const wrong = below.filter((scale, i) => {
    const half = halves[i]!;
    const exponent = (half >> 10) & 31;
    if (exponent === 0) return scale !== 0 || (half & 0x7fff) !== 0;
    const moved = (1 + (half & 1023) / 1024) * 2 ** (exponent - 127 + SMALL_LIFT);
    return (half & 0x8000 ? -moved : moved) !== scale;
  });
  expect([...wrong]).toEqual([]);
  expect(encodeScales(Float32Array.of(128), SMALL_LIFT)).toBeUndefined();
  expect(encodeScales(Float32Array.of(0.1), SMALL_LIFT)).toBeUndefined();
  expect(encodeScales(Float32Array.of(1.0000001 * 2 ** -30), SMALL_LIFT)).toBeUndefined();
  reliftScales(new DataView(halves.buffer), 0, halves.length);
  expect(halves).toEqual(encodeFloat16(below));
});

test("weights of q4_0 on relaxed SIMD, and those of q8_0 in vocabularies, take the bits in memory that they have in a file", () => {
  const bitsOfWeight = (like: Grouped, rows = 32_000, variant: KernelVariant = "relaxed"): number =>
    ((packedLinearBytes(like, rows, { variant }) - 320) * 8) / (rows * 768);
  const row = new Float32Array(768);
  const four = quantizeInt4Group(row, [1, 768]);
  const eight = quantizeInt8Group(row, [1, 768]);
  expect([four, eight].map((like) => bitsOfWeight(like))).toEqual([4.5, 8.5]);
  expect([widen(four), widen(eight)].map((like) => bitsOfWeight(like))).toEqual([5, 9]);
  expect([four, eight].map((like) => bitsOfWeight(like, 2048))).toEqual([4.5, 9]);
  expect([four, eight].map((like) => bitsOfWeight(like, 32_000, "baseline"))).toEqual([5, 8.5]);
});

test("a matrix of parts has 16-bit scales where all its parts have, and otherwise says so or takes 32 bits", async () => {
  const kernels = await loadLanguageKernels();
  const next = numbersFrom(3);
  const data = Float32Array.from({ length: 20 * 64 }, () => next() - 0.5);
  const x = Float32Array.from({ length: 64 }, next);
  const halves = quantizeInt4Group(data, [20, 64]);
  const large = withScales(halves, LARGE);
  const own = quantizeInt4Group(data, [20, 64], { scales: "f32" });
  const run = (weights: Grouped[]): number[] => [...runLinear(kernels, weights, x, 1)];
  // Scales that are large come behind others, which are there already.
  expect(run([halves, large])).toEqual([...run([halves]), ...run([large])]);
  expect(run([halves, own])).toEqual([...run([halves]), ...run([own])]);
  const packing = packLinearParts(kernels, halves, 60);
  packing.append(halves);
  packing.append(widen(halves)); // the same numbers, said otherwise
  const append = (): void => packing.append(own);
  if (kernels.variant === "baseline") append();
  else expect(append).toThrow("expected scales that are f16 numbers");
  packing.dispose();
  expect(() => packLinear(kernels, withScales(halves, [0x7c00]))).toThrow("expected finite scales");
  expect(() => packLinear(kernels, withScales(halves, [0x7e00]))).toThrow("expected finite scales");
  kernels.dispose();
});
