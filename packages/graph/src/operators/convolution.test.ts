import { sizeOf, type Tensor, tensor } from "@edgewright/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  elementAt,
  floats,
  maxDifference,
  noise,
  numbers,
  positions,
  run,
  runAll,
} from "./run-operator.test-support.js";

interface Window {
  strides: number[];
  dilations: number[];
  pads: number[];
  group: number;
}

/** Convolution by its definition: [n, c, h, w] with [m, c / group, kh, kw]. */
function slowConv(x: Tensor, w: Tensor, window: Window): Tensor {
  const { strides, dilations, pads, group } = window;
  const [n, c, h, width] = x.shape as [number, number, number, number];
  const [m, cg, kh, kw] = w.shape as [number, number, number, number];
  const out = (size: number, k: number, i: number): number =>
    Math.floor((size + pads[i]! + pads[i + 2]! - (k - 1) * dilations[i]! - 1) / strides[i]!) + 1;
  const shape = [n, m, out(h, kh, 0), out(width, kw, 1)];
  const data = new Float32Array(sizeOf(shape));
  let next = 0;
  for (const [b, f, y, z] of positions(shape) as Iterable<[number, number, number, number]>) {
    let sum = 0;
    const first = Math.floor(f / (m / group)) * cg;
    for (const [d, i, j] of positions([cg, kh, kw]) as Iterable<[number, number, number]>) {
      const row = y * strides[0]! + i * dilations[0]! - pads[0]!;
      const column = z * strides[1]! + j * dilations[1]! - pads[1]!;
      if (row < 0 || row >= h || column < 0 || column >= width) continue;
      sum += elementAt(x, [b, first + d, row, column]) * elementAt(w, [f, d, i, j]);
    }
    data[next++] = sum;
  }
  expect(c).toBe(cg * group);
  return { dtype: "f32", shape, data };
}

const pair = (min: number, max: number) =>
  fc.array(fc.integer({ min, max }), { minLength: 2, maxLength: 2 });
const quad = fc.array(fc.nat({ max: 2 }), { minLength: 4, maxLength: 4 });

describe("Conv", () => {
  it("agrees with its definition over strides, dilations, pads and groups", () => {
    fc.assert(
      fc.property(
        pair(5, 8),
        pair(1, 3),
        pair(1, 3),
        pair(1, 2),
        quad,
        fc.integer({ min: 1, max: 3 }),
        (image, kernel, strides, dilations, pads, group) => {
          const x = noise([2, 2 * group, ...image], 11);
          const w = noise([3 * group, 2, ...kernel], 12);
          const window = { strides, dilations, pads, group };
          const y = run("Conv", [x, w], { attributes: window });
          const expected = slowConv(x, w, window);
          expect(y.shape).toEqual(expected.shape);
          expect(maxDifference(y, expected)).toBeLessThan(1e-4);
        },
      ),
      { seed: 41, numRuns: 60 },
    );
  });

  it("treats a sequence as an image of one row, and an image as a volume of one plane", () => {
    const x = noise([1, 2, 9], 13);
    const w = noise([3, 2, 3], 14);
    const attributes = (rank: number) => ({
      pads: [...new Array(rank - 1).fill(0), 1, ...new Array(rank - 1).fill(0), 2],
      strides: [...new Array(rank - 1).fill(1), 2],
    });
    const line = run("Conv", [x, w], { attributes: attributes(1) });
    for (const rank of [2, 3]) {
      const ones = new Array(rank - 1).fill(1);
      const wide = run(
        "Conv",
        [
          { ...x, shape: [1, 2, ...ones, 9] },
          { ...w, shape: [3, 2, ...ones, 3] },
        ],
        { attributes: attributes(rank) },
      );
      expect(numbers(wide)).toEqual(numbers(line));
    }
  });

  it("works padding out by auto_pad", () => {
    const x = noise([1, 1, 7, 7], 15);
    const w = noise([1, 1, 4, 4], 16);
    const of = (attributes: Record<string, string | number[]>): Tensor =>
      run("Conv", [x, w], { attributes: { strides: [2, 2], ...attributes } });
    expect(of({ auto_pad: "SAME_UPPER" })).toEqual(of({ pads: [1, 1, 2, 2] }));
    expect(of({ auto_pad: "SAME_LOWER" })).toEqual(of({ pads: [2, 2, 1, 1] }));
    expect(of({ auto_pad: "VALID" })).toEqual(of({}));
  });

  it("refuses channels, groups and windows that do not fit", () => {
    const x = noise([1, 4, 5, 5]);
    expect(() => run("Conv", [x, noise([2, 3, 3, 3])])).toThrow("do not fit 1 groups");
    expect(() => run("Conv", [x, noise([2, 4, 6, 3])])).toThrow("a window of 6 does not fit 5");
    expect(() => run("Conv", [x, noise([2, 4, 3, 3]), noise([3])])).toThrow(
      "does not fit 2 channels",
    );
    expect(() =>
      run("Conv", [x, noise([2, 4, 3, 3])], { attributes: { strides: [0, 1] } }),
    ).toThrow("strides [0, 1]");
  });
});

describe("ConvTranspose", () => {
  it("is the adjoint of the convolution: <conv(x), y> = <x, convTranspose(y)>", () => {
    fc.assert(
      fc.property(
        pair(1, 3),
        pair(1, 3),
        pair(1, 2),
        quad,
        fc.integer({ min: 1, max: 2 }),
        (kernel, strides, dilations, pads, group) => {
          // Sizes that the windows tile without a rest, so that both directions know the same shape.
          const image = [0, 1].map(
            (i) => 3 * strides[i]! + (kernel[i]! - 1) * dilations[i]! + 1 - pads[i]! - pads[i + 2]!,
          );
          fc.pre(image.every((size) => size >= 1));
          const attributes = { strides, dilations, pads, group };
          const x = noise([1, 2 * group, ...image], 17);
          const w = noise([3 * group, 2, ...kernel], 18);
          const convolved = run("Conv", [x, w], { attributes });
          const y = noise(convolved.shape, 19);
          const back = run("ConvTranspose", [y, w], { attributes });
          expect(back.shape).toEqual(x.shape);
          const dot = (a: Tensor, b: Tensor): number =>
            numbers(a).reduce((sum, v, i) => sum + v * Number(b.data[i]), 0);
          expect(Math.abs(dot(convolved, y) - dot(x, back))).toBeLessThan(1e-3);
        },
      ),
      { seed: 42, numRuns: 60 },
    );
  });
});

describe("pooling", () => {
  it("counts padding only when told to", () => {
    const x = floats([1, 1, 2, 2], [1, 2, 3, 4]);
    const attributes = { kernel_shape: [2, 2], pads: [1, 1, 0, 0] };
    expect(numbers(run("AveragePool", [x], { attributes }))).toEqual([1, 1.5, 2, 2.5]);
    const counted = run("AveragePool", [x], {
      attributes: { ...attributes, count_include_pad: 1 },
    });
    expect(numbers(counted)).toEqual([0.25, 0.75, 1, 2.5]);
  });

  it("says where the maxima are, row by row or column by column", () => {
    const x = floats([1, 1, 2, 3], [1, 9, 2, 3, 4, 8]);
    const of = (storage: number): number[] =>
      numbers(
        runAll("MaxPool", [x], {
          attributes: { kernel_shape: [2, 2], storage_order: storage },
          outputCount: 2,
        })[1]!,
      );
    expect(of(0)).toEqual([1, 1]);
    expect(of(1)).toEqual([2, 2]);
  });

  it("puts maxima back where they were", () => {
    const x = noise([1, 2, 4, 4], 20);
    const attributes = { kernel_shape: [2, 2], strides: [2, 2] };
    const [y, indices] = runAll("MaxPool", [x], { attributes, outputCount: 2 });
    const back = run("MaxUnpool", [y!, indices!], { attributes });
    expect(back.shape).toEqual(x.shape);
    for (const [i, value] of numbers(back).entries()) expect([0, x.data[i]]).toContain(value);
    expect(numbers(back).filter((v) => v !== 0)).toHaveLength(8);
  });

  it("drops a last window that would begin in the padding", () => {
    const attributes = { kernel_shape: [1], strides: [3], ceil_mode: 1, pads: [0, 1] };
    expect(run("MaxPool", [noise([1, 1, 3])], { attributes }).shape).toEqual([1, 1, 1]);
  });

  it("pools the whole plane", () => {
    const x = floats([1, 2, 2], [1, 3, -4, -8]);
    expect(numbers(run("GlobalAveragePool", [x]))).toEqual([2, -6]);
    expect(numbers(run("GlobalMaxPool", [x]))).toEqual([3, -4]);
    const norm = numbers(run("GlobalLpPool", [x]));
    expect(norm[0]).toBeCloseTo(Math.sqrt(10), 6);
  });

  it("pools 8-bit codes as they are, and refuses to average them", () => {
    const x = tensor("u8", [1, 1, 4], [1, 200, 3, 4]);
    const attributes = { kernel_shape: [2], strides: [2] };
    expect(numbers(run("MaxPool", [x], { attributes }))).toEqual([200, 4]);
    expect(() => run("AveragePool", [x], { attributes })).toThrow("works on floats, got u8");
  });
});
