import {
  decodeBfloat16,
  decodeFloat16,
  encodeBfloat16,
  encodeFloat16,
  type PackedTensor,
  quantizeInt4Group,
  quantizeInt8Channel,
  quantizeInt8Group,
  quantizeTernary,
  unpackTensor,
} from "@edgewright/core";
import { expect, test } from "vitest";
import type { KernelVariant } from "../../runtime/load.js";
import { loadEveryLanguageKind } from "../fixtures.test-support.js";
import { multiplySlowly, numbersFrom, runLinear } from "./linear-reference.test-support.js";
import { packLinear } from "./pack-linear.js";
import type { LinearWeights } from "./packed-linear.js";

const COUNTS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 17, 33];
const MOST = 33;

interface Case {
  readonly what: string;
  readonly weights: LinearWeights;
  /** The numbers that the weights stand for. */
  readonly exact: ArrayLike<number>;
  /** By how much of the largest x an element of x may be off. */
  readonly step: number;
  readonly int8Activations?: boolean;
}

/** The formats other than f32, for numbers between -1 and 1. */
function casesOf(numbers: Float32Array, shape: [number, number], variant: KernelVariant): Case[] {
  const packed = (what: string, weights: PackedTensor, step: number): Case => ({
    what,
    weights,
    exact: unpackTensor(weights).data,
    step,
  });
  const eight = 1 / 254;
  const four = variant === "relaxed" ? eight : 1 / 3854;
  const halves = encodeFloat16(numbers);
  const brains = encodeBfloat16(numbers);
  const ternary = quantizeTernary(numbers, shape, { perRow: true });
  // With mins the weights are those of zero points, said otherwise.
  const zeroed = quantizeInt4Group(numbers, shape, { groupSize: 16, symmetric: false });
  const { zeroPoints, ...plain } = zeroed;
  const groups = Math.ceil(shape[1] / 16);
  const { scales } = zeroed;
  const factors = scales.dtype === "f32" ? scales.data : decodeFloat16(scales.data);
  const mins = factors.map((scale, i) => {
    const byte = zeroPoints![Math.floor(i / groups) * Math.ceil(groups / 2) + ((i % groups) >> 1)]!;
    return scale * ((byte >> (((i % groups) & 1) * 4)) & 15);
  });
  return [
    packed("int8-channel", quantizeInt8Channel(numbers, shape), eight),
    packed(
      "int8-channel, zero points",
      quantizeInt8Channel(numbers, shape, { symmetric: false }),
      eight,
    ),
    packed("int8-group of 32", quantizeInt8Group(numbers, shape, { groupSize: 32 }), eight),
    packed("int8-group of 16", quantizeInt8Group(numbers, shape, { groupSize: 16 }), eight),
    packed("int4-group of 32", quantizeInt4Group(numbers, shape, { groupSize: 32 }), four),
    packed("int4-group of 128", quantizeInt4Group(numbers, shape, { groupSize: 128 }), four),
    packed("int4-group of 24", quantizeInt4Group(numbers, shape, { groupSize: 24 }), four),
    packed("int4-group of 40", quantizeInt4Group(numbers, shape, { groupSize: 40 }), four),
    packed("int4-group, zero points", zeroed, four),
    packed("int4-group, mins", { ...plain, mins: { dtype: "f32", data: mins } }, four),
    {
      what: "f16",
      weights: { dtype: "f16", shape, data: halves },
      exact: decodeFloat16(halves),
      step: 0,
    },
    {
      what: "bf16",
      weights: { dtype: "bf16", shape, data: brains },
      exact: decodeBfloat16(brains),
      step: 0,
    },
    // Pairs share 62 codes, and may sum to twice the largest.
    packed("ternary", ternary, 1 / 62),
    packed("ternary, one scale", quantizeTernary(numbers, shape), 1 / 62),
    { ...packed("ternary, 8-bit x", ternary, eight), int8Activations: true },
  ];
}

test("every format: within the rounding of x of the unpacked weights times x, in the same bits alone and among others", async () => {
  for (const [name, kernels] of await loadEveryLanguageKind()) {
    const next = numbersFrom(1);
    const draw = (length: number): Float32Array =>
      Float32Array.from({ length }, () => next() * 2 - 1);
    for (const [rows, cols] of [
      [5, 9],
      [37, 72],
      [67, 300],
    ] as const) {
      for (const { what, weights, exact, step, ...options } of casesOf(
        draw(rows * cols),
        [rows, cols],
        kernels.variant,
      )) {
        const where = `${name}: ${what} of ${rows} x ${cols}`;
        const packed = packLinear(kernels, weights);
        const x = draw(MOST * cols);
        const y = runLinear(kernels, packed, x, MOST, options);
        const { sums, magnitudes } = multiplySlowly(exact, x, { rows, cols, n: MOST });
        let worst = 0;
        const sizes = Float64Array.from({ length: rows }, (_, row) => {
          let size = 0;
          for (let c = 0; c < cols; c++) size += Math.abs(exact[row * cols + c]!);
          return size;
        });
        for (let i = 0; i < sums.length; i++) {
          const bound = step * sizes[i % rows]! * 1.001 + (cols + 4) * 2 ** -24 * magnitudes[i]!;
          worst = Math.max(worst, Math.abs(y[i]! - sums[i]!) / bound);
        }
        expect(worst, where).toBeLessThanOrEqual(1);
        for (const n of COUNTS) {
          const some = runLinear(kernels, packed, x, n, options);
          expect([...some], `${where}, ${n}`).toEqual([...y.subarray(0, n * rows)]);
        }
        packed.dispose();
      }
    }
    kernels.dispose();
  }
});

test("ternary with 8-bit x: the sums of BitNet b1.58 are exact", async () => {
  const { fround } = Math;
  for (const [name, kernels] of await loadEveryLanguageKind()) {
    const next = numbersFrom(2);
    const [rows, cols, n] = [70, 1000, 5];
    const numbers = Float32Array.from({ length: rows * cols }, () => next() * 2 - 1);
    const weights = quantizeTernary(numbers, [rows, cols], { perRow: true });
    const signs = unpackTensor({ ...weights, scales: Float32Array.of(1) }).data as Float32Array;
    const x = Float32Array.from({ length: n * cols }, () => (next() * 2 - 1) * 3);
    const y = runLinear(kernels, weights, x, n, { int8Activations: true });
    for (let i = 0; i < n * rows; i++) {
      const [r, row] = [Math.floor(i / rows), i % rows];
      const own = x.subarray(r * cols, (r + 1) * cols);
      const most = own.reduce((peak, v) => Math.max(peak, Math.abs(v)), fround(1e-5));
      const factor = fround(127 / most);
      let sum = 0;
      for (let c = 0; c < cols; c++)
        sum += signs[row * cols + c]! * Math.round(fround(own[c]! * factor));
      expect(y[i], name).toBe(fround(fround(sum * fround(most / 127)) * weights.scales[row]!) + 0);
    }
    kernels.dispose();
  }
});
