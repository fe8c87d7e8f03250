import { describe, expect, it } from "vitest";
import type { Dim } from "../../model/model.js";
import {
  type Attributes,
  f32,
  infer,
  ints,
  scalar,
  shapeAfter,
} from "../infer-node.test-support.js";
import { type InferredValue, inferredValue } from "../inferred-value.js";

describe("reshaping", () => {
  it.each<[Dim[], number[], Attributes, Dim[]]>(
    [
      [[2, 3, 4], [6, -1], {}, [6, 4]],
      [[2, 3, 4], [0, -1], {}, [2, 12]],
      [[0, 3], [0, 3], { allowzero: 1 }, [0, 3]],
      [["n", 3, 4], [-1, 12], {}, ["n", 12]],
      [["n", 3, "h"], [0, -1], {}, ["n", "3*h"]],
      [["n", 8, 4], [-1, 4, 4], {}, ["2*n", 4, 4]],
      [["n", 3], [-1, 2], {}, [null, 2]],
    ].map((row) => row as [Dim[], number[], Attributes, Dim[]]),
  )("Reshape %j by %j %j", (x, target, attributes, y) => {
    expect(shapeAfter("Reshape", [f32(...x), ints(...target)], attributes)).toEqual(y);
  });

  it("Reshape knows the rank even when the target is computed from data", () => {
    expect(shapeAfter("Reshape", [f32(6), inferredValue("i64", [2])])).toEqual([null, null]);
    expect(shapeAfter("Reshape", [f32(6), inferredValue("i64", [null])])).toEqual(null);
  });

  it.each<[number[], RegExp]>([
    [[4, -1], /6 elements do not divide/],
    [[-1, -1], /at most one -1/],
    [[-3, 2], /must hold sizes/],
    [[7], /does not reshape/],
    [[6, 1, 0], /copies nothing/],
  ])("Reshape refuses %j", (target, message) => {
    expect(() => infer("Reshape", [f32(2, 3), ints(...target)])).toThrow(message);
  });

  it("squeezes and unsqueezes by attribute or input, depending on the opset", () => {
    expect(shapeAfter("Squeeze", [f32(1, 3, 1)], { axes: [0] }, 11)).toEqual([3, 1]);
    expect(shapeAfter("Squeeze", [f32(1, 3, 1), ints(-1)])).toEqual([1, 3]);
    expect(shapeAfter("Squeeze", [f32(1, 3, 1)])).toEqual([3]);
    expect(shapeAfter("Squeeze", [f32("n", 1)])).toEqual(null);
    expect(() => infer("Squeeze", [f32(1, 3), ints(1)])).toThrow(/not of size 1/);
    expect(shapeAfter("Unsqueeze", [f32(3)], { axes: [0, 2] }, 11)).toEqual([1, 3, 1]);
    expect(shapeAfter("Unsqueeze", [f32(3, 4), ints(-1, 0)])).toEqual([1, 3, 4, 1]);
    expect(() => infer("Unsqueeze", [f32(3), ints(0, 0)])).toThrow(/one axis twice/);
  });

  it("flattens, permutes, expands, tiles, and moves depth to space", () => {
    expect(shapeAfter("Flatten", [f32("n", 3, 4)])).toEqual(["n", 12]);
    expect(shapeAfter("Flatten", [f32(2, 3, 4)], { axis: -1 })).toEqual([6, 4]);
    expect(shapeAfter("Flatten", [f32(2, 3)], { axis: 0 })).toEqual([1, 6]);
    expect(shapeAfter("Transpose", [f32(2, 3, 4)])).toEqual([4, 3, 2]);
    expect(shapeAfter("Transpose", [f32(2, 3, "h", 4)], { perm: [0, 2, 3, 1] })).toEqual([
      2,
      "h",
      4,
      3,
    ]);
    expect(() => infer("Transpose", [f32(2, 3)], { perm: [0, 0] })).toThrow(/does not permute/);
    expect(shapeAfter("Expand", [f32(3, 1), ints(2, 1, 6)])).toEqual([2, 3, 6]);
    expect(shapeAfter("Tile", [f32(2, "w"), ints(3, 2)])).toEqual([6, "2*w"]);
    expect(shapeAfter("DepthToSpace", [f32(1, 8, 2, "w")], { blocksize: 2 })).toEqual([
      1,
      2,
      4,
      "2*w",
    ]);
    expect(shapeAfter("SpaceToDepth", [f32(1, 2, 4, 6)], { blocksize: 2 })).toEqual([1, 8, 2, 3]);
  });
});

describe("slices, joins and indices", () => {
  const end = 2 ** 31 - 1;
  it.each<[string, Dim, [number, number, number], Dim]>([
    ["from the front", 10, [0, 4, 1], 4],
    ["to the end", 10, [3, end, 1], 7],
    ["counted from the end", 10, [-3, -1, 1], 2],
    ["in steps", 10, [1, 10, 3], 3],
    ["backwards", 10, [-1, -end, -1], 10],
    ["backwards in steps", 10, [8, 0, -3], 3],
    ["past the end", 4, [2, 100, 1], 2],
    ["empty", 4, [3, 1, 1], 0],
    ["all of a symbol", "w", [0, end, 1], "w"],
    ["part of a symbol", "w", [1, end, 1], null],
  ])("Slice %s", (_, size, [start, stop, step], expected) => {
    const inputs = [f32(2, size), ints(start), ints(stop), ints(1), ints(step)];
    expect(shapeAfter("Slice", inputs)).toEqual([2, expected]);
    if (step === 1) {
      const attributes = { starts: [start], ends: [stop], axes: [1] };
      expect(shapeAfter("Slice", [f32(2, size)], attributes, 9)).toEqual([2, expected]);
    }
  });

  it("Slice refuses a step of 0 and lists that differ in length", () => {
    expect(() => infer("Slice", [f32(4), ints(0), ints(1), ints(0), ints(0)])).toThrow(
      /must not be 0/,
    );
    expect(() => infer("Slice", [f32(4, 4), ints(0, 0), ints(1)])).toThrow(/equally long/);
    expect(() => infer("Slice", [f32(4), ints(0), ints(1), ints(3)])).toThrow(/axis 3 is outside/);
  });

  it("concatenates and splits", () => {
    expect(shapeAfter("Concat", [f32(2, "n"), f32(2, 3)], { axis: 1 })).toEqual([2, "n+3"]);
    expect(() => infer("Concat", [f32(2, 1), f32(3, 1)], { axis: 1 })).toThrow(
      /sizes of axis 0: 2 and 3/,
    );
    expect(() => infer("Concat", [f32(2), f32(2, 1)], { axis: 0 })).toThrow(/differ in rank/);
    const parts = (outputs: number, ...args: [readonly InferredValue[], Attributes, number]) =>
      infer("Split", ...args, outputs).map((value) => value.shape);
    expect(parts(2, [f32(6, 2)], {}, 11)).toEqual([
      [3, 2],
      [3, 2],
    ]);
    expect(parts(2, [f32(6)], { split: [2, 4] }, 11)).toEqual([[2], [4]]);
    expect(parts(2, [f32(6), ints(5, 1)], {}, 13)).toEqual([[5], [1]]);
    expect(parts(3, [f32(7)], { num_outputs: 3 }, 18)).toEqual([[3], [3], [1]]);
    expect(() => infer("Split", [f32(6), ints(5, 2)], {}, 13, 2)).toThrow(/do not add up to 6/);
  });

  it("gathers, ranks and marks", () => {
    expect(shapeAfter("Gather", [f32(5, 6, 7), ints(1, 2)], { axis: 1 })).toEqual([5, 2, 7]);
    expect(shapeAfter("Gather", [f32(5, 6), scalar(0)])).toEqual([6]);
    expect(() => infer("Gather", [f32(5), ints(5)])).toThrow(/index 5 is outside axis 0 of size 5/);
    expect(shapeAfter("GatherND", [f32(2, 3, 4), inferredValue("i64", [5, 2])])).toEqual([5, 4]);
    expect(shapeAfter("TopK", [f32(2, 9), ints(4)])).toEqual([2, 4]);
    expect(shapeAfter("TopK", [f32(2, 9)], { k: 3 }, 9)).toEqual([2, 3]);
    expect(() => infer("TopK", [f32(2, 9), ints(10)])).toThrow(/k = 10/);
    expect(shapeAfter("OneHot", [f32(2, 3), scalar(10), f32(2)])).toEqual([2, 3, 10]);
    expect(shapeAfter("NonZero", [f32(2, 3)])).toEqual([2, null]);
    expect(shapeAfter("ArgMax", [f32(2, 3)], { axis: 1, keepdims: 0 })).toEqual([2]);
  });

  it("pads by attribute or input", () => {
    expect(shapeAfter("Pad", [f32(2, "w")], { pads: [1, 0, 1, 3] }, 9)).toEqual([4, "w+3"]);
    expect(shapeAfter("Pad", [f32(2, 3), ints(0, -1, 0, 0)])).toEqual([2, 2]);
    expect(shapeAfter("Pad", [f32(2, 3), ints(2, 2), null, ints(-1)], {}, 18)).toEqual([2, 7]);
    expect(() => infer("Pad", [f32(2, 3), ints(0, -4, 0, 0)])).toThrow(/the shape \[2, -1\]/);
  });
});
