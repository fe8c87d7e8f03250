import { describe, expect, it } from "vitest";
import type { Dim } from "../../model/model.js";
import { type Attributes, f32, infer, shapeAfter } from "../infer-node.test-support.js";
import { inferredValue } from "../inferred-value.js";

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
