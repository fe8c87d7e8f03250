import {
  type PackedTensor,
  quantizeInt4Group,
  quantizeInt8Channel,
  quantizeTernary,
  unpackTensor,
} from "@edgewright/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Kernels, loadKernels } from "../runtime/load.js";
import { supportsRelaxedSimd } from "../runtime/relaxed-probe.js";
import { loadPieces } from "../runtime/run-pieces.test-support.js";
import { decodeHalf, gemvExact } from "./gemv-reference.test-support.js";
import type { GemvWeights } from "./gemv-weights.js";
import { packGemvWeights } from "./pack-gemv-weights.js";
import { planGemv } from "./plan-gemv.js";

const variants = ["baseline", ...(supportsRelaxedSimd() ? (["relaxed"] as const) : [])] as const;

const size = fc.oneof(
  fc.constantFrom(1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 63, 64, 65),
  fc.integer({ min: 1, max: 150 }),
);
const wide = fc.oneof(size, fc.constantFrom(511, 512, 513, 1031));

function run(
  kernels: Kernels,
  weights: GemvWeights | PackedTensor,
  x: Float32Array,
  bias?: Float32Array,
): number[] {
  const { arena } = kernels;
  const packed = packGemvWeights(kernels, weights);
  const input = arena.upload(x);
  const y = arena.allocate(packed.rows * 4 + 4);
  arena.f32(y.ptr, packed.rows + 1).fill(-77);
  const offset = bias && arena.upload(bias);
  const plan = planGemv(kernels, {
    ...{ weights: packed, x: input.ptr, y: y.ptr },
    ...(offset ? { bias: offset.ptr } : {}),
  });
  kernels.run(plan);
  const got = [...arena.f32(y.ptr, packed.rows)];
  expect(arena.f32(y.ptr, packed.rows + 1)[packed.rows]).toBe(-77); // nothing behind the last row
  for (const owned of [plan, packed, input, y, ...(offset ? [offset] : [])]) owned.dispose();
  expect(arena.used).toBe(0);
  return got;
}

function numbersFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
}

function drawX(cols: number, next: () => number): Float32Array {
  const magnitude = 10 ** Math.floor(next() * 9 - 4);
  return Float32Array.from({ length: cols }, () =>
    next() < 0.1 ? 0 : (next() * 2 - 1) * magnitude * (next() < 0.05 ? 20 : 1),
  );
}

for (const variant of variants) {
  test(`integer weights, ${variant}: every bit as by plain loops over the same codes`, async () => {
    const kernels = await loadKernels({ variant });
    const property = fc.property(
      ...[size, wide, fc.integer(), fc.constantFrom("int8", "int4", "ternary"), fc.boolean()],
      fc.constantFrom(8, 32, 40, 128),
      fc.boolean(),
      (rows, cols, seed, format, transposed, groupSize, extreme) => {
        const next = numbersFrom(seed);
        const shape = { rows, cols, transposed };
        const draw = (low: number, high: number): number =>
          extreme ? (next() < 0.5 ? low : high) : low + Math.floor(next() * (high - low + 1));
        const length = rows * cols;
        const scales = Float32Array.from({ length: rows }, () => next() / 100);
        const weights: GemvWeights =
          format === "int8"
            ? { ...shape, format, scales, data: Int8Array.from({ length }, () => draw(-128, 127)) }
            : format === "ternary"
              ? { ...shape, format, scales, data: Int8Array.from({ length }, () => draw(-1, 1)) }
              : {
                  ...{ ...shape, format: "int4", groupSize },
                  data: Uint8Array.from({ length }, () => draw(0, 15)),
                  scales: Float32Array.from({ length: rows * Math.ceil(cols / groupSize) }, next),
                };
        const x = drawX(cols, next);
        if (extreme) x.fill(next() < 0.5 ? 3 : -3);
        expect(run(kernels, weights, x)).toEqual(
          gemvExact(weights, [...x], variant).map((v) => v + 0),
        );
      },
    );
    fc.assert(property, { numRuns: 150, seed: 3 });
  });
}

test("long rows do not overflow: 65536 columns of the most extreme codes", async () => {
  const kernels = await loadKernels();
  const cols = 65536;
  const x = new Float32Array(cols).fill(1);
  const data = new Int8Array(cols).fill(-128);
  const int8 = run(kernels, { format: "int8", rows: 1, cols, data, scales: 1 }, x);
  expect(int8[0]! / (-128 * cols)).toBeCloseTo(1, 6);
  const ternary = run(
    kernels,
    { format: "ternary", rows: 1, cols, data: data.fill(1), scales: 1 },
    x,
  );
  expect(ternary[0]! / cols).toBeCloseTo(1, 6);
});

test("float weights: within the rounding of 32-bit sums, for all magnitudes of halves", async () => {
  const kernels = await loadKernels();
  const property = fc.property(
    ...[size, wide, fc.integer(), fc.constantFrom("f32", "f16", "bf16"), fc.boolean()],
    (rows, cols, seed, format, transposed) => {
      const next = numbersFrom(seed);
      const length = rows * cols;
      const shape = { rows, cols, transposed };
      const bits = (): number => {
        const any = Math.floor(next() * 65536);
        // Half floats of any exponent; bfloat16 within 2^-20 and 2^20.
        if (format === "f16") return (any & 0x7c00) === 0x7c00 ? any & 0x83ff : any;
        return (any & 0x807f) | ((107 + Math.floor(next() * 40)) << 7);
      };
      const weights: GemvWeights =
        format === "f32"
          ? { ...shape, format, data: Float32Array.from({ length }, () => next() * 2 - 1) }
          : { ...shape, format, data: Uint16Array.from({ length }, bits) };
      const values =
        weights.format === "f32"
          ? weights.data
          : Float64Array.from(weights.data, (b) => decodeHalf(weights.format as "f16" | "bf16", b));
      const x = drawX(cols, next);
      const bias = Float32Array.from({ length: rows }, () => next());
      const got = run(kernels, weights, x, bias);
      for (let row = 0; row < rows; row++) {
        let sum = bias[row]!;
        let magnitude = Math.abs(sum);
        for (let col = 0; col < cols; col++) {
          const product = values[transposed ? col * rows + row : row * cols + col]! * x[col]!;
          sum += product;
          magnitude += Math.abs(product);
        }
        // Standard bound of a sum of n rounded products: n * 2^-24 of the magnitudes.
        expect(Math.abs(got[row]! - sum)).toBeLessThanOrEqual((cols + 3) * 2 ** -24 * magnitude);
      }
    },
  );
  fc.assert(property, { numRuns: 100, seed: 4 });
});

test("a split of the panels, in any order, gives the same bits as one run over all", async () => {
  const kernels = await loadKernels();
  const next = numbersFrom(9);
  const [rows, cols] = [200, 77];
  const data = Int8Array.from({ length: rows * cols }, () => Math.floor(next() * 3) - 1);
  for (const format of ["int8", "ternary"] as const) {
    const weights = { format, rows, cols, data, scales: 0.01 } as GemvWeights;
    const packed = packGemvWeights(kernels, weights);
    const x = kernels.arena.upload(drawX(cols, next));
    const y = kernels.arena.allocate(rows * 4);
    const plan = planGemv(kernels, { weights: packed, x: x.ptr, y: y.ptr });
    kernels.run(plan);
    const whole = [...kernels.arena.f32(y.ptr, rows)];
    kernels.arena.f32(y.ptr, rows).fill(0);
    const pieces = await loadPieces(kernels);
    pieces(plan.jobs[0]!, 0, 1);
    const { units } = plan.jobs[1]!;
    for (let unit = units - 1; unit >= 0; unit--) pieces(plan.jobs[1]!, unit, unit + 1);
    expect([...kernels.arena.f32(y.ptr, rows)]).toEqual(whole);
  }
});

test("packed tensors give what their unpacked numbers give, but for the rounding of x", async () => {
  const kernels = await loadKernels();
  const next = numbersFrom(5);
  const [rows, cols] = [33, 100];
  const numbers = Float32Array.from({ length: rows * cols }, () => next() - 0.5);
  const x = Float32Array.from({ length: cols }, () => next() - 0.5);
  const packed = [
    { tensor: quantizeInt8Channel(numbers, [rows, cols]), codes: 127 },
    { tensor: quantizeInt4Group(numbers, [rows, cols]), codes: 127 },
    { tensor: quantizeTernary(numbers, [rows, cols], { perRow: true }), codes: 31 },
  ];
  for (const { tensor, codes } of packed) {
    const exact = unpackTensor(tensor).data;
    const got = run(kernels, tensor, x);
    for (let row = 0; row < rows; row++) {
      let sum = 0;
      let sizes = 0;
      for (let col = 0; col < cols; col++) {
        sum += exact[row * cols + col]! * x[col]!;
        sizes += Math.abs(exact[row * cols + col]!);
      }
      // Each x is off by half a step of its quantisation at most.
      expect(Math.abs(got[row]! - sum)).toBeLessThanOrEqual((0.5 / 2 / codes) * 1.01 * sizes);
    }
  }
  const zeroed = quantizeInt4Group(numbers, [rows, cols], { symmetric: false });
  expect(() => packGemvWeights(kernels, zeroed)).toThrow("no kernel for int4-group zero points");
});

test("infinities and NaN in x reach y, zeros give zeros", async () => {
  const kernels = await loadKernels();
  const weights: GemvWeights = {
    ...{ format: "int4", rows: 3, cols: 8, groupSize: 8 },
    data: new Uint8Array(24).fill(9),
    scales: new Float32Array(3).fill(1),
  };
  const x = new Float32Array(8);
  expect(run(kernels, weights, x)).toEqual([0, 0, 0]);
  x[3] = Number.NaN;
  expect(run(kernels, weights, x)).toEqual([Number.NaN, Number.NaN, Number.NaN]);
  const data = new Int8Array(24).fill(1);
  for (const format of ["int8", "ternary"] as const) {
    const ones = { format, rows: 3, cols: 8, data, scales: 1 } as GemvWeights;
    expect(run(kernels, ones, x)[2]).toBeNaN();
  }
});

test("what does not fit is named", async () => {
  const kernels = await loadKernels();
  const shape = { rows: 2, cols: 3 };
  const pack = (weights: GemvWeights) => () => packGemvWeights(kernels, weights);
  expect(pack({ ...shape, format: "f32", data: new Float32Array(5) })).toThrow(
    "packGemvWeights: expected 2 x 3 weights, both from 1, got 5",
  );
  expect(pack({ ...shape, format: "ternary", data: new Int8Array(6).fill(2), scales: 1 })).toThrow(
    "expected ternary weights -1, 0 or 1, got 2, 2 in row 0",
  );
  expect(pack({ ...shape, format: "f16", data: new Uint16Array(6).fill(0x7c00) })).toThrow(
    "expected finite f16 weights, element 0 is not",
  );
  const codes = new Uint8Array(6).fill(16);
  const scales = new Float32Array(2);
  expect(pack({ ...shape, format: "int4", data: codes, scales, groupSize: 32 })).toThrow(
    "expected int4 codes from 0 to 15, got 16 in row 0",
  );
  expect(pack({ ...shape, format: "int4", data: codes, scales, groupSize: 12 })).toThrow(
    "expected a groupSize that is a multiple of 8 up to 1024, got 12",
  );
  expect(kernels.arena.used).toBe(0);
});
