import { describe, expect, test } from "vitest";
import {
  planAffine,
  planGroupNorm,
  planInstanceNorm,
  planNormalize,
  planSoftmax,
} from "../index.js";
import {
  computeFloats,
  loadEveryKind,
  randomFloats,
  relativeError,
  seededNumbers,
} from "../runtime/fixtures.test-support.js";

const kinds = await loadEveryKind();
const SOFTMAX = 4e-6; // values differ by up to 40: the difference itself is rounded by 2e-6
const NORMALIZED = 2e-6; // of 1: results have mean 0 and deviation 1
const SHAPES = [
  [1, 1],
  [3, 2],
  [5, 7],
  [2, 8],
  [4, 120],
  [3, 131],
  [2, 6625],
] as const;

function rowsOf(x: Float32Array, cols: number): number[][] {
  return Array.from({ length: x.length / cols }, (_, r) => [
    ...x.subarray(r * cols, (r + 1) * cols),
  ]);
}

const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;

describe.each(kinds)("%s", (_, kernels) => {
  test("softmax and its logarithm", () => {
    for (const [rows, cols] of SHAPES) {
      const x = randomFloats(rows * cols, seededNumbers(cols), 20);
      const exponentials = rowsOf(x, cols).map((row) =>
        row.map((v) => Math.exp(v - Math.max(...row))),
      );
      const expected = exponentials.flatMap((row) => {
        const sum = row.reduce((a, b) => a + b, 0);
        return row.map((e) => e / sum);
      });
      const compute = (log: boolean) =>
        computeFloats(kernels, [x], x.length, ([at], y) =>
          planSoftmax(kernels, { x: at!, y, rows, cols, log }),
        );
      expect(relativeError(compute(false), expected)).toBeLessThan(SOFTMAX);
      expect(relativeError(compute(true), expected.map(Math.log), 1)).toBeLessThan(SOFTMAX);
    }
  });

  test("softmax of huge, masked and infinite values", () => {
    const softmax = (values: number[], log = false) => [
      ...computeFloats(kernels, [new Float32Array(values)], values.length, ([at], y) =>
        planSoftmax(kernels, { x: at!, y, rows: 1, cols: values.length, log }),
      ),
    ];
    expect(softmax([1e30, 1e30, -1e30])).toEqual([0.5, 0.5, 0]);
    expect(softmax([-Infinity, 0, -Infinity])).toEqual([0, 1, 0]);
    expect(softmax([3, 3, 3, 3, 3, 3, 3, 3])).toEqual(new Array(8).fill(0.125));
    expect(softmax([Number.NaN, 0])).toEqual([Number.NaN, Number.NaN]);
    expect(softmax([1e6, 1e6 - 200], true)[1]).toBe(-200);
  });

  test("layer and root-mean-square normalisation, with residual, factors and shifts", () => {
    for (const [rows, cols] of SHAPES) {
      const random = seededNumbers(cols);
      const x = randomFloats(rows * cols, random, 3).map((v) => v + 5);
      const residual = randomFloats(rows * cols, random);
      const gamma = randomFloats(cols, random);
      const beta = randomFloats(cols, random);
      for (const kind of ["layer", "rms"] as const) {
        const sums = x.map((v, i) => Math.fround(v + residual[i]!));
        const reference = (values: Float32Array) =>
          rowsOf(values, cols).flatMap((row) => {
            const centre = kind === "layer" ? mean(row) : 0;
            const inverse = 1 / Math.sqrt(mean(row.map((v) => (v - centre) ** 2)) + 1e-5);
            return row.map((v, i) => (v - centre) * inverse * gamma[i]! + beta[i]!);
          });
        const plain = computeFloats(kernels, [x, gamma, beta], x.length, ([at, g, b], y) =>
          planNormalize(kernels, { kind, x: at!, y, rows, cols, gamma: g!, beta: b! }),
        );
        expect(relativeError(plain, reference(x), 1)).toBeLessThan(NORMALIZED);
        const summed = computeFloats(
          kernels,
          [x, gamma, beta, residual],
          x.length,
          ([at, g, b, r], y) =>
            planNormalize(kernels, {
              kind,
              x: at!,
              y,
              rows,
              cols,
              gamma: g!,
              beta: b!,
              residual: r!,
            }),
        );
        expect(relativeError(summed, reference(sums), 1)).toBeLessThan(NORMALIZED);
      }
    }
  });

  test("normalisation keeps the sum with the residual where asked", () => {
    const x = new Float32Array([1, 2, 3]);
    const sum = computeFloats(kernels, [x, x, x], 3, ([at, r, y], kept) =>
      planNormalize(kernels, {
        kind: "rms",
        x: at!,
        y: y!,
        rows: 1,
        cols: 3,
        residual: r!,
        sum: kept,
      }),
    );
    expect([...sum]).toEqual([2, 4, 6]);
  });

  test("a scale and shift per channel", () => {
    for (const [positions, c] of SHAPES) {
      const random = seededNumbers(c);
      const x = randomFloats(positions * c, random);
      const scale = randomFloats(c, random);
      const shift = randomFloats(c, random);
      const expected = [...x].map((v, i) => Math.max(0, v * scale[i % c]! + shift[i % c]!));
      const actual = computeFloats(kernels, [x, scale, shift], x.length, ([at, s, t], y) =>
        planAffine(kernels, {
          x: at!,
          y,
          positions,
          c,
          scale: s!,
          shift: t!,
          activation: { kind: "relu" },
        }),
      );
      expect(relativeError(actual, expected, 1)).toBeLessThan(2.5e-7);
      const unshifted = computeFloats(kernels, [x, scale], x.length, ([at, s], y) =>
        planAffine(kernels, { x: at!, y, positions, c, scale: s! }),
      );
      expect(
        relativeError(
          unshifted,
          [...x].map((v, i) => v * scale[i % c]!),
        ),
      ).toBeLessThan(1e-7);
    }
  });

  test("instance and group normalisation", () => {
    for (const [n, positions, c, groups] of [
      [1, 1, 1, 1],
      [2, 9, 3, 3],
      [1, 200, 6, 2],
      [3, 35, 20, 5],
      [2, 7, 9, 1],
    ] as const) {
      const random = seededNumbers(c);
      const x = randomFloats(n * positions * c, random, 2).map((v) => v + 3);
      const gamma = randomFloats(c, random);
      const beta = randomFloats(c, random);
      const reference = (parts: number) => {
        const width = c / parts;
        const groupOf = (i: number) =>
          Math.floor(i / (positions * c)) * parts + Math.floor((i % c) / width);
        const members = Array.from({ length: n * parts }, (): number[] => []);
        for (const [i, v] of x.entries()) members[groupOf(i)]!.push(v);
        return [...x].map((v, i) => {
          const group = members[groupOf(i)]!;
          const centre = mean(group);
          const inverse = 1 / Math.sqrt(mean(group.map((u) => (u - centre) ** 2)) + 1e-3);
          return (v - centre) * inverse * gamma[i % c]! + beta[i % c]!;
        });
      };
      const actual = computeFloats(kernels, [x, gamma, beta], x.length, ([at, g, b], y) =>
        planGroupNorm(kernels, {
          x: at!,
          y,
          n,
          positions,
          c,
          groups,
          gamma: g!,
          beta: b!,
          epsilon: 1e-3,
        }),
      );
      expect(relativeError(actual, reference(groups), 1)).toBeLessThan(NORMALIZED);
      const instance = computeFloats(kernels, [x, gamma, beta], x.length, ([at, g, b], y) =>
        planInstanceNorm(kernels, {
          x: at!,
          y,
          n,
          positions,
          c,
          gamma: g!,
          beta: b!,
          epsilon: 1e-3,
        }),
      );
      expect(relativeError(instance, reference(c), 1)).toBeLessThan(NORMALIZED);
    }
  });

  test("errors say what was expected", () => {
    expect(() =>
      planGroupNorm(kernels, { x: 0, y: 0, n: 1, positions: 1, c: 5, groups: 2 }),
    ).toThrow("planGroupNorm: 5 channels cannot be split into 2 groups");
    expect(() => planSoftmax(kernels, { x: 0, y: 0, rows: 1, cols: 0 })).toThrow(
      "planSoftmax: expected cols to be a whole number from 1, got 0",
    );
  });
});
