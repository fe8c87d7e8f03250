import {
  binaryCodedScales,
  createRng,
  unpackBinaryCoded,
  unpackBinaryCodes,
} from "@edgewright/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { solveSymmetric } from "../internal/solve-symmetric.js";
import { quantizeBinaryCoded } from "./quantize-binary-coded.js";

function randomWeights(count: number, seed: number): Float32Array {
  const rng = createRng(seed);
  return Float32Array.from({ length: count }, () => rng.normal());
}

function weightedError(a: Float32Array, b: Float32Array, sensitivities: Float32Array): number {
  return a.reduce((sum, one, at) => sum + sensitivities[at]! * (one - b[at]!) ** 2, 0);
}

test("a symmetric system is solved, a singular one stays bounded", () => {
  const right = Float64Array.of(1, 2);
  solveSymmetric(Float64Array.of(4, 0, 2, 3), right, 2);
  expect(right[0]).toBeCloseTo(-1 / 8, 8);
  expect(right[1]).toBeCloseTo(3 / 4, 8);
  const same = Float64Array.of(3, 3);
  solveSymmetric(Float64Array.of(1, 1, 1, 1), same, 2);
  expect(same[0]! + same[1]!).toBeCloseTo(3, 3);
  expect(Math.abs(same[0]!)).toBeLessThan(10);
});

describe("binary codes", () => {
  test("upper bits are the coarser code, and errors never grow with the width", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 80 }),
        fc.nat(),
        fc.constantFrom(32, 64, 999),
        fc.constantFrom([1, 4], [2, 6], [3, 8]),
        (rows, cols, seed, groupSize, [seedBits, bits]) => {
          const weights = randomWeights(rows * cols, seed);
          const sensitivities = randomWeights(rows * cols, seed + 1).map((one) => one ** 4 + 0.01);
          const packed = quantizeBinaryCoded(weights, [rows, cols], {
            seedBits: seedBits!,
            bits: bits!,
            groupSize,
            sensitivities,
            scaleType: "f32",
          });
          let last = Infinity;
          for (let width = seedBits!; width <= bits!; width++) {
            const codes = unpackBinaryCodes(packed, width);
            expect([...codes]).toEqual(
              [...unpackBinaryCodes(packed)].map((code) => code >> (bits! - width)),
            );
            const error = weightedError(unpackBinaryCoded(packed, width), weights, sensitivities);
            expect(error).toBeLessThanOrEqual(last * (1 + 1e-4) + 1e-6);
            last = error;
          }
        },
      ),
      { seed: 4, numRuns: 40 },
    );
  });

  test("every plane takes at least 4 dB off the error of normal weights", () => {
    const weights = randomWeights(64 * 64, 11);
    const packed = quantizeBinaryCoded(weights, [64, 64], { seedBits: 1, bits: 6 });
    const ones = new Float32Array(weights.length).fill(1);
    const errors = [1, 2, 3, 4, 5, 6].map((width) =>
      weightedError(unpackBinaryCoded(packed, width), weights, ones),
    );
    for (let at = 1; at < 6; at++) expect(errors[at]! / errors[at - 1]!).toBeLessThan(10 ** -0.4);
  });

  test("scales are a least-squares fit: no small change of one makes the error smaller", () => {
    const weights = randomWeights(64, 3);
    const packed = quantizeBinaryCoded(weights, [1, 64], {
      seedBits: 2,
      bits: 4,
      scaleType: "f32",
    });
    const ones = new Float32Array(64).fill(1);
    for (const width of [2, 3, 4]) {
      const error = weightedError(unpackBinaryCoded(packed, width), weights, ones);
      const before = packed.scales.data.slice();
      const start = [0, 3, 7][width - 2]!;
      for (let at = start; at <= start + width; at++) {
        for (const change of [1e-3, -1e-3]) {
          packed.scales.data[at]! += change;
          const changed = weightedError(unpackBinaryCoded(packed, width), weights, ones);
          expect(changed).toBeGreaterThan(error);
          (packed.scales.data as Float32Array).set(before as Float32Array);
        }
      }
    }
  });

  test("two bits are near the best of four levels that such sums can make", () => {
    const weights = randomWeights(64, 8);
    const packed = quantizeBinaryCoded(weights, [1, 64], {
      seedBits: 2,
      bits: 2,
      scaleType: "f32",
    });
    const ones = new Float32Array(64).fill(1);
    const found = weightedError(unpackBinaryCoded(packed), weights, ones);
    let best = Infinity;
    const [offset, coarse, fine] = binaryCodedScales(packed, 2) as unknown as [
      number,
      number,
      number,
    ];
    for (let a = -0.3; a <= 0.3; a += 0.05) {
      for (let b = 0.5; b <= 1.6; b += 0.05) {
        for (let c = 0.1; c <= 0.9; c += 0.05) {
          const levels = [a - b - c, a - b + c, a + b - c, a + b + c];
          let error = 0;
          for (const one of weights)
            error += Math.min(...levels.map((level) => (one - level) ** 2));
          best = Math.min(best, error);
        }
      }
    }
    expect(found).toBeLessThan(best * 1.1);
    expect(Math.abs(offset)).toBeLessThan(0.5);
    expect(coarse).toBeGreaterThan(fine);
  });

  test("equal weights, and what cannot be rounded", () => {
    const equal = quantizeBinaryCoded(new Float32Array(40).fill(2.5), [1, 40]);
    for (const width of [2, 6]) {
      for (const one of unpackBinaryCoded(equal, width)) expect(one).toBeCloseTo(2.5, 2);
    }
    expect(quantizeBinaryCoded([], [0, 8]).planes.length).toBe(0);
    expect(() => quantizeBinaryCoded([1, Infinity], [1, 2])).toThrow("element 1 is Infinity");
    expect(() => quantizeBinaryCoded(new Float32Array(80), [1, 80], { groupSize: 40 })).toThrow(
      "multiple of 32",
    );
  });
});
