import { describe, expect, test } from "vitest";
import { graphOf, infoOf, modelOf, nodeOf } from "../model/build-model.test-support.js";
import type { Node } from "../model/model.js";
import {
  expectSameOutputs,
  floats,
  image,
  operatorsOf,
  randomFloats,
} from "./compare-optimized.test-support.js";
import { optimizeModel } from "./optimize-graph.js";

const pads = { pads: [1, 1, 1, 1] };
const alpha = (value: number) => ({ alpha: { type: "float", value } as const });

function convModel(
  nodes: readonly Node[],
  constants: Parameters<typeof graphOf>[0]["initializers"] = {},
) {
  return modelOf(
    graphOf({
      inputs: [image("x", 3)],
      outputs: [infoOf("y", null)],
      initializers: {
        w: randomFloats([5, 3, 3, 3], 2),
        b: randomFloats([5], 3),
        three: floats([], [3]),
        six: floats([], [6]),
        zero: floats([], [0]),
        ...constants,
      },
      nodes,
    }),
  );
}

const feeds = { x: randomFloats([2, 3, 7, 6], 4) };

describe("affine folding", () => {
  test("takes batch normalisation into the convolution", async () => {
    const model = convModel(
      [
        nodeOf("Conv", ["x", "w", "b"], ["c"], pads),
        nodeOf("BatchNormalization", ["c", "g", "s", "m", "v"], ["y"]),
      ],
      {
        g: randomFloats([5], 5),
        s: randomFloats([5], 6),
        m: randomFloats([5], 7),
        v: floats([5], [0.5, 1, 2, 3, 4]),
      },
    );
    expect(await expectSameOutputs(model, feeds)).toEqual(["*Conv"]);
  });

  test("takes scalars and one value per channel, on either side", async () => {
    const model = convModel(
      [
        nodeOf("Conv", ["x", "w"], ["c"], pads),
        nodeOf("Mul", ["two", "c"], ["d"]),
        nodeOf("Add", ["d", "perChannel"], ["e"]),
        nodeOf("Sub", ["e", "two"], ["f"]),
        nodeOf("Div", ["f", "perChannel"], ["y"]),
      ],
      { two: floats([1], [2]), perChannel: floats([5, 1, 1], [1, 2, 3, 4, 5]) },
    );
    expect(await expectSameOutputs(model, feeds)).toEqual(["*Conv"]);
  });

  test("leaves a constant that varies along the width, and `c - x`", async () => {
    const model = convModel(
      [
        nodeOf("Conv", ["x", "w"], ["c"], pads),
        nodeOf("Mul", ["c", "row"], ["d"]),
        nodeOf("Sub", ["three", "d"], ["y"]),
      ],
      { row: floats([6], [1, 2, 3, 4, 5, 6]) },
    );
    expect(await expectSameOutputs(model, feeds)).toEqual(["*Conv", "Mul", "Sub"]);
  });

  test("leaves a convolution whose result something else reads too", async () => {
    const model = convModel([
      nodeOf("Conv", ["x", "w"], ["c"], pads),
      nodeOf("Mul", ["c", "three"], ["d"]),
      nodeOf("Add", ["c", "d"], ["y"]),
    ]);
    expect(await expectSameOutputs(model, feeds)).toEqual(["*Conv", "Mul", "Add"]);
  });

  test("takes batch normalisation into a grouped transposed convolution", async () => {
    const model = modelOf(
      graphOf({
        inputs: [image("x", 4)],
        outputs: [infoOf("y", null)],
        initializers: {
          w: randomFloats([4, 3, 2, 2], 2),
          g: randomFloats([6], 5),
          s: randomFloats([6], 6),
          m: randomFloats([6], 7),
          v: floats([6], [0.5, 1, 2, 3, 4, 5]),
        },
        nodes: [
          nodeOf("ConvTranspose", ["x", "w"], ["c"], { group: 2, strides: [2, 2] }),
          nodeOf("BatchNormalization", ["c", "g", "s", "m", "v"], ["y"]),
        ],
      }),
    );
    const operators = await expectSameOutputs(model, { x: randomFloats([1, 4, 5, 3], 8) });
    expect(operators).toEqual(["*ConvTranspose"]);
  });
});

describe("padding folding", () => {
  const padded = (pads: readonly number[], more: readonly string[] = []) =>
    convModel(
      [
        nodeOf("Pad", ["x", "pads", ...more], ["p"]),
        nodeOf("Conv", ["p", "w"], ["y"], { pads: [0, 1, 0, 0] }),
      ],
      {
        pads: { dtype: "i64", shape: [8], data: BigInt64Array.from(pads, BigInt) },
        one: floats([], [1]),
      },
    );

  test("takes zeros around the image into the convolution", async () => {
    const model = padded([0, 0, 1, 2, 0, 0, 0, 3], ["zero"]);
    expect(await expectSameOutputs(model, feeds)).toEqual(["*Conv"]);
  });

  test("leaves other values, and padding of batch or channels", async () => {
    const ones = padded([0, 0, 1, 2, 0, 0, 0, 3], ["one"]);
    expect(await expectSameOutputs(ones, feeds)).toEqual(["Pad", "*Conv"]);
    const images = padded([1, 0, 1, 2, 0, 0, 0, 3]);
    expect(await expectSameOutputs(images, feeds)).toEqual(["Pad", "*Conv"]);
  });
});

describe("activations", () => {
  const conv = nodeOf("Conv", ["x", "w", "b"], ["c"], pads);

  test("a decomposed hard swish with a learnable affine behind it is one convolution", async () => {
    const model = convModel([
      conv,
      nodeOf("Add", ["c", "three"], ["d"]),
      nodeOf("Clip", ["d", "zero", "six"], ["e"]),
      nodeOf("Mul", ["c", "e"], ["f"]),
      nodeOf("Div", ["f", "six"], ["g"]),
      nodeOf("Mul", ["three", "g"], ["h"]),
      nodeOf("Add", ["h", "six"], ["y"]),
    ]);
    expect(await expectSameOutputs(model, feeds)).toEqual(["*Conv+hard-swish"]);
  });

  test("SiLU behind a product with 1", async () => {
    const model = convModel(
      [
        conv,
        nodeOf("Mul", ["c", "one"], ["d"]),
        nodeOf("Sigmoid", ["d"], ["e"]),
        nodeOf("Mul", ["c", "e"], ["y"]),
      ],
      { one: floats([], [1]) },
    );
    expect(await expectSameOutputs(model, feeds)).toEqual(["*Conv+silu"]);
  });

  test("leaky ReLU with a floor", async () => {
    const model = convModel(
      [conv, nodeOf("LeakyRelu", ["c"], ["d"], alpha(0.2)), nodeOf("Max", ["d", "floor"], ["y"])],
      { floor: floats([1, 1, 1, 1], [-0.1]) },
    );
    expect(await expectSameOutputs(model, feeds)).toEqual(["*Conv+leaky-relu"]);
  });

  test("ReLU and a bound clip", async () => {
    const model = convModel([
      conv,
      nodeOf("Relu", ["c"], ["d"]),
      nodeOf("Min", ["d", "three"], ["y"]),
    ]);
    expect(await expectSameOutputs(model, feeds)).toEqual(["*Conv+clip"]);
  });

  test("GELU with the half in front, behind, and without it", async () => {
    const constants = {
      root: floats([], [Math.SQRT2]),
      one: floats([], [1]),
      half: floats([], [0.5]),
    };
    const gate = [
      nodeOf("Div", ["c", "root"], ["d"]),
      nodeOf("Erf", ["d"], ["e"]),
      nodeOf("Add", ["e", "one"], ["f"]),
    ];
    const front = [nodeOf("Mul", ["c", "half"], ["g"]), nodeOf("Mul", ["g", "f"], ["y"])];
    const behind = [nodeOf("Mul", ["c", "f"], ["g"]), nodeOf("Mul", ["g", "half"], ["y"])];
    for (const tail of [front, behind, [nodeOf("Mul", ["c", "f"], ["y"])]]) {
      const model = convModel([conv, ...gate, ...tail], constants);
      expect(await expectSameOutputs(model, feeds)).toEqual(["*Conv+gelu"]);
    }
  });

  test("Mish from softplus and tanh", async () => {
    const model = convModel([
      conv,
      nodeOf("Softplus", ["c"], ["d"]),
      nodeOf("Tanh", ["d"], ["e"]),
      nodeOf("Mul", ["c", "e"], ["y"]),
    ]);
    expect(await expectSameOutputs(model, feeds)).toEqual(["*Conv+mish"]);
  });

  test("are not made of integers", () => {
    const model = modelOf(
      graphOf({
        inputs: [infoOf("x", [4], "i32")],
        outputs: [infoOf("y", [4], "i32")],
        nodes: [nodeOf("Relu", ["x"], ["y"])],
      }),
    );
    expect(operatorsOf(optimizeModel(model).graph)).toEqual(["Relu"]);
  });

  test("a gate that is read twice stays", async () => {
    const model = convModel([
      conv,
      nodeOf("Sigmoid", ["c"], ["d"]),
      nodeOf("Mul", ["c", "d"], ["e"]),
      nodeOf("Add", ["e", "d"], ["y"]),
    ]);
    expect(await expectSameOutputs(model, feeds)).toEqual([
      "*Conv",
      "*Activation+sigmoid",
      "Mul",
      "Add",
    ]);
  });
});

test("a squeeze-and-excitation shortcut becomes part of the gate", async () => {
  const model = modelOf(
    graphOf({
      inputs: [image("x", 8)],
      outputs: [infoOf("y", null)],
      initializers: { w: randomFloats([8, 8, 1, 1], 2) },
      nodes: [
        nodeOf("GlobalAveragePool", ["x"], ["p"]),
        nodeOf("Conv", ["p", "w"], ["c"]),
        nodeOf("HardSigmoid", ["c"], ["s"]),
        nodeOf("Mul", ["x", "s"], ["m"]),
        nodeOf("Add", ["x", "m"], ["y"]),
      ],
    }),
  );
  const operators = await expectSameOutputs(model, { x: randomFloats([2, 8, 3, 5], 3) });
  expect(operators).toEqual(["GlobalAveragePool", "*Conv+hard-sigmoid", "Mul"]);
});

test("a decomposed layer normalisation is one node", async () => {
  const model = modelOf(
    graphOf({
      inputs: [infoOf("x", ["n", "t", 10])],
      outputs: [infoOf("y", null)],
      initializers: {
        two: floats([], [2]),
        epsilon: floats([], [1e-5]),
        gamma: randomFloats([10], 2),
        beta: randomFloats([10], 3),
      },
      nodes: [
        nodeOf("ReduceMean", ["x"], ["mean"], { axes: [-1] }),
        nodeOf("Sub", ["x", "mean"], ["d"]),
        nodeOf("Pow", ["d", "two"], ["sq"]),
        nodeOf("ReduceMean", ["sq"], ["var"], { axes: [-1] }),
        nodeOf("Add", ["var", "epsilon"], ["safe"]),
        nodeOf("Sqrt", ["safe"], ["sd"]),
        nodeOf("Div", ["d", "sd"], ["n"]),
        nodeOf("Mul", ["n", "gamma"], ["s"]),
        nodeOf("Add", ["s", "beta"], ["y"]),
      ],
    }),
    13,
  );
  const operators = await expectSameOutputs(model, { x: randomFloats([2, 3, 10], 4) });
  expect(operators).toEqual(["*LayerNormalization"]);
});

describe("matrix products", () => {
  const weights = { w: randomFloats([6, 4], 2), b: randomFloats([4], 3) };

  test("take a bias and an activation", async () => {
    const model = modelOf(
      graphOf({
        inputs: [infoOf("x", ["n", "t", 6])],
        outputs: [infoOf("y", null)],
        initializers: weights,
        nodes: [
          nodeOf("MatMul", ["x", "w"], ["m"]),
          nodeOf("Add", ["b", "m"], ["a"]),
          nodeOf("Relu", ["a"], ["y"]),
        ],
      }),
    );
    const operators = await expectSameOutputs(model, { x: randomFloats([2, 3, 6], 4) });
    expect(operators).toEqual(["*MatMul+relu"]);
  });

  test("Gemm with a transposed matrix and a scaled bias", async () => {
    const model = modelOf(
      graphOf({
        inputs: [infoOf("x", ["n", 6])],
        outputs: [infoOf("y", null)],
        initializers: { w: randomFloats([4, 6], 2), b: randomFloats([1, 4], 3) },
        nodes: [
          nodeOf("Gemm", ["x", "w", "b"], ["y"], {
            transB: 1,
            beta: { type: "float", value: 0.5 },
          }),
        ],
      }),
    );
    expect(await expectSameOutputs(model, { x: randomFloats([5, 6], 4) })).toEqual(["*MatMul"]);
  });
});

describe("constants and nodes without effect", () => {
  test("what depends on constants only is computed once, what nothing needs not at all", () => {
    const model = modelOf(
      graphOf({
        inputs: [infoOf("x", [2])],
        outputs: [infoOf("y", [2])],
        initializers: { a: floats([2], [1, 2]), b: floats([2], [3, 4]) },
        nodes: [
          nodeOf("Add", ["a", "b"], ["c"]),
          nodeOf("Mul", ["x", "c"], ["y"]),
          nodeOf("Mul", ["x", "a"], ["unused"]),
        ],
      }),
    );
    const { nodes, initializers } = optimizeModel(model).graph;
    expect(nodes.map((node) => node.name)).toEqual(["y"]);
    expect([...initializers.keys()]).toEqual(["c"]);
    expect(initializers.get("c")!.data).toEqual(Float32Array.of(4, 6));
  });

  test("Identity, Dropout and neutral constants go; names of outputs stay", async () => {
    const model = modelOf(
      graphOf({
        inputs: [infoOf("x", [2])],
        outputs: [infoOf("y", [2]), infoOf("z", [2])],
        initializers: { one: floats([], [1]), zero: floats([], [0]) },
        nodes: [
          nodeOf("Identity", ["x"], ["a"]),
          nodeOf("Dropout", ["a"], ["b"]),
          nodeOf("Mul", ["b", "one"], ["c"]),
          nodeOf("Exp", ["c"], ["d"]),
          nodeOf("Add", ["zero", "d"], ["e"]),
          nodeOf("Identity", ["e"], ["y"]),
          nodeOf("Identity", ["x"], ["z"]),
        ],
      }),
    );
    const operators = await expectSameOutputs(model, { x: randomFloats([2]) });
    expect(operators).toEqual(["*Activation+exp", "Identity"]);
  });

  test("a neutral constant that adds an axis stays", async () => {
    const model = modelOf(
      graphOf({
        inputs: [infoOf("x", [2])],
        outputs: [infoOf("y", [1, 2])],
        initializers: { one: floats([1, 1], [1]) },
        nodes: [nodeOf("Mul", ["x", "one"], ["y"])],
      }),
    );
    expect(await expectSameOutputs(model, { x: randomFloats([2]) })).toEqual(["Mul"]);
  });
});
