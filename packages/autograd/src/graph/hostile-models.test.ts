import { EdgewrightError, type Tensor } from "@edgewright/core";
import type { Attribute, Dim, Graph, Model, Node } from "@edgewright/graph";
import fc from "fast-check";
import { expect, it } from "vitest";
import { predictMemory } from "../engine/memory-account.js";
import { createTape } from "../engine/tape.js";
import { sum } from "../operations/sum.js";
import { ModelWriter } from "./build-model.test-support.js";
import { trainableModel } from "./trainable-model.js";

/** Longest that one damaged model may take; a thousand times what any did on an idle machine. */
const TIME_LIMIT_MS = 5_000;

type Pick = <T>(values: readonly T[]) => T;

function images(): Model {
  const w = new ModelWriter(1);
  const c = w.node("Conv", ["x", w.weight("w", [4, 3, 3, 3]), w.weight("b", [4])], {
    pads: [1, 1, 1, 1],
    strides: [1, 1],
    dilations: [1, 1],
    group: 1,
  });
  const n = w.node("Relu", [w.batchNorm(c, "bn", 4)]);
  const p = w.node("MaxPool", [n], { kernel_shape: [2, 2], strides: [2, 2] });
  const a = w.node("AveragePool", [p], { kernel_shape: [2, 2] });
  const f = w.node("Flatten", [a], { axis: 1 });
  return w.model({ x: [2, 3, 8, 8] }, [
    w.node("Gemm", [f, w.weight("v", [5, 36]), w.weight("d", [5])], { transB: 1, alpha: 1 }),
  ]);
}

function sequences(): Model {
  const w = new ModelWriter(2);
  const t = w.node("Transpose", ["x"], { perm: [0, 2, 1, 3] });
  const s = w.node("Slice", [t, w.integers("s", [0]), w.integers("e", [2]), w.integers("a", [1])]);
  const p = w.node("Pad", [s, w.integers("p", [0, 0, 0, 0, 0, 0, 1, 0])]);
  const r = w.node("Reshape", [p, w.integers("r", [2, -1, 8])]);
  const n = w.node("LayerNormalization", [r, w.weight("g", [8]), w.weight("h", [8])], { axis: -1 });
  const m = w.node("Softmax", [w.node("MatMul", [n, w.weight("m", [8, 4])])], { axis: -1 });
  const g = w.node("Gather", [m, w.integers("i", [0, 2])], { axis: 1 });
  const c = w.node("Concat", [g, w.node("Tanh", [g])], { axis: 2 });
  return w.model({ x: [2, 3, 8, 8] }, [w.node("ReduceMean", [c], { axes: [1], keepdims: 1 })]);
}

function damaged(model: Model, pick: Pick): Model {
  const { graph } = model;
  switch (pick([0, 1, 2, 3, 4, 4, 4, 5, 6])) {
    case 0: {
      const gone = pick(graph.nodes);
      const nodes = graph.nodes.filter((node) => node !== gone);
      return { ...model, graph: { ...graph, nodes } };
    }
    case 1:
      return { ...model, graph: { ...graph, nodes: [...graph.nodes, pick(graph.nodes)] } };
    case 2: {
      const names = [...graph.initializers.keys()];
      const gone = pick(names);
      const initializers = new Map([...graph.initializers].filter(([name]) => name !== gone));
      return { ...model, graph: { ...graph, initializers } };
    }
    case 3: {
      const [name, tensor] = pick([...graph.initializers]);
      const initializers = new Map([...graph.initializers, [name, damagedTensor(tensor, pick)]]);
      return { ...model, graph: { ...graph, initializers } };
    }
    case 5: {
      const inputs = graph.inputs.map((input) => ({
        ...input,
        shape: pick<readonly Dim[] | null>([null, [], ["n", 3], [0, 3, 8, 8], [2, 3, 8, 2 ** 40]]),
      }));
      return { ...model, graph: { ...graph, inputs } };
    }
    case 6:
      return { ...model, opsets: new Map([["", pick([1, 6, 10, 12, 13, 18, 22, 99])]]) };
    default: {
      const at = pick(graph.nodes);
      const nodes = graph.nodes.map((node) =>
        node === at ? damagedNode(node, graph, pick) : node,
      );
      return { ...model, graph: { ...graph, nodes } };
    }
  }
}

function damagedNode(node: Node, graph: Graph, pick: Pick): Node {
  const values = [
    "",
    "x",
    ...graph.initializers.keys(),
    ...graph.nodes.flatMap(({ outputs }) => outputs),
  ];
  switch (pick([0, 1, 2, 3, 4, 4, 4])) {
    case 0:
      return { ...node, inputs: node.inputs.slice(0, -1) };
    case 1:
      return { ...node, inputs: [...node.inputs, pick(values)] };
    case 2: {
      const old = pick(node.inputs.length === 0 ? [""] : node.inputs);
      const other = pick(values);
      return { ...node, inputs: node.inputs.map((name) => (name === old ? other : name)) };
    }
    case 3:
      return { ...node, opType: pick(OPERATORS) };
    default: {
      const name = pick([...node.attributes.keys(), ...ATTRIBUTES]);
      return { ...node, attributes: new Map([...node.attributes, [name, extremeAttribute(pick)]]) };
    }
  }
}

function damagedTensor(tensor: Tensor, pick: Pick): Tensor {
  if (tensor.dtype === "i64" && pick([true, true, false])) {
    const data = BigInt64Array.from(tensor.data as BigInt64Array);
    data.fill(BigInt(pick(EXTREMES)));
    return { ...tensor, data };
  }
  const { length } = tensor.data;
  const integers: Tensor = { dtype: "i32", shape: tensor.shape, data: new Int32Array(length) };
  return pick<Tensor>([
    { ...tensor, shape: [...tensor.shape].reverse() },
    { ...tensor, shape: [length] },
    { ...tensor, shape: [] },
    { ...tensor, shape: [2 ** 30, 2 ** 30] },
    { ...tensor, shape: [0] },
    { ...tensor, shape: [1, ...tensor.shape, 1] },
    integers,
  ]);
}

function extremeAttribute(pick: Pick): Attribute {
  const value = pick(EXTREMES);
  return pick<Attribute>([
    { type: "int", value },
    { type: "ints", value: [value] },
    { type: "ints", value: [value, pick(EXTREMES)] },
    { type: "ints", value: [value, 1, 1, pick(EXTREMES)] },
    { type: "float", value: Number.NaN },
    { type: "float", value: -1 },
    { type: "string", value: "SAME_UPPER" },
  ]);
}

const EXTREMES = [0, -1, 1, 2, 3, -7, 255, 65_536, 2 ** 31 - 1, -(2 ** 31), 2 ** 40, -(2 ** 40)];
const ATTRIBUTES =
  "axis axes pads strides dilations kernel_shape group auto_pad perm transA epsilon mode".split(
    " ",
  );
const OPERATORS = (
  "Add Conv ConvTranspose Reshape Transpose Concat Slice Gather Softmax Resize MatMul Gemm Pad Expand MaxPool " +
  "AveragePool GlobalAveragePool GlobalMaxPool BatchNormalization LayerNormalization InstanceNormalization " +
  "GroupNormalization Split ReduceMean Cast DepthToSpace SpaceToDepth Squeeze Unsqueeze PRelu Pow Clip Div Sum " +
  "Mean Identity Erf Imaginary LSTM"
).split(" ");

function attempt(model: Model): boolean {
  try {
    const network = trainableModel(model);
    const outputs = network.apply(createTape().input("x", [2, 3, 8, 8]));
    for (const output of Object.values(outputs)) {
      if (output.type !== "f32") continue;
      predictMemory({ tape: output.tape, loss: sum(output) });
    }
    return true;
  } catch (error) {
    if (!EdgewrightError.isInstance(error)) throw error;
    return false;
  }
}

it.each([
  ["images", images],
  ["sequences", sequences],
])("damaged models of %s end in a typed error or an account", (_, make) => {
  expect(attempt(make())).toBe(true);
  let recorded = 0;
  fc.assert(
    fc.property(
      fc.infiniteStream(fc.nat(1_000_000)),
      fc.integer({ min: 1, max: 3 }),
      (draws, faults) => {
        const pick: Pick = (values) => values[draws.next().value! % values.length]!;
        let model = make();
        for (let fault = 0; fault < faults; fault++) model = damaged(model, pick);
        const start = performance.now();
        if (attempt(model)) recorded++;
        expect(performance.now() - start).toBeLessThan(TIME_LIMIT_MS);
      },
    ),
    { seed: 5, numRuns: 500 },
  );
  // The damage must leave some models whole and not all, or it tests nothing.
  expect(recorded).toBeGreaterThan(25);
  expect(recorded).toBeLessThan(475);
});
