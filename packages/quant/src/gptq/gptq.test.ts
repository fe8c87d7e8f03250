import {
  createRng,
  quantizeInt4Group,
  unpackInt4Group,
  unpackNested,
  unpackNestedCodes,
} from "@edgewright/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { quantizeNested } from "../nested/quantize-nested.js";
import { createLevelChooser } from "./choose-levels.js";
import { costOf, createErrorMetric } from "./error-metric.js";
import { quantizeInt4Gptq } from "./quantize-int4-gptq.js";
import { quantizeNestedGptq } from "./quantize-nested-gptq.js";
import { refitLevels } from "./refit-levels.js";

function randomWeights(count: number, seed: number): Float32Array {
  const rng = createRng(seed);
  return Float32Array.from({ length: count }, () => rng.normal());
}

/** Moments of inputs that are mixtures of a few directions, as activations are. */
function randomMoments(size: number, seed: number, tokens: number = 3 * size): Float64Array {
  const rng = createRng(seed);
  const mix = Float64Array.from({ length: size * size }, () => rng.normal());
  const moments = new Float64Array(size * size);
  for (let token = 0; token < tokens; token++) {
    const source = Float64Array.from({ length: size }, (_, at) => rng.normal() / (1 + at));
    const x = Float64Array.from({ length: size }, (_, row) =>
      source.reduce((sum, one, at) => sum + one * mix[row * size + at]!, 0),
    );
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) moments[i * size + j]! += x[i]! * x[j]!;
    }
  }
  return moments;
}

/** The squared error of the outputs, summed over rows. */
function outputError(
  a: Float32Array,
  b: Float32Array,
  moments: Float64Array,
  cols: number,
): number {
  let total = 0;
  for (let row = 0; row < a.length; row += cols) {
    for (let i = 0; i < cols; i++) {
      for (let j = 0; j < cols; j++) {
        total += (a[row + i]! - b[row + i]!) * moments[i * cols + j]! * (a[row + j]! - b[row + j]!);
      }
    }
  }
  return total;
}

describe("the metric of errors", () => {
  test("H = U D U^T: the cost is a sum of squares over columns with feedback", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 12 }), fc.nat(), (size, seed) => {
        const metric = createErrorMetric(randomMoments(size, seed), size, "test");
        const error = Float64Array.from(randomWeights(size, seed + 1));
        const scale: number[] = [];
        // D_k is what H_kk has beyond U_k,j>k: found from the last column on.
        for (let k = size - 1; k >= 0; k--) {
          let rest = metric.moments[k * size + k]!;
          for (let j = k + 1; j < size; j++)
            rest -= metric.feedback[j * size + k]! ** 2 * scale[j]!;
          scale[k] = rest;
        }
        let sum = 0;
        for (let k = 0; k < size; k++) {
          let one = error[k]!;
          for (let j = 0; j < k; j++) one += metric.feedback[k * size + j]! * error[j]!;
          sum += scale[k]! * one ** 2;
        }
        const cost = costOf(metric, error);
        expect(Math.abs(sum - cost)).toBeLessThan(1e-6 * (1 + cost));
      }),
      { seed: 5, numRuns: 60 },
    );
  });

  test("columns come in falling order of their inputs' energy", () => {
    const metric = createErrorMetric([1, 0, 0, 0, 9, 0, 0, 0, 4], 3, "test");
    expect([...metric.order]).toEqual([1, 2, 0]);
  });

  test("no inputs at all: every error costs the same", () => {
    const metric = createErrorMetric(new Float64Array(4), 2, "test");
    expect(costOf(metric, Float64Array.of(3, 4))).toBe(25);
  });

  test("what is no moments is refused", () => {
    expect(() => createErrorMetric([1, 2], 2, "here")).toThrow(
      "here: expected input moments of 2 x 2 columns, got 2 numbers",
    );
    expect(() => createErrorMetric([1, 0, 0, -1], 2, "here")).toThrow("element 3 is -1");
    expect(() => createErrorMetric([1, Number.NaN, 0, 1], 2, "here")).toThrow("element 1 is NaN");
  });
});

describe("choosing levels", () => {
  const grid = {
    count: 7,
    table: Float64Array.of(-3, -2, -1, 0, 1, 2, 3),
    starts: new Uint32Array(5),
  };

  test("comes close to the best of all choices, and is never worse than nearest levels", () => {
    let found = 0;
    let best = 0;
    let nearest = 0;
    for (let seed = 0; seed < 30; seed++) {
      const size = 5;
      const metric = createErrorMetric(randomMoments(size, seed), size, "test");
      const weights = Float64Array.from(randomWeights(size, seed + 99));
      const chooser = createLevelChooser(metric);
      chooser.choose(weights, grid);
      const cost = costOf(metric, chooser.error);
      let smallest = Infinity;
      const error = new Float64Array(size);
      for (let code = 0; code < 7 ** size; code++) {
        let rest = code;
        for (let k = 0; k < size; k++) {
          error[k] = weights[k]! - ((rest % 7) - 3);
          rest = Math.floor(rest / 7);
        }
        smallest = Math.min(smallest, costOf(metric, error));
      }
      const plain = costOf(
        metric,
        weights.map((one) => one - Math.round(one)),
      );
      expect(cost).toBeGreaterThanOrEqual(smallest - 1e-9);
      expect(cost).toBeLessThanOrEqual(plain + 1e-9);
      found += cost;
      best += smallest;
      nearest += plain;
    }
    expect(found).toBeLessThan(best * 1.35);
    expect(found).toBeLessThan(nearest * 0.6);
  });

  test("fitting levels to codes never raises the cost", () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 2, max: 16 }), (seed, count) => {
        const size = 12;
        const metric = createErrorMetric(randomMoments(size, seed), size, "test");
        const rng = createRng(seed);
        const codes = Uint8Array.from({ length: size }, () => rng.integer(0, count));
        const levels = Float64Array.from({ length: count }, () => rng.normal());
        const weights = randomWeights(size, seed + 1);
        const errorNow = (): Float64Array =>
          Float64Array.from(weights, (one, at) => one - levels[codes[at]!]!);
        const before = costOf(metric, errorNow());
        refitLevels(metric, codes, errorNow(), levels);
        expect(costOf(metric, errorNow())).toBeLessThanOrEqual(before * (1 + 1e-9));
      }),
      { seed: 6, numRuns: 60 },
    );
  });
});

describe("GPTQ", () => {
  test("4 bits: a smaller error of the outputs than rounding to nearest, in the same format", () => {
    for (const [cols, groupSize, symmetric] of [
      [24, 8, true],
      [40, 32, false],
      [64, 64, true],
    ] as const) {
      const weights = randomWeights(6 * cols, cols);
      const moments = randomMoments(cols, cols + 1);
      const shape = [6, cols];
      const options = { groupSize, symmetric };
      const nearest = quantizeInt4Group(weights, shape, options);
      const packed = quantizeInt4Gptq(weights, shape, { ...options, inputMoments: moments });
      expect(packed.codes.length).toBe(nearest.codes.length);
      expect(packed.zeroPoints === undefined).toBe(symmetric);
      const before = outputError(unpackInt4Group(nearest), weights, moments, cols);
      const after = outputError(unpackInt4Group(packed), weights, moments, cols);
      expect(after).toBeLessThan(before * 0.6);
    }
  });

  test("nested: a smaller error of the outputs at every width than nested codes of the weights alone", () => {
    const cols = 48;
    const weights = randomWeights(8 * cols, 1);
    const moments = randomMoments(cols, 2);
    const plain = quantizeNested(weights, [8, cols], { seedBits: 2, bits: 5 });
    const packed = quantizeNestedGptq(weights, [8, cols], {
      inputMoments: moments,
      seedBits: 2,
      bits: 5,
    });
    const finest = unpackNestedCodes(packed);
    for (const width of [2, 3, 4, 5]) {
      const codes = unpackNestedCodes(packed, width);
      expect([...codes]).toEqual([...finest].map((code) => code >> (5 - width)));
      const before = outputError(unpackNested(plain, width), weights, moments, cols);
      const after = outputError(unpackNested(packed, width), weights, moments, cols);
      expect(after).toBeLessThan(before * 0.7);
    }
  });

  test("weights that levels can hold come back", () => {
    const weights = Float32Array.from({ length: 32 }, (_, at) => (at % 16) - 8);
    const inputMoments = randomMoments(16, 4);
    const int4 = quantizeInt4Gptq(weights, [2, 16], { inputMoments, groupSize: 16 });
    expect([...unpackInt4Group(int4)]).toEqual([...weights]);
    const nested = quantizeNestedGptq(weights, [2, 16], { inputMoments, seedBits: 4, bits: 4 });
    expect([...unpackNested(nested)].map((one) => Math.round(one) + 0)).toEqual([...weights]);
  });

  test("rows and columns that are all zero, or no rows", () => {
    const zeros = new Float32Array(32);
    const inputMoments = new Float64Array(256);
    expect([...unpackInt4Group(quantizeInt4Gptq(zeros, [2, 16], { inputMoments }))]).toEqual([
      ...zeros,
    ]);
    const nested = quantizeNestedGptq(zeros, [2, 16], { inputMoments });
    for (const one of unpackNested(nested)) expect(Math.abs(one)).toBe(0);
    expect(quantizeInt4Gptq([], [0, 16], { inputMoments }).codes.length).toBe(0);
  });

  test("what cannot be rounded is refused", () => {
    const inputMoments = new Float64Array(16);
    expect(() => quantizeInt4Gptq([1, 2, Number.NaN, 4], [1, 4], { inputMoments })).toThrow(
      "quantizeInt4Gptq: weights must be finite, element 2 is NaN",
    );
    expect(() => quantizeNestedGptq([1, 2, 3, 4], [2, 2], { inputMoments })).toThrow(
      "expected input moments of 2 x 2 columns, got 16 numbers",
    );
    expect(() => quantizeInt4Gptq([1, 2, 3, 4], [1, 4], { inputMoments, groupSize: 3 })).toThrow(
      "groupSize",
    );
  });
});
