import {
  createRng,
  nestedCodebooks,
  sizeOf,
  unpackNested,
  unpackNestedCodes,
} from "@edgewright/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { clusterSorted, totalError } from "./k-means.js";
import { quantizeNested } from "./quantize-nested.js";
import { createWeightSorter, errorOfRun, type SortedWeights } from "./sorted-weights.js";
import { splitRun } from "./split-clusters.js";

const shapes = fc.tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 70 }));
const seeds = fc.nat();

function randomWeights(shape: readonly number[], seed: number): Float32Array {
  const rng = createRng(seed);
  // Now and then a value that came before: ties must stay together.
  const values = new Float32Array(sizeOf(shape));
  for (let at = 0; at < values.length; at++) {
    values[at] = at > 0 && rng.uniform() < 0.1 ? values[at - 1]! : rng.normal();
  }
  return values;
}

function randomSensitivities(shape: readonly number[], seed: number): Float32Array {
  const rng = createRng(seed ^ 0x5eed);
  return Float32Array.from({ length: sizeOf(shape) }, () => rng.normal() ** 4);
}

function sort(weights: Float32Array, sensitivities?: Float32Array): SortedWeights {
  return createWeightSorter(weights.length).sort(weights, 0, weights.length, sensitivities);
}

function weightedError(a: Float32Array, b: Float32Array, sensitivities: Float32Array): number {
  return a.reduce((sum, one, at) => sum + sensitivities[at]! * (one - b[at]!) ** 2, 0);
}

describe("sorting", () => {
  test("ascending, stable, with every index once, negative numbers and zeros of both signs included", () => {
    const weights = Float32Array.of(1, -2, 0, -0, 3e-40, -1e30, 1, -2);
    const { order, values } = sort(weights);
    expect([...order]).toEqual([5, 1, 7, 2, 3, 4, 0, 6]);
    expect([...values]).toEqual([...order].map((at) => weights[at]! + 0));
  });

  test("running sums give the error of any run about its mean", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 40 }), seeds, (count, seed) => {
        const weights = randomWeights([count], seed);
        const sorted = sort(weights, randomSensitivities([count], seed));
        const end = 1 + (seed % count);
        const start = seed % end;
        let mass = 0;
        let moment = 0;
        for (let at = start; at < end; at++) {
          const share = sorted.mass[at + 1]! - sorted.mass[at]!;
          mass += share;
          moment += share * sorted.values[at]!;
        }
        let error = 0;
        for (let at = start; at < end; at++) {
          const share = sorted.mass[at + 1]! - sorted.mass[at]!;
          error += share * (sorted.values[at]! - moment / mass) ** 2;
        }
        expect(errorOfRun(sorted, start, end)).toBeCloseTo(error, 8);
      }),
      { seed: 1, numRuns: 100 },
    );
  });
});

test("a split is the best of all borders", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), seeds, (count, seed) => {
      const sorted = sort(randomWeights([count], seed), randomSensitivities([count], seed));
      const chosen = splitRun(sorted, 0, count);
      const errorAt = (border: number): number =>
        errorOfRun(sorted, 0, border) + errorOfRun(sorted, border, count);
      for (let border = 1; border <= count; border++) {
        expect(errorAt(chosen)).toBeLessThanOrEqual(errorAt(border) + 1e-9);
      }
    }),
    { seed: 2, numRuns: 200 },
  );
});

test("k-means comes close to the best clusters there are, found by trying all borders", () => {
  let found = 0;
  let best = 0;
  for (let seed = 0; seed < 60; seed++) {
    const sorted = sort(randomWeights([18], seed), randomSensitivities([18], seed));
    found += totalError(sorted, clusterSorted(sorted, 4));
    let smallest = Infinity;
    for (let a = 0; a <= 18; a++) {
      for (let b = a; b <= 18; b++) {
        for (let c = b; c <= 18; c++) {
          smallest = Math.min(smallest, totalError(sorted, Uint32Array.of(0, a, b, c, 18)));
        }
      }
    }
    best += smallest;
  }
  expect(found / best).toBeGreaterThanOrEqual(1 - 1e-9);
  expect(found / best).toBeLessThan(1.25); // a local optimum of three, at random weights and sensitivities
});

describe("nested codes", () => {
  test("upper bits are the coarser code, errors never grow with the width, centroids are weighted means", () => {
    fc.assert(
      fc.property(
        shapes,
        seeds,
        fc.constantFrom(1, 2, 8),
        fc.constantFrom([1, 3], [2, 6], [3, 8]),
        (shape, seed, rowsPerCodebook, [seedBits, bits]) => {
          const weights = randomWeights(shape, seed);
          const sensitivities = randomSensitivities(shape, seed).map((one) => one + 0.01);
          const packed = quantizeNested(weights, shape, {
            seedBits: seedBits!,
            bits: bits!,
            sensitivities,
            rowsPerCodebook,
            codebookType: "f32",
          });
          let last = Infinity;
          for (let width = seedBits!; width <= bits!; width++) {
            const codes = unpackNestedCodes(packed, width);
            const finest = unpackNestedCodes(packed);
            expect([...codes]).toEqual([...finest.map((code) => code >> (bits! - width))]);
            const error = weightedError(unpackNested(packed, width), weights, sensitivities);
            expect(error).toBeLessThanOrEqual(last * (1 + 1e-5) + 1e-9);
            last = error;
            expectMeans(packed, width, weights, sensitivities);
          }
        },
      ),
      { seed: 3, numRuns: 60 },
    );
  });

  function expectMeans(
    packed: ReturnType<typeof quantizeNested>,
    width: number,
    weights: Float32Array,
    sensitivities: Float32Array,
  ): void {
    const books = nestedCodebooks(packed, width);
    const codes = unpackNestedCodes(packed, width);
    const cols = packed.shape[1]!;
    const mass = new Float64Array(books.length);
    const moment = new Float64Array(books.length);
    codes.forEach((code, at) => {
      const book = Math.floor(Math.floor(at / cols) / packed.rowsPerCodebook);
      mass[book * 2 ** width + code]! += sensitivities[at]!;
      moment[book * 2 ** width + code]! += sensitivities[at]! * weights[at]!;
    });
    mass.forEach((one, entry) => {
      if (one > 0) expect(Math.abs(books[entry]! - moment[entry]! / one)).toBeLessThan(1e-4);
    });
  }

  test("as many codes as distinct weights lose nothing", () => {
    const weights = Float32Array.of(3, 1, 2, 0, 3, 0, 1, 2);
    const packed = quantizeNested(weights, [1, 8], { seedBits: 1, bits: 2 });
    expect([...unpackNested(packed)]).toEqual([...weights]);
    expect([...unpackNestedCodes(packed)]).toEqual([...weights]);
    expect([...unpackNested(packed, 1)]).toEqual([2.5, 0.5, 2.5, 0.5, 2.5, 0.5, 0.5, 2.5]);
    const constant = quantizeNested(new Float32Array(5).fill(-1.5), [1, 5], {
      seedBits: 2,
      bits: 4,
    });
    for (const width of [2, 3, 4])
      expect([...unpackNested(constant, width)]).toEqual([-1.5, -1.5, -1.5, -1.5, -1.5]);
  });

  test("sensitivities pull codes to the weights that matter", () => {
    const weights = Float32Array.from({ length: 64 }, (_, at) => at);
    const sensitivities = weights.map((at) => (at >= 60 ? 1 : 1e-4));
    const packed = quantizeNested(weights, [1, 64], { seedBits: 3, bits: 3, sensitivities });
    const back = unpackNested(packed);
    expect([...back.subarray(60)]).toEqual([60, 61, 62, 63]);
  });

  test("sensitivities of 0 in a row, or in all rows, count as equal", () => {
    const weights = randomWeights([2, 20], 5);
    const zeros = quantizeNested(weights, [2, 20], { sensitivities: new Float32Array(40) });
    expect(zeros).toEqual(quantizeNested(weights, [2, 20]));
  });

  test("what cannot be rounded is refused", () => {
    const weights = new Float32Array(6);
    const attempt =
      (given: ArrayLike<number>, options = {}) =>
      () =>
        quantizeNested(given, [2, 3], options);
    expect(attempt([0, 1, Number.NaN, 0, 0, 0])).toThrow(
      "quantizeNested: weights must be finite, element 2 is NaN",
    );
    expect(attempt([1])).toThrow("shape [2, 3] holds 6 elements, got 1");
    expect(attempt(weights, { bits: 9 })).toThrow("bits must be a whole number from 1 to 8, got 9");
    expect(attempt(weights, { bits: 3, seedBits: 4 })).toThrow("seedBits must be a whole number");
    expect(attempt(weights, { rowsPerCodebook: 0 })).toThrow("rowsPerCodebook");
    expect(attempt(weights, { sensitivities: [1] })).toThrow("one sensitivity for each of 6");
    expect(attempt(weights, { sensitivities: [1, 1, -1, 1, 1, 1] })).toThrow("element 2 is -1");
    expect(attempt([7e4, 0, 0, 0, 0, 0])).toThrow("f16 codebooks hold numbers up to 65504");
  });

  test("no rows, no columns", () => {
    expect(quantizeNested([], [0, 4]).planes.length).toBe(0);
    expect(quantizeNested([], [3, 0]).codebooks.data.length).toBe(3 * (2 ** 7 - 2 ** 2));
  });
});
