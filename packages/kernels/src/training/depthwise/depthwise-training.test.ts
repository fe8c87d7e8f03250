import { UnsupportedError } from "@edgewright/core";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { loadKernels } from "../../index.js";
import { randomFloats, relativeError, seededNumbers } from "../../runtime/fixtures.test-support.js";
import { computeEverywhere } from "../compute-everywhere.test-support.js";
import { loadEveryTrainingKind } from "../fixtures.test-support.js";
import {
  depthwiseInputGradientSlowly,
  depthwiseSlowly,
  depthwiseWeightGradientSlowly,
} from "./depthwise-reference.test-support.js";
import { type DepthwiseShape, resolveDepthwise } from "./depthwise-spec.js";
import { depthwiseForwardWorkspaceBytes, planDepthwiseForward } from "./plan-depthwise-forward.js";
import { planDepthwiseInputGradient } from "./plan-depthwise-input-gradient.js";
import {
  depthwiseWeightGradientWorkspaceBytes,
  planDepthwiseWeightGradient,
} from "./plan-depthwise-weight-gradient.js";

const kinds = await loadEveryTrainingKind();
const [, kernels] = kinds[0]!;
const TOLERANCE = 4e-6; // of sums of some hundred products of numbers below 1

const anyShape: fc.Arbitrary<DepthwiseShape> = fc
  .record({
    n: fc.integer({ min: 1, max: 2 }),
    h: fc.integer({ min: 1, max: 9 }),
    w: fc.integer({ min: 1, max: 11 }),
    c: fc.constantFrom(1, 3, 4, 5, 8, 9, 16, 22),
    kernel: fc.constantFrom([3, 3], [3, 3], [1, 1], [2, 3], [5, 5], [3, 1]),
    strides: fc.constantFrom([1, 1], [1, 1], [2, 2], [1, 2], [3, 2]) as fc.Arbitrary<
      [number, number]
    >,
    dilations: fc.constantFrom([1, 1], [1, 1], [1, 2], [2, 3], [2, 2]) as fc.Arbitrary<
      [number, number]
    >,
    pads: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 4, maxLength: 4 }),
  })
  .map(({ kernel, pads, ...shape }) => ({
    ...shape,
    kh: kernel[0]!,
    kw: kernel[1]!,
    pads: pads as [number, number, number, number],
  }))
  .filter((shape) => {
    try {
      resolveDepthwise("", shape);
      return true;
    } catch {
      return false;
    }
  });

const DS_CNN: DepthwiseShape = { n: 3, h: 25, w: 5, c: 64, kh: 3, kw: 3, pads: [1, 1, 1, 1] };

function check(shape: DepthwiseShape, seed: number): void {
  const { n, h, w, c, kh, kw, oh, ow } = resolveDepthwise("", shape);
  const random = seededNumbers(seed);
  const x = randomFloats(n * h * w * c, random);
  const dy = randomFloats(n * oh * ow * c, random);
  const weights = randomFloats(kh * kw * c, random);
  const bias = randomFloats(c, random);

  const forward = depthwiseSlowly(shape, x, weights, bias);
  const scratch = new Float32Array(depthwiseForwardWorkspaceBytes(shape) / 4 + 1);
  const inputs = [x, weights, bias, scratch];
  for (const y of computeEverywhere(kinds, inputs, forward.length, (k, [at, wAt, b, s], to) =>
    planDepthwiseForward(k, { ...shape, x: at!, weights: wAt!, bias: b!, y: to, workspace: s! }),
  )) {
    expect(relativeError(y, forward, 1)).toBeLessThan(TOLERANCE);
  }

  const input = depthwiseInputGradientSlowly(shape, dy, weights);
  for (const dx of computeEverywhere(kinds, [dy, weights], input.length, (k, [at, wAt], to) =>
    planDepthwiseInputGradient(k, { ...shape, dy: at!, weights: wAt!, dx: to }),
  )) {
    expect(relativeError(dx, input, 1)).toBeLessThan(TOLERANCE);
  }

  const full = depthwiseWeightGradientSlowly(shape, x, dy);
  const some = Array.from({ length: c }, (_, i) => i).filter(() => random() < 0.3);
  for (const channels of [undefined, some.length > 0 ? some : [c - 1]]) {
    for (const accumulate of [false, true]) {
      const count = channels?.length ?? c;
      const expected = Array.from({ length: kh * kw * count }, (_, i) => {
        const channel = channels?.[i % count] ?? i % count;
        return full[Math.floor(i / count) * c + channel]! + (accumulate ? 2 : 0);
      });
      const chosen = { ...shape, ...(channels && { channels }) };
      const room = new Float32Array(depthwiseWeightGradientWorkspaceBytes(chosen) / 4);
      for (const dw of computeEverywhere(
        kinds,
        [x, dy, room],
        expected.length,
        (k, [a, b, s], to) => {
          k.arena.f32(to, expected.length).fill(2);
          return planDepthwiseWeightGradient(k, {
            ...chosen,
            ...{ x: a!, dy: b!, dw: to, workspace: s!, accumulate },
          });
        },
      )) {
        expect(relativeError(dw, expected, 1)).toBeLessThan(TOLERANCE);
      }
    }
  }
}

describe("depthwise convolution in training", () => {
  test("of any shape: forward, by the input, by the weights, some channels, accumulated", () => {
    fc.assert(
      fc.property(anyShape, fc.nat(), (shape, seed) => check(shape, seed)),
      { numRuns: 120, seed: 4 },
    );
  });

  test("of a keyword spotter's shape, and with more padding than kernel", () => {
    check(DS_CNN, 1);
    check({ ...DS_CNN, n: 1, h: 4, c: 8, pads: [3, 4, 3, 0] }, 2);
    check({ ...DS_CNN, n: 1, h: 4, c: 8, pads: [2, 2, 4, 5] }, 3);
  });

  test("a value that is not finite spreads to the outputs that see it and no others", () => {
    const shape: DepthwiseShape = { n: 1, h: 4, w: 4, c: 4, kh: 3, kw: 3, pads: [1, 1, 1, 1] };
    const x = new Float32Array(64);
    x[0] = Number.NaN; // row 0, column 0
    const weights = new Float32Array(36).fill(1);
    for (const y of computeEverywhere(kinds, [x, weights], 64, (k, [a, w], to) =>
      planDepthwiseForward(k, { ...shape, x: a!, weights: w!, y: to }),
    )) {
      const bad = [...y.keys()].filter((i) => Number.isNaN(y[i]!)).map((i) => i / 4);
      expect(bad).toEqual([0, 1, 4, 5]);
    }
  });

  test("errors say what was expected", async () => {
    const spec = { ...DS_CNN, x: 0, dy: 0, dw: 0, workspace: 0, weights: 0, y: 0 };
    expect(() => planDepthwiseForward(kernels, { ...spec, h: 0 })).toThrow(
      "planDepthwiseForward: expected a whole h from 1, got 0",
    );
    expect(() => planDepthwiseForward(kernels, { ...spec, w: 2, pads: [0, 0, 0, 0] })).toThrow(
      "planDepthwiseForward: a [3, 3] kernel does not fit into a [25, 2] image with pads [0, 0, 0, 0]",
    );
    for (const channels of [[], [3, 2], [64], [0.5]]) {
      expect(() => planDepthwiseWeightGradient(kernels, { ...spec, channels })).toThrow(
        "planDepthwiseWeightGradient: expected channels to be ascending indices below 64, got [",
      );
    }
    using plain = await loadKernels();
    expect(() => planDepthwiseForward(plain, spec)).toThrow(UnsupportedError);
  });
});
