import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { floatBits, planCopy, planCopy2d, planFill, planTranspose } from "../index.js";
import {
  computeFloats,
  loadEveryKind,
  randomFloats,
  seededNumbers,
} from "../runtime/fixtures.test-support.js";

const kinds = await loadEveryKind();
const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

function stridesOf(shape: readonly number[]): number[] {
  return shape.map((_, i) => size(shape.slice(i + 1)));
}

/** Every index of a shape, in row-major order. */
function indicesOf(shape: readonly number[]): number[][] {
  return Array.from({ length: size(shape) }, (_, at) =>
    stridesOf(shape).map((stride, i) => Math.floor(at / stride) % shape[i]!),
  );
}

const dot = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, v, i) => sum + v * b[i]!, 0);

describe.each(kinds)("%s", (_, kernels) => {
  function checkTranspose(shape: number[], perm: number[], bytes: 1 | 2 | 4 | 8): void {
    const total = size(shape) * bytes;
    const random = seededNumbers(total);
    const x = Uint8Array.from({ length: total }, () => random() * 256);
    const strides = stridesOf(shape);
    const expected = new Uint8Array(Math.ceil(total / 4) * 4);
    indicesOf(perm.map((axis) => shape[axis]!)).forEach((index, at) => {
      const from = dot(
        index,
        perm.map((axis) => strides[axis]!),
      );
      expected.set(x.subarray(from * bytes, (from + 1) * bytes), at * bytes);
    });
    const actual = computeFloats(kernels, [x], expected.length / 4, ([at], y) => {
      kernels.arena.u8(y, expected.length).fill(0);
      return planTranspose(kernels, { x: at!, y, shape, perm, bytes });
    });
    expect(new Uint8Array(actual.buffer)).toEqual(expected);
  }

  test("transposes of images and matrices", () => {
    for (const bytes of [1, 2, 4, 8] as const) {
      for (const [shape, perm] of [
        [
          [1, 3, 9, 11],
          [0, 2, 3, 1],
        ],
        [
          [2, 9, 11, 3],
          [0, 3, 1, 2],
        ],
        [
          [1, 37, 8, 5],
          [0, 2, 3, 1],
        ],
        [
          [2, 7, 5, 24],
          [0, 3, 1, 2],
        ],
        [
          [300, 17],
          [1, 0],
        ],
        [
          [16, 16],
          [1, 0],
        ],
        [
          [1, 40, 8, 15],
          [0, 2, 1, 3],
        ],
        [
          [5, 1, 3],
          [2, 1, 0],
        ],
        [
          [4, 6],
          [0, 1],
        ],
        [
          [0, 3],
          [1, 0],
        ],
        [
          [3, 2, 5, 3, 2, 4],
          [5, 3, 1, 4, 2, 0],
        ],
        [
          [2, 3, 2, 3, 2, 3, 2],
          [6, 4, 2, 0, 1, 3, 5],
        ],
        [[], []],
      ] as [number[], number[]][]) {
        checkTranspose(shape, perm, bytes);
      }
    }
  });

  test("any permutation", () => {
    const permuted = fc
      .array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 })
      .chain((shape) =>
        fc.tuple(
          fc.constant(shape),
          fc.shuffledSubarray(
            shape.map((_, i) => i),
            { minLength: shape.length },
          ),
          fc.constantFrom<1 | 2 | 4 | 8>(1, 2, 4, 8),
        ),
      );
    fc.assert(
      fc.property(permuted, ([shape, perm, bytes]) => checkTranspose(shape, perm, bytes)),
      { numRuns: 150, seed: 4 },
    );
  });

  test("strided copies: slices backwards, repeats, any element size", () => {
    const axis = fc.record({
      length: fc.integer({ min: 0, max: 5 }),
      step: fc.integer({ min: -2, max: 2 }),
    });
    const any = fc.tuple(
      fc.array(axis, { maxLength: 6 }),
      fc.constantFrom<1 | 2 | 4 | 8>(1, 2, 4, 8),
      fc.nat(),
    );
    fc.assert(
      fc.property(any, ([axes, bytes, seed]) => {
        const shape = axes.map(({ length }) => length);
        // A source with room for twice every axis, walked by `step` from where all stays inside.
        const source = shape.map((length) => 2 * length + 1);
        const strides = stridesOf(source);
        const xStrides = axes.map(({ step }, i) => step * strides[i]!);
        const start = dot(
          axes.map(({ step, length }) => (step < 0 ? 2 * length : 0)),
          strides,
        );
        const random = seededNumbers(seed);
        const x = Uint8Array.from({ length: size(source) * bytes }, () => random() * 256);
        const expected = new Uint8Array(Math.ceil((size(shape) * bytes) / 4) * 4);
        indicesOf(shape).forEach((index, at) => {
          const from = (start + dot(index, xStrides)) * bytes;
          expected.set(x.subarray(from, from + bytes), at * bytes);
        });
        const actual = computeFloats(kernels, [x], expected.length / 4, ([at], y) => {
          kernels.arena.u8(y, expected.length).fill(0);
          return planCopy(kernels, { x: at! + start * bytes, y, shape, xStrides, bytes });
        });
        expect(new Uint8Array(actual.buffer)).toEqual(expected);
      }),
      { numRuns: 150, seed: 5 },
    );
  });

  test("rows into a wider destination, and one long run", () => {
    const x = randomFloats(6 * 5, seededNumbers(1));
    const y = computeFloats(kernels, [x], 6 * 8, ([at], to) => {
      kernels.arena.f32(to, 48).fill(0);
      return planCopy2d(kernels, { x: at!, y: to + 8, rows: 6, rowBytes: 20, yStride: 32 });
    });
    for (let row = 0; row < 6; row++) {
      expect([...y.subarray(row * 8 + 2, row * 8 + 7)]).toEqual([
        ...x.subarray(row * 5, row * 5 + 5),
      ]);
    }
    const long = randomFloats(2 ** 18, seededNumbers(2));
    const copy = computeFloats(kernels, [long], long.length, ([at], to) =>
      planCopy2d(kernels, { x: at!, y: to, rows: 1, rowBytes: long.byteLength }),
    );
    expect(copy.every((value, i) => value === long[i])).toBe(true);
  });

  test("a fill", () => {
    for (const count of [0, 1, 5, 1024, 2051]) {
      const y = computeFloats(kernels, [], count, (_, at) =>
        planFill(kernels, { y: at, count, value: floatBits(1.5) }),
      );
      expect(y.every((value) => value === 1.5)).toBe(true);
    }
  });

  test("errors say what was expected", () => {
    expect(() =>
      planTranspose(kernels, { x: 0, y: 0, shape: [2, 3], perm: [0, 0], bytes: 4 }),
    ).toThrow("planTranspose: expected a permutation of 2 axes, got [0, 0]");
    expect(() => planCopy(kernels, { x: 0, y: 0, shape: [2, 3], xStrides: [1], bytes: 4 })).toThrow(
      "planCopy: expected a stride for each of 2 axes, got 1 and 2",
    );
  });
});
