import type { DType, Tensor } from "@edgewright/core";
import { describe, expect, it } from "vitest";
import { graphOf, infoOf, nodeOf } from "../model/build-model.test-support.js";
import type { Dim } from "../model/model.js";
import { inferNode } from "./infer-node.js";
import {
  elementsAfter,
  f32,
  floats,
  infer,
  ints,
  scalar,
  shapeAfter,
} from "./infer-node.test-support.js";
import { constantOf, constantValue, elementsOf, inferredValue } from "./inferred-value.js";

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

describe("signals", () => {
  it("transforms keep half of the spectrum of real values", () => {
    expect(shapeAfter("DFT", [f32(1, 10, 4, 1)], { axis: 1, onesided: 1 }, 17)).toEqual([
      1, 6, 4, 2,
    ]);
    expect(shapeAfter("DFT", [f32(1, "t", 1), ints(16)], { axis: 1 }, 17)).toEqual([1, 16, 2]);
    expect(shapeAfter("DFT", [f32(1, 10, 4, 2), null, scalar(2)], {}, 20)).toEqual([1, 10, 4, 2]);
    const frames = shapeAfter("STFT", [f32(1, 128, 1), scalar(8), null, scalar(16)]);
    expect(frames).toEqual([1, 15, 9, 2]);
    expect(shapeAfter("STFT", [f32(1, "t", 1), scalar(8), f32(16)])).toEqual([
      1,
      "floor((t-8)/8)",
      9,
      2,
    ]);
    expect(() => infer("STFT", [f32(1, 8, 1), scalar(0)])).toThrow(/frame step must be at least 1/);
    expect(shapeAfter("MelWeightMatrix", [scalar(40), scalar(512)])).toEqual([257, 40]);
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
