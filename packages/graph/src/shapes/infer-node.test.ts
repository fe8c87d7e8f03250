import type { DType, Tensor } from "@edgewright/core";
import { describe, expect, it } from "vitest";
import {
  type AttributeLiteral,
  graphOf,
  infoOf,
  nodeOf,
} from "../model/build-model.test-support.js";
import type { Dim } from "../model/model.js";
import { inferNode } from "./infer-node.js";
import {
  constantOf,
  constantValue,
  elementsOf,
  type InferredValue,
  inferredValue,
} from "./inferred-value.js";

const f32 = (...shape: Dim[]): InferredValue => inferredValue("f32", shape);
const ints = (...values: number[]): InferredValue =>
  constantValue({ dtype: "i64", shape: [values.length], data: BigInt64Array.from(values, BigInt) });
const scalar = (value: number): InferredValue =>
  constantValue({ dtype: "i64", shape: [], data: BigInt64Array.of(BigInt(value)) });
const floats = (...values: number[]): InferredValue =>
  constantValue({ dtype: "f32", shape: [values.length], data: Float32Array.from(values) });

type Attributes = Readonly<Record<string, AttributeLiteral>>;

function infer(
  opType: string,
  inputs: readonly (InferredValue | null)[],
  attributes: Attributes = {},
  opset = 17,
  outputs = 1,
): InferredValue[] {
  const names = Array.from({ length: outputs }, (_, i) => `y${i}`);
  return inferNode(nodeOf(opType, [], names, attributes, "n"), inputs, opset);
}

const shapeAfter = (...args: Parameters<typeof infer>): readonly Dim[] | null =>
  infer(...args)[0]!.shape;
const elementsAfter = (...args: Parameters<typeof infer>): readonly Dim[] | undefined =>
  elementsOf(infer(...args)[0]!);

describe("convolutions and pools", () => {
  it.each<[string, Attributes, Dim[], Dim[], Dim[]]>([
    ["no padding", {}, [1, 3, 10, 10], [8, 3, 3, 3], [1, 8, 8, 8]],
    [
      "stride and padding",
      { strides: [2, 2], pads: [1, 1, 1, 1] },
      [1, 3, 224, 224],
      [8, 3, 3, 3],
      [1, 8, 112, 112],
    ],
    ["dilation", { dilations: [2, 2] }, [1, 3, 10, 10], [8, 3, 3, 3], [1, 8, 6, 6]],
    ["asymmetric padding", { pads: [0, 1, 2, 3] }, [1, 3, 10, 10], [8, 3, 3, 3], [1, 8, 10, 12]],
    ["groups", { group: 3 }, [1, 3, 8, 8], [6, 1, 3, 3], [1, 6, 6, 6]],
    ["one axis", { strides: [160] }, [1, 1, 1280], [257, 1, 512], [1, 257, 5]],
    ["SAME", { auto_pad: "SAME_UPPER", strides: [2, 2] }, [1, 3, 7, 8], [8, 3, 3, 3], [1, 8, 4, 4]],
    ["VALID", { auto_pad: "VALID", strides: [2, 2] }, [1, 3, 7, 8], [8, 3, 3, 3], [1, 8, 3, 3]],
    [
      "symbols",
      { strides: [2, 2], pads: [1, 1, 1, 1] },
      ["n", 3, "h", null],
      [8, 3, 3, 3],
      ["n", 8, "floor((h+1)/2)", null],
    ],
  ])("Conv with %s", (_, attributes, x, w, y) => {
    expect(shapeAfter("Conv", [f32(...x), f32(...w)], attributes)).toEqual(y);
  });

  it("ConvTranspose undoes Conv, with output padding and output shape", () => {
    const w = f32(8, 4, 3, 3);
    const attributes = { strides: [2, 2], pads: [1, 1, 1, 1] };
    expect(shapeAfter("ConvTranspose", [f32(1, 8, 5, "w"), w], attributes)).toEqual([
      1,
      4,
      9,
      "2*w-1",
    ]);
    expect(
      shapeAfter("ConvTranspose", [f32(1, 8, 5, 5), w], { ...attributes, output_padding: [1, 1] }),
    ).toEqual([1, 4, 10, 10]);
    expect(
      shapeAfter("ConvTranspose", [f32(1, 8, 5, 5), w], {
        output_shape: [12, 13],
        strides: [2, 2],
      }),
    ).toEqual([1, 4, 12, 13]);
    expect(shapeAfter("ConvTranspose", [f32(1, 8, 5, 5), w], { group: 2 })).toEqual([1, 8, 7, 7]);
  });

  it("pools round down, up, and never start in the padding", () => {
    const x = f32(1, 4, 7, 7);
    const kernel = { kernel_shape: [2, 2], strides: [2, 2] };
    expect(shapeAfter("MaxPool", [x], kernel)).toEqual([1, 4, 3, 3]);
    expect(shapeAfter("MaxPool", [x], { ...kernel, ceil_mode: 1 })).toEqual([1, 4, 4, 4]);
    // ceil((1 + 2 - 2) / 2) + 1 = 2, but the second window would start behind the input.
    expect(
      shapeAfter("AveragePool", [f32(1, 4, 1)], {
        kernel_shape: [2],
        strides: [2],
        pads: [1, 1],
        ceil_mode: 1,
      }),
    ).toEqual([1, 4, 1]);
    const [, indices] = infer("MaxPool", [x], kernel, 17, 2);
    expect(indices).toEqual({ dtype: "i64", shape: [1, 4, 3, 3] });
    expect(shapeAfter("GlobalAveragePool", [f32("n", 4, "h", 7)])).toEqual(["n", 4, 1, 1]);
  });

  it.each<[string, Attributes, Dim[], Dim[], RegExp]>([
    [
      "wrong channels",
      {},
      [1, 4, 8, 8],
      [8, 3, 3, 3],
      /Conv "n": input channels and weights x group: 4 and 3/,
    ],
    ["a rank that differs", {}, [1, 3, 8], [8, 3, 3, 3], /the same rank/],
    ["a window larger than the input", {}, [1, 3, 2, 2], [8, 3, 3, 3], /extent 3 does not fit/],
    ["filters that do not divide", { group: 2 }, [1, 6, 8, 8], [3, 3, 3, 3], /3 output channels/],
    [
      "a stride of zero",
      { strides: [0, 1] },
      [1, 3, 8, 8],
      [8, 3, 3, 3],
      /"strides" must hold 2 integers of at least 1/,
    ],
    ["a negative group", { group: -1 }, [1, 3, 8, 8], [8, 3, 3, 3], /"group" must be at least 1/],
    ["missing pads", { pads: [1] }, [1, 3, 8, 8], [8, 3, 3, 3], /"pads" must hold 4/],
    [
      "another kernel_shape",
      { kernel_shape: [5, 5] },
      [1, 3, 8, 8],
      [8, 3, 3, 3],
      /differs from weights/,
    ],
    [
      "a stride that is text",
      { strides: "2" },
      [1, 3, 8, 8],
      [8, 3, 3, 3],
      /"strides" must be of type ints/,
    ],
  ])("Conv refuses %s", (_, attributes, x, w, message) => {
    const run = () => infer("Conv", [f32(...x), f32(...w)], attributes);
    expect(run).toThrowError(
      expect.objectContaining({ where: "n", message: expect.stringMatching(message) }),
    );
  });
});

describe("products", () => {
  it.each<[Dim[], Dim[], Dim[]]>([
    [
      [2, 3],
      [3, 4],
      [2, 4],
    ],
    [
      ["b", 5, 2, 3],
      [3, 4],
      ["b", 5, 2, 4],
    ],
    [
      [5, 1, 2, 3],
      [7, 3, 4],
      [5, 7, 2, 4],
    ],
    [[3], [3, 4], [4]],
    [[2, 3], [3], [2]],
    [[3], [3], []],
  ])("MatMul of %j and %j", (a, b, y) => {
    expect(shapeAfter("MatMul", [f32(...a), f32(...b)])).toEqual(y);
  });

  it("Gemm transposes, and checks what it adds", () => {
    expect(shapeAfter("Gemm", [f32(3, 2), f32(4, 3), f32(4)], { transA: 1, transB: 1 })).toEqual([
      2, 4,
    ]);
    expect(() => infer("Gemm", [f32(2, 3), f32(4, 3)])).toThrow(/inner sizes of A and B: 3 and 4/);
    expect(() => infer("Gemm", [f32(2, 3), f32(3, 4), f32(5)])).toThrow(/do not broadcast/);
  });

  it.each<[string, Dim[][], Dim[]]>([
    [
      "ij,jk->ik",
      [
        [2, 3],
        [3, 4],
      ],
      [2, 4],
    ],
    [
      "bij,bjk",
      [
        ["b", 2, 3],
        ["b", 3, 4],
      ],
      [2, 4],
    ],
    [
      "...ij,...jk->...ik",
      [
        [5, 1, 2, 3],
        [7, 3, 4],
      ],
      [5, 7, 2, 4],
    ],
    ["ii->i", [[3, 3]], [3]],
    ["ii", [[3, 3]], []],
    ["i,j->ij", [[3], [4]], [3, 4]],
  ])("Einsum %s", (equation, shapes, y) => {
    expect(
      shapeAfter(
        "Einsum",
        shapes.map((shape) => f32(...shape)),
        { equation },
      ),
    ).toEqual(y);
  });

  it("integer and quantised products have the types of the standard", () => {
    const u8 = inferredValue("u8", [2, 3]);
    const i8 = inferredValue("i8", [3, 4]);
    expect(infer("MatMulInteger", [u8, i8])[0]).toEqual({ dtype: "i32", shape: [2, 4] });
    const one = f32();
    const zero = inferredValue("u8", []);
    expect(infer("QLinearMatMul", [u8, one, zero, i8, one, zero, one, zero])[0]).toEqual({
      dtype: "u8",
      shape: [2, 4],
    });
    const [codes, scale, zeroPoint] = infer("DynamicQuantizeLinear", [f32(5)], {}, 17, 3);
    expect([codes!.dtype, scale!.dtype, zeroPoint!.shape]).toEqual(["u8", "f32", []]);
    expect(infer("DequantizeLinear", [u8, one, zero])[0]).toEqual({ dtype: "f32", shape: [2, 3] });
    expect(infer("QuantizeLinear", [f32(2), one])[0]!.dtype).toBe("u8");
  });
});

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

describe("other shapes", () => {
  it("broadcasts", () => {
    expect(shapeAfter("Add", [f32(2, 1, 3), f32(4, 1)])).toEqual([2, 4, 3]);
    expect(shapeAfter("Add", [f32("n", 3), f32(1)])).toEqual(["n", 3]);
    expect(shapeAfter("Mul", [f32("n", 3), f32(5, 1)])).toEqual([5, 3]);
    expect(shapeAfter("Mul", [f32("n"), f32("m")])).toEqual([null]);
    expect(() => infer("Add", [f32(2), f32(3)])).toThrow(/\[2\] and \[3\] do not broadcast/);
    expect(infer("Less", [f32(2), f32(1)])[0]).toEqual({ dtype: "bool", shape: [2] });
    expect(shapeAfter("Where", [inferredValue("bool", [2, 1]), f32(3), f32()])).toEqual([2, 3]);
    expect(shapeAfter("Max", [f32(2, 1), f32(3), f32(1, 1, 1)])).toEqual([1, 2, 3]);
  });

  it("reduces by attribute or input", () => {
    const x = f32(2, "h", 4);
    expect(shapeAfter("ReduceMean", [x], { axes: [-1] })).toEqual([2, "h", 1]);
    expect(shapeAfter("ReduceMean", [x], { axes: [1, 2], keepdims: 0 })).toEqual([2]);
    expect(shapeAfter("ReduceSum", [x, ints(0)], { keepdims: 0 })).toEqual(["h", 4]);
    expect(shapeAfter("ReduceSum", [x])).toEqual([1, 1, 1]);
    expect(shapeAfter("ReduceSum", [x], { noop_with_empty_axes: 1 })).toEqual([2, "h", 4]);
    expect(shapeAfter("ReduceSum", [x, inferredValue("i64", [1])])).toEqual([null, null, null]);
  });

  it("resizes by scales or to sizes", () => {
    const x = f32(1, 3, "h", 5);
    const none = floats();
    expect(shapeAfter("Resize", [x, null, floats(1, 1, 2, 1.5)], {}, 13)).toEqual([1, 3, "2*h", 7]);
    expect(shapeAfter("Resize", [x, none, none, ints(1, 3, 8, 9)], {}, 11)).toEqual([1, 3, 8, 9]);
    expect(shapeAfter("Resize", [x, floats(1, 1, 2, 2)], {}, 10)).toEqual([1, 3, "2*h", 10]);
    expect(shapeAfter("Resize", [x, null, null, ints(8, 9)], { axes: [2, 3] }, 18)).toEqual([
      1, 3, 8, 9,
    ]);
    expect(
      shapeAfter(
        "Resize",
        [f32(1, 1, 4, 8), null, null, ints(8, 8)],
        { axes: [2, 3], keep_aspect_ratio_policy: "not_larger" },
        18,
      ),
    ).toEqual([1, 1, 4, 8]);
    expect(() => infer("Resize", [x, null, floats(1, 1, 0, 1)], {}, 13)).toThrow(
      /scales must be positive/,
    );
    expect(
      shapeAfter("Upsample", [x], { scales: { type: "floats", value: [1, 1, 2, 2] } }, 7),
    ).toEqual([1, 3, "2*h", 10]);
  });

  it("LSTM gives states, and checks its weights", () => {
    const weights = [f32(2, 256, 32), f32(2, 256, 64)];
    const outputs = infer(
      "LSTM",
      [f32("t", 3, 32), ...weights],
      { hidden_size: 64, direction: "bidirectional" },
      14,
      3,
    );
    expect(outputs.map((value) => value.shape)).toEqual([
      ["t", 2, 3, 64],
      [2, 3, 64],
      [2, 3, 64],
    ]);
    const first = infer(
      "GRU",
      [f32(3, "t", 32), f32(1, 192, 32), f32(1, 192, 64)],
      { layout: 1 },
      14,
      2,
    );
    expect(first.map((value) => value.shape)).toEqual([
      [3, "t", 1, 64],
      [3, 1, 64],
    ]);
    expect(() =>
      infer("LSTM", [f32(5, 3, 31), f32(1, 256, 32), f32(1, 256, 64)], { hidden_size: 64 }),
    ).toThrow(/31 and 32/);
    expect(() =>
      infer("LSTM", [f32(5, 3, 32), f32(1, 250, 32), f32(1, 256, 64)], { hidden_size: 64 }),
    ).toThrow(/rows of W and gates x hidden_size: 250 and 256/);
    expect(() => infer("LSTM", [f32(5, 3), f32(1, 256, 32), f32(1, 256, 64)])).toThrow(
      /must have rank 3/,
    );
  });

  it("normalises without changing the shape", () => {
    const statistics = infer("LayerNormalization", [f32(2, 3, 4), f32(4)], {}, 17, 3);
    expect(statistics.map((value) => value.shape)).toEqual([
      [2, 3, 4],
      [2, 3, 1],
      [2, 3, 1],
    ]);
    expect(() =>
      infer("BatchNormalization", [f32(1, 3, 4), f32(5), f32(5), f32(5), f32(5)]),
    ).toThrow(/3 and 5/);
    expect(() => infer("Softmax", [f32(2, 3)], { axis: 2 }, 13)).toThrow(/axis 2 is outside/);
  });

  it("knows nothing of operators it has no rule for", () => {
    expect(infer("Imaginary", [f32(2)])[0]).toEqual({ dtype: null, shape: null });
    const custom = { ...nodeOf("Add", ["a", "b"], ["y"]), domain: "com.example" };
    expect(inferNode(custom, [f32(1), f32(1)], 1)[0]).toEqual({ dtype: null, shape: null });
  });

  it("names a node whose input is missing, or whose output is beyond all memory", () => {
    const missing = () => infer("Conv", [f32(1, 3, 8, 8)]);
    expect(missing).toThrowError(
      expect.objectContaining({
        code: "invalid-data",
        where: "n",
        message: 'Conv "n": input 1 is missing',
      }),
    );
    const huge = () => infer("ConstantOfShape", [ints(2 ** 20, 2 ** 20)]);
    expect(huge).toThrowError(expect.objectContaining({ code: "limit-exceeded", where: "n" }));
    expect(() => infer("ConstantOfShape", [ints(3, -1)])).toThrow(/sizes of at least 0/);
    expect(() => infer("Cast", [f32(1)], { to: 8 })).toThrowError(
      expect.objectContaining({ code: "unsupported" }),
    );
  });
});

describe("contents of shape computations", () => {
  it("follows sizes from Shape to Reshape", () => {
    const shape = infer("Shape", [f32("n", 3, "h", 8)])[0]!;
    expect(elementsOf(shape)).toEqual(["n", 3, "h", 8]);
    expect(elementsAfter("Shape", [f32("n", 3, 8)], { start: 1 })).toEqual([3, 8]);
    const batch = infer("Gather", [shape, ints(0)])[0]!;
    const target = infer("Concat", [batch, ints(-1)], { axis: 0 })[0]!;
    expect(shapeAfter("Reshape", [f32("n", 3, "h", 8), target])).toEqual(["n", "24*h"]);
    const height = infer("Slice", [shape, ints(2), ints(3)])[0]!;
    const doubled = infer("Mul", [height, ints(2)])[0]!;
    expect(elementsOf(doubled)).toEqual(["2*h"]);
    expect(elementsAfter("Div", [doubled, ints(2)])).toEqual(["h"]);
    expect(elementsAfter("Size", [f32(2, "h")])).toEqual(["2*h"]);
    expect(elementsAfter("ReduceProd", [shape])).toEqual(
      ["(h*n)"].map((product) => `24*${product}`),
    );
  });

  it("computes in the type of the values", () => {
    expect(elementsAfter("Div", [ints(7), ints(2)])).toEqual([3]);
    expect(elementsAfter("Div", [floats(7), floats(2)])).toEqual([3.5]);
    expect(elementsAfter("Div", [floats(1), floats(3)])).toEqual([Math.fround(1 / 3)]);
    expect(elementsAfter("Cast", [floats(2.9, -2.9)], { to: 7 })).toEqual([2, -2]);
    expect(elementsAfter("Equal", [ints(1, 2), ints(1)])).toEqual([1, 0]);
    expect(elementsAfter("Not", [inferredValue("bool", [1], [0])])).toEqual([1]);
    expect(elementsAfter("Range", [scalar(1), scalar(8), scalar(3)])).toEqual([1, 4, 7]);
    expect(elementsAfter("Where", [inferredValue("bool", [2], [1, 0]), ints(5), ints(6)])).toEqual([
      5, 6,
    ]);
    expect(elementsAfter("Transpose", [inferredValue("i64", [2, 2], [1, 2, "n", 4])])).toEqual([
      1,
      "n",
      2,
      4,
    ]);
    expect(
      elementsAfter("ConstantOfShape", [ints(2)], {
        value: { type: "tensor", value: { dtype: "i64", shape: [1], data: BigInt64Array.of(7n) } },
      }),
    ).toEqual([7, 7]);
    expect(elementsAfter("Div", [ints(1), ints(0)])).toEqual([null]);
  });

  it("turns known contents into tensors, the extremes of 64 bits included", () => {
    const most: Tensor = { dtype: "i64", shape: [1], data: BigInt64Array.of(2n ** 63n - 1n) };
    const joined = infer("Concat", [constantValue(most), ints(1)], { axis: 0 })[0]!;
    expect(constantOf(joined)).toEqual({
      dtype: "i64",
      shape: [2],
      data: BigInt64Array.of(2n ** 63n - 1n, 1n),
    });
    expect(constantOf(inferredValue("i64", [1], ["n"]))).toBeUndefined();
    for (const dtype of ["f32", "bool", "i32", "u8"] as DType[]) {
      expect(constantOf(inferredValue(dtype, [2], [0, 1]))?.data).toHaveLength(2);
    }
  });
});

describe("subgraphs", () => {
  const branch = (shape: readonly Dim[]) => ({
    type: "graph" as const,
    value: graphOf({ outputs: [infoOf("r", shape)], nodes: [] }),
  });
  const scope = {
    inferGraph: (graph: { outputs: readonly { shape: readonly Dim[] | null }[] }) =>
      graph.outputs.map(({ shape }) => inferredValue("f32", shape)),
  };
  const conditional = nodeOf(
    "If",
    ["c"],
    ["y"],
    { then_branch: branch([1, 2]), else_branch: branch([1, 3]) },
    "n",
  );

  it("If keeps what both branches agree on, or takes the known one", () => {
    expect(inferNode(conditional, [inferredValue("bool", [])], 17, scope)[0]!.shape).toEqual([
      1,
      null,
    ]);
    expect(inferNode(conditional, [inferredValue("bool", [], [0])], 17, scope)[0]!.shape).toEqual([
      1, 3,
    ]);
    expect(inferNode(conditional, [inferredValue("bool", [])], 17)[0]!.shape).toEqual(null);
  });

  it("If needs both branches to be graphs", () => {
    const broken = nodeOf("If", ["c"], ["y"], { then_branch: branch([1]) }, "n");
    expect(() => inferNode(broken, [inferredValue("bool", [])], 17, scope)).toThrowError(
      expect.objectContaining({ where: "n" }),
    );
  });
});
