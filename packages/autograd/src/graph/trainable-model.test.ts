import type { Model } from "@edgewright/graph";
import type { Kernels } from "@edgewright/kernels";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadEveryKernels } from "../testing/check-gradients.test-support.js";
import { ModelWriter } from "./build-model.test-support.js";
import { expectSameAsSession, type InputShapes } from "./compare-with-session.test-support.js";

let everyKernels: Kernels[];
beforeAll(async () => {
  everyKernels = await loadEveryKernels();
});
afterAll(() => {
  for (const kernels of everyKernels) kernels.dispose();
});

interface Case {
  readonly model: Model;
  readonly inputs: InputShapes;
}

const cases: Readonly<Record<string, () => Case>> = {
  "LeNet: flattening looks at ONNX's order of pixels": () => {
    const w = new ModelWriter(1);
    const conv = (x: string, name: string, shape: number[], pads: number[]): string =>
      w.node("Conv", [x, w.weight(`${name}.w`, shape), w.weight(`${name}.b`, [shape[0]!])], {
        pads,
      });
    const pool = (x: string): string =>
      w.node("MaxPool", [x], { kernel_shape: [2, 2], strides: [2, 2] });
    let x = pool(w.node("Relu", [conv("x", "conv1", [6, 1, 5, 5], [2, 2, 2, 2])]));
    x = pool(w.node("Relu", [conv(x, "conv2", [16, 6, 5, 5], [0, 0, 0, 0])]));
    x = w.node("Flatten", [x]);
    const gemm = (from: string, name: string, n: number, k: number): string =>
      w.node("Gemm", [from, w.weight(`${name}.w`, [n, k]), w.weight(`${name}.b`, [n])], {
        transB: 1,
      });
    x = w.node("Relu", [gemm(x, "fc1", 12, 400)]);
    const y = gemm(x, "fc2", 10, 12);
    return { model: w.model({ x: ["batch", 1, 28, 28] }, [y]), inputs: { x: [2, 1, 28, 28] } };
  },

  "depthwise-separable with batch norm and ReLU6": () => {
    const w = new ModelWriter(2);
    let x = w.node("Conv", ["x", w.weight("stem", [8, 3, 3, 3])], {
      strides: [2, 2],
      auto_pad: "SAME_UPPER",
    });
    x = w.node("Clip", [
      w.batchNorm(x, "bn1", 8),
      w.floats("low", [0], []),
      w.floats("high", [6], []),
    ]);
    x = w.node("Conv", [x, w.weight("depthwise", [8, 1, 3, 3])], {
      group: 8,
      pads: [1, 1, 1, 1],
      strides: [2, 1],
    });
    x = w.node("HardSwish", [w.batchNorm(x, "bn2", 8)]);
    x = w.node("Conv", [x, w.weight("pointwise", [12, 8, 1, 1])]);
    x = w.node("ReduceMean", [w.node("Relu", [x])], { axes: [2, 3], keepdims: 0 });
    const y = w.node("MatMul", [x, w.weight("head", [12, 5])]);
    return {
      model: w.model({ x: ["n", 3, "h", "w"] }, [w.node("Add", [y, w.weight("bias", [5])])]),
      inputs: { x: [2, 3, 13, 10] },
    };
  },

  "residual block with squeeze and excitation": () => {
    const w = new ModelWriter(3);
    const conv = (x: string, name: string, shape: number[], more = {}): string =>
      w.node("Conv", [x, w.weight(name, shape)], more);
    let x = conv("x", "a", [8, 4, 3, 3], { pads: [1, 1, 1, 1], strides: [2, 2] });
    x = w.node("Relu", [w.batchNorm(x, "bn1", 8)]);
    x = w.batchNorm(conv(x, "b", [8, 8, 3, 3], { pads: [1, 1, 1, 1] }), "bn2", 8);
    let gate = w.node("GlobalAveragePool", [x]);
    gate = w.node("LeakyRelu", [conv(gate, "squeeze", [2, 8, 1, 1])], { alpha: 0.125 });
    gate = w.node("HardSigmoid", [conv(gate, "excite", [8, 2, 1, 1])], { alpha: 0.2 });
    x = w.node("Mul", [x, gate]);
    const shortcut = conv("x", "shortcut", [8, 4, 1, 1], { strides: [2, 2] });
    x = w.node("Relu", [w.node("Add", [shortcut, x])]);
    x = w.node("AveragePool", [x], { kernel_shape: [2, 2], strides: [2, 2] });
    const y = w.node("Reshape", [x, w.integers("shape", [0, -1])]);
    return { model: w.model({ x: ["n", 4, 8, 8] }, [y]), inputs: { x: [2, 4, 8, 8] } };
  },

  "groups, dilations and asymmetric pads": () => {
    const w = new ModelWriter(4);
    let x = w.node("Conv", ["x", w.weight("g", [6, 2, 3, 3])], {
      group: 2,
      dilations: [2, 1],
      pads: [2, 0, 1, 1],
    });
    x = w.node("PRelu", [x, w.weight("slope", [6, 1, 1])]);
    x = w.node("Conv", [x, w.weight("multiplier", [12, 1, 2, 2])], { group: 6 });
    const y = w.node("PRelu", [x, w.floats("one", [0.3])]);
    return { model: w.model({ x: [1, 4, 9, 8] }, [y]), inputs: { x: [1, 4, 9, 8] } };
  },

  "convolutions over sequences": () => {
    const w = new ModelWriter(5);
    let x = w.node("Conv", ["x", w.weight("a", [6, 3, 5]), w.weight("ab", [6])], { pads: [2, 2] });
    x = w.node("Relu", [w.batchNorm(x, "bn", 6)]);
    x = w.node("Conv", [x, w.weight("d", [6, 1, 3])], { group: 6, strides: [2] });
    x = w.node("MaxPool", [x], { kernel_shape: [3], strides: [2], ceil_mode: 1 });
    x = w.node("Transpose", [x], { perm: [0, 2, 1] });
    const y = w.node("MatMul", [x, w.weight("head", [6, 4])]);
    return { model: w.model({ x: ["n", 3, "t"] }, [y]), inputs: { x: [2, 3, 21] } };
  },

  "transformer block with embedded tokens": () => {
    const w = new ModelWriter(6);
    const project = (x: string, name: string): string =>
      w.node("Add", [
        w.node("MatMul", [x, w.weight(`${name}.w`, [8, 8])]),
        w.weight(`${name}.b`, [8]),
      ]);
    const heads = (x: string, perm: number[]): string =>
      w.node("Transpose", [w.node("Reshape", [x, "split"])], { perm });
    w.integers("split", [0, 0, 2, 4]);
    let x = w.node("Gather", [w.weight("tokens", [11, 8]), "ids"]);
    x = w.node("Add", [x, w.weight("positions", [1, 5, 8])]);
    const norm = w.node(
      "LayerNormalization",
      [x, w.weight("ln.scale", [8], { middle: 1 }), w.weight("ln.shift", [8])],
      { axis: -1, epsilon: 0.001 },
    );
    const [q, k, v] = ["q", "k", "v"].map((name) => project(norm, name));
    let scores = w.node("MatMul", [heads(q!, [0, 2, 1, 3]), heads(k!, [0, 2, 3, 1])]);
    scores = w.node("Softmax", [w.node("Div", [scores, w.floats("scale", [2], [])])], { axis: -1 });
    const mixed = w.node("MatMul", [scores, heads(v!, [0, 2, 1, 3])]);
    const joined = w.node("Reshape", [
      w.node("Transpose", [mixed], { perm: [0, 2, 1, 3] }),
      w.integers("join", [0, 0, 8]),
    ]);
    x = w.node("Add", [x, project(joined, "out")]);
    const hidden = w.node("Gelu", [w.node("MatMul", [x, w.weight("up", [8, 16])])]);
    const y = w.node("Add", [x, w.node("MatMul", [hidden, w.weight("down", [16, 8])])]);
    const first = w.node("Gather", [y, w.integers("first", [0])], { axis: 1 });
    return {
      model: w.model({ ids: ["n", 5] }, [y, first], { opset: 20, integers: ["ids"] }),
      inputs: { ids: { shape: [3, 5], below: 11 } },
    };
  },

  "encoder and decoder: Resize, Concat, ConvTranspose": () => {
    const w = new ModelWriter(7);
    const down = w.node("Conv", ["x", w.weight("a", [4, 3, 3, 3])], { pads: [1, 1, 1, 1] });
    const low = w.node("MaxPool", [down], { kernel_shape: [2, 2], strides: [2, 2] });
    const up = w.node("Resize", [low, "", w.floats("scales", [1, 1, 2, 2])], {
      mode: "nearest",
      coordinate_transformation_mode: "asymmetric",
      nearest_mode: "floor",
    });
    const both = w.node("Concat", [down, up], { axis: 1 });
    const smooth = w.node("Resize", [both, "", "", w.integers("sizes", [1, 8, 4, 4])], {
      mode: "linear",
    });
    const wide = w.node(
      "ConvTranspose",
      [smooth, w.weight("t", [8, 2, 3, 2]), w.weight("tb", [2])],
      {
        strides: [3, 2],
      },
    );
    const over = w.node("ConvTranspose", [wide, w.weight("o", [2, 3, 4, 3])], {
      strides: [2, 2],
      pads: [1, 0, 1, 2],
      output_padding: [0, 1],
    });
    return {
      model: w.model({ x: [1, 3, 6, 8] }, [w.node("Sigmoid", [over])]),
      inputs: { x: [1, 3, 6, 8] },
    };
  },

  "an input with channels last, as from TensorFlow": () => {
    const w = new ModelWriter(8);
    let x = w.node("Transpose", ["x"], { perm: [0, 3, 1, 2] });
    x = w.node("Conv", [x, w.weight("a", [5, 3, 3, 3])]);
    x = w.node("Transpose", [x], { perm: [0, 2, 3, 1] });
    const y = w.node("Softmax", [w.node("Add", [x, w.weight("b", [5])])], { axis: -1 });
    return { model: w.model({ x: ["n", 6, 7, 3] }, [y]), inputs: { x: [2, 6, 7, 3] } };
  },

  "group and instance normalisation": () => {
    const w = new ModelWriter(9);
    const affine = (name: string, c: number): string[] => [
      w.weight(`${name}.scale`, [c], { middle: 1 }),
      w.weight(`${name}.shift`, [c]),
    ];
    let x = w.node("InstanceNormalization", ["x", ...affine("in", 6)]);
    x = w.node("GroupNormalization", [x, ...affine("gn", 3)], { num_groups: 3 });
    return {
      model: w.model({ x: [2, 6, 4, 3] }, [x], { opset: 18 }),
      inputs: { x: [2, 6, 4, 3] },
    };
  },

  "GELU written out in three ways": () => {
    const w = new ModelWriter(15);
    const [half, one] = [w.floats("half", [0.5], []), w.floats("one", [1], [])];
    const shifted = (x: string): string => {
      const scaled = w.node("Div", [x, w.floats("root", [Math.SQRT2], [])]);
      return w.node("Add", [w.node("Erf", [scaled]), one]);
    };
    const a = w.node("Mul", [w.node("Mul", ["x", shifted("x")]), half]);
    const b = w.node("Mul", [w.node("Mul", [half, shifted(a)]), a]);
    const c = w.node("Mul", [w.node("Mul", [b, half]), shifted(b)]);
    return { model: w.model({ x: [2, 6] }, [c]), inputs: { x: [2, 6] } };
  },

  "layer norm written out": () => {
    const w = new ModelWriter(10);
    const centred = w.node("Sub", ["x", w.node("ReduceMean", ["x"], { axes: [-1] })]);
    const squares = w.node("Pow", [centred, w.floats("two", [2], [])]);
    const spread = w.node("ReduceMean", [squares], { axes: [-1] });
    const deviation = w.node("Sqrt", [w.node("Add", [spread, w.floats("eps", [1e-5], [])])]);
    const y = w.node("Mul", [w.node("Div", [centred, deviation]), w.weight("scale", [6])]);
    return { model: w.model({ x: ["n", 4, 6] }, [y]), inputs: { x: [2, 4, 6] } };
  },

  "Gemm in all its forms": () => {
    const w = new ModelWriter(11);
    const a = w.node("Gemm", ["x", w.weight("w", [3, 4]), w.weight("c", [1, 4])], {
      transA: 1,
      alpha: 0.5,
      beta: 1.5,
    });
    const b = w.node("Gemm", [a, w.weight("v", [4, 6]), w.floats("s", [0.25], [])]);
    const c = w.node("Gemm", [b, w.weight("u", [6, 2]), w.weight("full", [5, 2])]);
    return { model: w.model({ x: [3, 5] }, [c]), inputs: { x: [3, 5] } };
  },

  "moving data": () => {
    const w = new ModelWriter(12);
    let x = w.node("Conv", ["x", w.weight("a", [8, 2, 1, 1])]);
    x = w.node("Pad", [x, w.integers("pads", [0, 0, 1, 2, 0, 0, 2, 1])], { mode: "reflect" });
    x = w.node("DepthToSpace", [x], { blocksize: 2, mode: "DCR" });
    x = w.node("SpaceToDepth", [x], { blocksize: 2 });
    const [p, q] = [w.node("Split", [x], { axis: 1 }, ["left", "right"]), "right"];
    x = w.node("Concat", [q, p], { axis: 2 });
    x = w.node("DepthToSpace", [x], { blocksize: 2, mode: "CRD" });
    const slice = ["starts", "ends", "axes", "steps"];
    w.integers("starts", [1, -5]);
    w.integers("ends", [1000, -1]);
    w.integers("axes", [2, 3]);
    w.integers("steps", [2, 1]);
    x = w.node("Slice", [x, ...slice]);
    x = w.node("Squeeze", [x, w.integers("axis", [1])]);
    const gathered = w.node("Gather", [x, w.integers("rows", [2, 0, -1])], { axis: 1 });
    const wide = w.node("Unsqueeze", [gathered, w.integers("at", [1, -1])]);
    const y = w.node("Expand", [wide, w.integers("to", [1, 2, 1, 1, 3])]);
    return { model: w.model({ x: [2, 2, 4, 5] }, [y, x]), inputs: { x: [2, 2, 4, 5] } };
  },

  "shapes computed from the input's": () => {
    const w = new ModelWriter(13);
    const x = w.node("Conv", ["x", w.weight("a", [4, 2, 3, 3])]);
    const n = w.node("Gather", [w.node("Shape", [x]), w.integers("zero", [0])]);
    const shape = w.node("Concat", [n, w.integers("rest", [-1])], { axis: 0 });
    const y = w.node("LogSoftmax", [w.node("Reshape", [x, shape])]);
    return { model: w.model({ x: ["n", 2, "h", 6] }, [y]), inputs: { x: [3, 2, 5, 6] } };
  },

  "functions of every element": () => {
    const w = new ModelWriter(14);
    const ops = [
      "Tanh",
      "Exp",
      "Neg",
      "Abs",
      "Softplus",
      "Elu",
      "Reciprocal",
      "Mish",
      "Log",
      "Sqrt",
    ];
    let x = "x";
    for (const op of ops) x = w.node(op, [op === "Log" || op === "Sqrt" ? w.node("Abs", [x]) : x]);
    x = w.node("Max", [x, w.floats("low", [0.2, 0.4, 0.6, 0.8], [4, 1, 1]), "x"]);
    x = w.node("Min", [x, w.floats("high", [0.7])]);
    x = w.node("Clip", [x, w.floats("at", [0.3], [])]);
    const y = w.node("Mean", [x, "x", w.node("HardSigmoid", [x], { alpha: 1 / 6 })]);
    return { model: w.model({ x: [2, 4, 3, 3] }, [y], { opset: 18 }), inputs: { x: [2, 4, 3, 3] } };
  },
};

describe("trainableModel computes what a session computes", () => {
  it.each(Object.entries(cases))("%s", async (_, make) => {
    const { model, inputs } = make();
    expect(everyKernels.length).toBeGreaterThan(0);
    for (const kernels of everyKernels) await expectSameAsSession(kernels, model, inputs);
  });
});
