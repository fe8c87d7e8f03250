import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { planPool2d } from "../../index.js";
import { randomFloats, relativeError, seededNumbers } from "../../runtime/fixtures.test-support.js";
import { computeEverywhere } from "../compute-everywhere.test-support.js";
import { loadEveryTrainingKind } from "../fixtures.test-support.js";
import { planMaxPoolTraining } from "./plan-max-pool-training.js";
import {
  planAveragePoolGradient,
  planGlobalAveragePoolGradient,
  planMaxPoolGradient,
} from "./plan-pool-gradient.js";
import { type PoolShape, poolWords } from "./pool-shape.js";

const kinds = await loadEveryTrainingKind();
const [, kernels] = kinds[0]!;
const TOLERANCE = 1e-6; // of at most 16 shares

type Shape = Required<PoolShape>;

/** For every element of the result: the elements of x in its window with their taps, and how many count padded. */
function windows(s: Shape): { at: number; tap: number }[][] & { padded?: number[] } {
  const [top, left, bottom, right] = s.pads;
  const padded: number[] = [];
  const all = Array.from({ length: s.n * s.oh * s.ow * s.c }, (_, i) => {
    const channel = i % s.c;
    const ox = Math.floor(i / s.c) % s.ow;
    const oy = Math.floor(i / s.c / s.ow) % s.oh;
    const image = Math.floor(i / s.c / s.ow / s.oh);
    const inside: { at: number; tap: number }[] = [];
    let counted = 0;
    for (let tap = 0; tap < s.kernel[0] * s.kernel[1]; tap++) {
      const iy = oy * s.strides[0] - top + Math.floor(tap / s.kernel[1]) * s.dilations[0];
      const ix = ox * s.strides[1] - left + (tap % s.kernel[1]) * s.dilations[1];
      if (iy < s.h + bottom && ix < s.w + right) counted++;
      if (iy < 0 || ix < 0 || iy >= s.h || ix >= s.w) continue;
      inside.push({ at: ((image * s.h + iy) * s.w + ix) * s.c + channel, tap });
    }
    padded.push(counted);
    return inside;
  });
  return Object.assign(all, { padded });
}

const pair = (max: number): fc.Arbitrary<[number, number]> =>
  fc.tuple(fc.integer({ min: 1, max }), fc.integer({ min: 1, max }));
const anyShape = fc
  .record({
    n: fc.integer({ min: 1, max: 2 }),
    h: fc.integer({ min: 1, max: 9 }),
    w: fc.integer({ min: 1, max: 9 }),
    c: fc.constantFrom(1, 3, 4, 6, 8, 15, 16, 21),
    kernel: fc.oneof(fc.constant<[number, number]>([2, 2]), pair(4)),
    strides: fc.oneof(fc.constant<[number, number]>([2, 2]), pair(3)),
    dilations: fc.oneof(fc.constant<[number, number]>([1, 1]), pair(2)),
    pads: fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2), fc.nat(2)),
    ceil: fc.boolean(),
  })
  .map(({ ceil, ...v }): Shape => {
    const steps = (size: number, axis: 0 | 1): number => {
      const reach = (v.kernel[axis] - 1) * v.dilations[axis] + 1;
      const room = (size + v.pads[axis] + v.pads[axis + 2]! - reach) / v.strides[axis];
      return (ceil ? Math.ceil(room) : Math.floor(room)) + 1;
    };
    return { ...v, oh: steps(v.h, 0), ow: steps(v.w, 1) };
  })
  .filter((shape) => {
    try {
      return poolWords("", shape).length > 0;
    } catch {
      return false;
    }
  });

describe("pooling in training", () => {
  test("max pooling of any shape, where its maxima were, and its gradient", () => {
    fc.assert(
      fc.property(anyShape, fc.nat(), (shape, seed) => {
        const random = seededNumbers(seed);
        const { n, h, w, c } = shape;
        // Few values, so that windows have equal maxima.
        const x = randomFloats(n * h * w * c, random, 4).map((v) => Math.round(v) + 0);
        const all = windows(shape);
        const won = all.map((window) =>
          window.reduce((best, one) => (x[one.at]! > x[best.at]! ? one : best)),
        );
        const count = all.length;
        const argmax = Uint8Array.from(won, ({ tap }) => tap);
        // y, and behind it the bytes.
        const words = count + Math.ceil(count / 4);
        for (const result of computeEverywhere(kinds, [x], words, (k, [at], y) => {
          k.arena.u8(y + count * 4, words * 4 - count * 4).fill(0);
          return planMaxPoolTraining(k, { ...shape, x: at!, y, argmax: y + count * 4 });
        })) {
          expect([...result.subarray(0, count)]).toEqual(won.map(({ at }) => x[at]));
          const bytes = new Uint8Array(result.buffer, result.byteOffset + count * 4, count);
          expect([...bytes]).toEqual([...argmax]);
        }
        const dy = randomFloats(count, random);
        const expected = new Float64Array(x.length);
        won.forEach(({ at }, i) => {
          expected[at]! += dy[i]!;
        });
        for (const dx of computeEverywhere(kinds, [dy, argmax], x.length, (k, [at, bytes], to) =>
          planMaxPoolGradient(k, { ...shape, dy: at!, argmax: bytes!, dx: to }),
        )) {
          expect(relativeError(dx, expected, 1)).toBeLessThan(TOLERANCE);
        }
      }),
      { numRuns: 120, seed: 8 },
    );
  });

  test("the gradient of average pooling of any shape, with and without padding counted", () => {
    fc.assert(
      fc.property(anyShape, fc.boolean(), fc.nat(), (shape, countIncludePad, seed) => {
        const all = windows(shape);
        const dy = randomFloats(all.length, seededNumbers(seed));
        const expected = new Float64Array(shape.n * shape.h * shape.w * shape.c);
        all.forEach((window, i) => {
          const counted = countIncludePad ? all.padded![i]! : window.length;
          for (const { at } of window) expected[at]! += dy[i]! / counted;
        });
        for (const dx of computeEverywhere(kinds, [dy], expected.length, (k, [at], to) =>
          planAveragePoolGradient(k, { ...shape, dy: at!, dx: to, countIncludePad }),
        )) {
          expect(relativeError(dx, expected, 1)).toBeLessThan(TOLERANCE);
        }
      }),
      { numRuns: 120, seed: 9 },
    );
  });

  test("the gradient of a global average", () => {
    for (const [n, positions, c] of [
      [1, 1, 1],
      [3, 49, 20],
      [2, 125, 64],
    ] as const) {
      const dy = randomFloats(n * c, seededNumbers(c));
      const expected = Array.from({ length: n * positions * c }, (_, i) => {
        const image = Math.floor(i / positions / c);
        return dy[image * c + (i % c)]! / positions;
      });
      for (const dx of computeEverywhere(kinds, [dy], expected.length, (k, [at], to) =>
        planGlobalAveragePoolGradient(k, { n, positions, c, dy: at!, dx: to }),
      )) {
        expect(relativeError(dx, expected)).toBeLessThan(2e-7);
      }
    }
  });

  test("gives the maxima that inference gives, and keeps a window of nothing but NaN", () => {
    const shape = {
      n: 1,
      h: 6,
      w: 6,
      c: 16,
      oh: 3,
      ow: 3,
      kernel: [2, 2],
      strides: [2, 2],
    } as const;
    const x = randomFloats(6 * 6 * 16, seededNumbers(3));
    const [expected] = computeEverywhere(kinds, [x], 144, (k, [at], y) =>
      planPool2d(k, { ...shape, kind: "max", x: at!, y }),
    );
    for (const y of computeEverywhere(kinds, [x, new Uint8Array(144)], 144, (k, [at, bytes], to) =>
      planMaxPoolTraining(k, { ...shape, x: at!, y: to, argmax: bytes! }),
    )) {
      expect([...y]).toEqual([...expected!]);
    }
    const nan = new Float32Array(x.length).fill(Number.NaN);
    for (const y of computeEverywhere(kinds, [nan, new Uint8Array(144)], 144, (k, [at, b], to) =>
      planMaxPoolTraining(k, { ...shape, x: at!, y: to, argmax: b! }),
    )) {
      expect(y.every(Number.isNaN)).toBe(true);
    }
  });

  test("errors say what was expected", () => {
    const spec = {
      ...{ x: 0, y: 0, argmax: 0, dx: 0, dy: 0, n: 1, h: 40, w: 40, c: 1, oh: 1, ow: 1 },
      kernel: [20, 13] as const,
    };
    expect(() => planMaxPoolTraining(kernels, spec)).toThrow(
      "planMaxPoolTraining: a window of [20, 13] has more positions than the 256 that fit into a byte",
    );
    expect(() => planMaxPoolGradient(kernels, { ...spec, oh: 50 })).toThrow(
      "planMaxPoolGradient: a window of [20, 13] of the [50, 1] result has nothing of the [40, 40] image",
    );
    expect(() => planAveragePoolGradient(kernels, { ...spec, c: 0 })).toThrow(
      "planAveragePoolGradient: expected c to be a whole number from 1, got 0",
    );
  });
});
