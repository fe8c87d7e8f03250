import { tensor } from "@edgewright/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  elementAt,
  floats,
  longs,
  noise,
  numbers,
  positions,
  run,
  runAll,
} from "./run-operator.test-support.js";

const shapes = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 4 });

describe("Transpose", () => {
  it("moves every element to its permuted place, and back by the inverse", () => {
    fc.assert(
      fc.property(shapes, fc.infiniteStream(fc.nat()), (shape, stream) => {
        const keys = shape.map(() => stream.next().value);
        const perm = [...shape.keys()].sort((a, b) => keys[a]! - keys[b]! || a - b);
        const x = noise(shape, 5);
        const y = run("Transpose", [x], { attributes: { perm } });
        for (const position of positions(y.shape)) {
          const source = new Array<number>(shape.length);
          for (const [i, axis] of perm.entries()) source[axis] = position[i]!;
          expect(elementAt(y, position)).toBe(elementAt(x, source));
        }
        const inverse = perm.map((_, axis) => perm.indexOf(axis));
        expect(run("Transpose", [y], { attributes: { perm: inverse } })).toEqual(x);
      }),
      { seed: 31, numRuns: 150 },
    );
  });

  it("refuses what is no permutation", () => {
    expect(() => run("Transpose", [noise([2, 3])], { attributes: { perm: [0, 0] } })).toThrow(
      "perm [0, 0] is no permutation of 2 axes",
    );
  });
});

describe("Concat and Split", () => {
  it("undo each other along any axis", () => {
    fc.assert(
      fc.property(
        shapes,
        fc.nat(),
        fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 4 }),
        (shape, pick, parts) => {
          const axis = pick % shape.length;
          const whole = shape.slice();
          whole[axis] = parts.reduce((sum, n) => sum + n, 0);
          const x = noise(whole, 6);
          const split = runAll("Split", [x, longs(parts)], {
            attributes: { axis },
            outputCount: parts.length,
          });
          expect(split.map((part) => part!.shape[axis])).toEqual(parts);
          expect(run("Concat", [...split], { attributes: { axis } })).toEqual(x);
        },
      ),
      { seed: 32, numRuns: 150 },
    );
  });

  it("splits unevenly from version 18 on", () => {
    const parts = runAll("Split", [longs([1, 2, 3, 4, 5])], {
      attributes: { num_outputs: 2 },
      opset: 18,
      outputCount: 2,
    });
    expect(parts.map((part) => numbers(part!))).toEqual([
      [1, 2, 3],
      [4, 5],
    ]);
  });

  it("reads the sizes of the parts from an attribute before version 13", () => {
    const options = { attributes: { split: [1, 2] }, opset: 11, outputCount: 2 };
    const parts = runAll("Split", [longs([7, 8, 9])], options);
    expect(parts.map((part) => numbers(part!))).toEqual([[7], [8, 9]]);
    expect(() => runAll("Split", [longs([7, 8])], options)).toThrow("do not add up to 2");
  });
});

describe("Slice", () => {
  it("takes what a loop from start to end takes", () => {
    const bound = fc.integer({ min: -7, max: 7 });
    const step = fc.integer({ min: -3, max: 3 }).filter((n) => n !== 0);
    fc.assert(
      fc.property(fc.nat({ max: 5 }), bound, bound, step, (size, start, end, by) => {
        const x = longs(Array.from({ length: size }, (_, i) => i));
        const y = run("Slice", [x, longs([start]), longs([end]), longs([0]), longs([by])]);
        const wrap = (n: number): number => (n < 0 ? n + size : n);
        const taken: number[] = [];
        if (by > 0) {
          const stop = Math.min(wrap(end), size);
          for (let i = Math.max(0, wrap(start)); i < stop; i += by) taken.push(i);
        } else {
          const stop = Math.max(wrap(end), -1);
          for (let i = Math.min(size - 1, wrap(start)); i > stop; i += by) taken.push(i);
        }
        expect(numbers(y)).toEqual(taken);
      }),
      { seed: 33, numRuns: 300 },
    );
  });

  it("takes 64-bit extremes for the ends", () => {
    const x = longs([0, 1, 2]);
    const least = tensor("i64", [1], [-(2n ** 63n)]);
    const most = tensor("i64", [1], [2n ** 63n - 1n]);
    expect(numbers(run("Slice", [x, longs([1]), most]))).toEqual([1, 2]);
    const backwards = run("Slice", [x, longs([-1]), least, longs([0]), longs([-1])]);
    expect(numbers(backwards)).toEqual([2, 1, 0]);
    expect(numbers(run("Slice", [x, longs([0]), most, longs([0]), most]))).toEqual([0]);
  });

  it("reads attributes before version 10", () => {
    const attributes = { starts: [1, 0], ends: [3, 2], axes: [1, 0] };
    const y = run("Slice", [noise([3, 4], 7)], { attributes, opset: 9 });
    expect(y.shape).toEqual([2, 2]);
  });

  it("refuses a step of 0 and an axis that is not there", () => {
    const x = longs([1, 2]);
    expect(() => run("Slice", [x, longs([0]), longs([2]), longs([0]), longs([0])])).toThrow(
      "step of axis 0 is 0",
    );
    expect(() => run("Slice", [x, longs([0]), longs([2]), longs([1])])).toThrow(
      "axis 1 is outside a tensor of 1 axes",
    );
  });
});

describe("Pad", () => {
  it.each([
    ["constant", [9, 9, 1, 2, 3, 9, 9]],
    ["edge", [1, 1, 1, 2, 3, 3, 3]],
    ["reflect", [3, 2, 1, 2, 3, 2, 1]],
    ["wrap", [2, 3, 1, 2, 3, 1, 2]],
  ])("%s", (mode, expected) => {
    const inputs = [longs([1, 2, 3]), longs([2, 2]), longs([9], [])];
    expect(numbers(run("Pad", inputs, { attributes: { mode }, opset: 19 }))).toEqual(expected);
  });

  it("crops with negative pads, and pads only the axes it is told to", () => {
    const x = longs([1, 2, 3, 4, 5, 6], [2, 3]);
    const cropped = run("Pad", [x, longs([0, -1, 1, 0])]);
    expect(cropped.shape).toEqual([3, 2]);
    expect(numbers(cropped)).toEqual([2, 3, 5, 6, 0, 0]);
    const widened = run("Pad", [x, longs([1, 0]), null, longs([-1])], { opset: 18 });
    expect(numbers(widened)).toEqual([0, 1, 2, 3, 0, 4, 5, 6]);
  });

  it("reads attributes before version 11", () => {
    const attributes = { pads: [1, 0], value: { type: "float", value: 4 } } as const;
    expect(numbers(run("Pad", [floats([2], [1, 2])], { attributes, opset: 2 }))).toEqual([4, 1, 2]);
  });
});

describe("shapes", () => {
  it("repeats by tiles as indexing modulo the size does", () => {
    const x = noise([2, 1, 3], 8);
    const y = run("Tile", [x, longs([2, 3, 1])]);
    expect(y.shape).toEqual([4, 3, 3]);
    for (const [a, b, c] of positions(y.shape) as Iterable<[number, number, number]>) {
      expect(elementAt(y, [a, b, c])).toBe(elementAt(x, [a % 2, 0, c]));
    }
  });

  it("moves depth to space and back, in both orders", () => {
    const x = noise([2, 12, 2, 3], 9);
    for (const mode of ["DCR", "CRD"]) {
      const attributes = { blocksize: 2, mode };
      const y = run("DepthToSpace", [x], { attributes });
      expect(y.shape).toEqual([2, 3, 4, 6]);
      expect(run("SpaceToDepth", [y], { attributes })).toEqual(x);
    }
  });

  it("infers one size and copies others when reshaping", () => {
    const x = noise([2, 3, 4]);
    expect(run("Reshape", [x, longs([0, -1])]).shape).toEqual([2, 12]);
    expect(() => run("Reshape", [x, longs([-1, -1])])).toThrow("two sizes of -1");
    expect(() => run("Reshape", [x, longs([5, -1])])).toThrow("[2, 3, 4] cannot become [5, -1]");
    const empty = tensor("f32", [0, 3]);
    const attributes = { allowzero: 1 };
    expect(run("Reshape", [empty, longs([3, 0])], { attributes }).shape).toEqual([3, 0]);
  });

  it("squeezes and unsqueezes by attribute before version 13, by input since", () => {
    const x = noise([1, 3, 1]);
    expect(run("Squeeze", [x, longs([-1])]).shape).toEqual([1, 3]);
    expect(run("Squeeze", [x], { attributes: { axes: [0] }, opset: 11 }).shape).toEqual([3, 1]);
    expect(run("Squeeze", [x]).shape).toEqual([3]);
    expect(run("Unsqueeze", [x, longs([0, -1])]).shape).toEqual([1, 1, 3, 1, 1]);
    expect(() => run("Squeeze", [x, longs([1])])).toThrow("axis 1 of shape [1, 3, 1] is not 1");
  });

  it("refuses outputs beyond the limit before it allocates them", () => {
    const huge = longs([2 ** 20, 2 ** 20]);
    for (const [opType, inputs] of [
      ["Expand", [longs([1]), huge]],
      ["ConstantOfShape", [huge]],
      ["Tile", [noise([1, 1]), huge]],
    ] as const) {
      expect(() => run(opType, inputs)).toThrow(
        expect.objectContaining({ code: "limit-exceeded", where: "node" }),
      );
    }
    expect(() => run("ConstantOfShape", [longs([-1])])).toThrow("has a size of -1");
    expect(() => run("Expand", [noise([1]), longs([10])], { maxOutputBytes: 39 })).toThrow(
      "takes 40 bytes, the limit is 39",
    );
  });
});
