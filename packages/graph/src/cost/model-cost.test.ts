import type { Tensor } from "@edgewright/core";
import { describe, expect, it } from "vitest";
import {
  type AttributeLiteral,
  graphOf,
  infoOf,
  modelOf,
  nodeOf,
} from "../model/build-model.test-support.js";
import type { Node } from "../model/model.js";
import { modelCost, type NodeCost } from "./model-cost.js";

const weights = (...shape: number[]): Tensor => ({
  dtype: "f32",
  shape,
  data: new Float32Array(shape.reduce((a, b) => a * b, 1)),
});

/** Cost of one node of which every input but the first is a weight. */
function costOf(
  opType: string,
  x: number[],
  parameters: Tensor[],
  attributes: Readonly<Record<string, AttributeLiteral>> = {},
): NodeCost {
  const names = parameters.map((_, i) => `w${i}`);
  const model = modelOf(
    graphOf({
      inputs: [infoOf("x", x)],
      initializers: Object.fromEntries(parameters.map((tensor, i) => [`w${i}`, tensor])),
      nodes: [nodeOf(opType, ["x", ...names], ["y"], attributes)],
    }),
  );
  return modelCost(model).nodes[0]!;
}

describe("modelCost of one node", () => {
  it("Conv: output elements x channels a group x kernel", () => {
    // 3x3, 32 -> 64 at 56x56: 56 * 56 * 64 * 32 * 9
    const full = costOf("Conv", [1, 32, 56, 56], [weights(64, 32, 3, 3), weights(64)], {
      pads: [1, 1, 1, 1],
    });
    expect(full.macs).toBe(57_802_752);
    expect(full.parameterBytes).toBe(4 * (64 * 32 * 9 + 64));
    expect(full.activationBytes).toBe(4 * 64 * 56 * 56);
    const depthwise = costOf("Conv", [2, 32, 56, 56], [weights(32, 1, 3, 3)], {
      group: 32,
      pads: [1, 1, 1, 1],
    });
    expect(depthwise.macs).toBe(2 * 56 * 56 * 32 * 9);
  });

  it("ConvTranspose: input elements x output channels a group x kernel", () => {
    const cost = costOf("ConvTranspose", [1, 24, 10, 10], [weights(24, 6, 2, 2)], {
      strides: [2, 2],
    });
    expect(cost.macs).toBe(10 * 10 * 24 * 6 * 4);
  });

  it("MatMul and Gemm: rows x inner x columns", () => {
    expect(costOf("MatMul", [5, 7, 11], [weights(11, 13)]).macs).toBe(5 * 7 * 11 * 13);
    expect(
      costOf("Gemm", [11, 7], [weights(13, 11), weights(13)], { transA: 1, transB: 1 }).macs,
    ).toBe(7 * 11 * 13);
    expect(costOf("Einsum", [2, 3], [weights(3, 4)], { equation: "ij,jk->ik" }).macs).toBe(24);
  });

  it("LSTM: four gates from the input and the state, each step", () => {
    const cost = costOf("LSTM", [10, 2, 32], [weights(1, 256, 32), weights(1, 256, 64)], {
      hidden_size: 64,
    });
    expect(cost.macs).toBe(10 * 2 * 4 * 64 * (32 + 64));
  });

  it("nothing else multiplies and accumulates", () => {
    expect(costOf("Relu", [1, 8], []).macs).toBe(0);
    expect(costOf("MaxPool", [1, 8, 4, 4], [], { kernel_shape: [2, 2] })).toEqual({
      name: "y",
      opType: "MaxPool",
      macs: 0,
      parameterBytes: 0,
      activationBytes: 4 * 8 * 9,
    });
  });
});

describe("modelCost of a graph", () => {
  const square = weights(4, 4);
  const multiply = (x: string, y: string): Node => nodeOf("MatMul", [x, "w"], [y]);

  it("adds up, and counts a shared weight once", () => {
    const graph = graphOf({
      inputs: [infoOf("x", ["n", 4])],
      initializers: { w: square },
      nodes: [multiply("x", "a"), multiply("a", "b")],
    });
    const cost = modelCost(modelOf(graph), { x: [3, 4] });
    expect(cost).toMatchObject({
      macs: 2 * 3 * 16,
      parameterBytes: 64,
      activationBytes: 2 * 4 * 12,
      incompleteNodes: [],
    });
    expect(cost.nodes.map((node) => node.parameterBytes)).toEqual([64, 0]);
  });

  it("counts constants with their readers and says what depends on data", () => {
    const graph = graphOf({
      inputs: [infoOf("x", ["n", 4])],
      nodes: [
        nodeOf("Constant", [], ["w"], { value: { type: "tensor", value: square } }),
        multiply("x", "a"),
        nodeOf("NonZero", ["a"], ["z"]),
      ],
    });
    const cost = modelCost(modelOf(graph), { x: [3, 4] });
    expect(cost.nodes.map((node) => node.opType)).toEqual(["MatMul", "NonZero"]);
    expect(cost.parameterBytes).toBe(64);
    expect(cost.incompleteNodes).toEqual(["z"]);
    expect(modelCost(modelOf(graph)).nodes[0]!.macs).toBe(null);
  });

  it("takes the costlier branch of an If, and a loop body for each trip", () => {
    const branch = (name: string, nodes: Node[]) => ({
      type: "graph" as const,
      value: graphOf({ outputs: [infoOf(name, null)], nodes }),
    });
    const conditional = graphOf({
      inputs: [infoOf("x", [3, 4]), infoOf("c", [], "bool")],
      initializers: { w: square },
      nodes: [
        nodeOf("If", ["c"], ["y"], {
          then_branch: branch("t", [nodeOf("Relu", ["x"], ["t"])]),
          else_branch: branch("e", [multiply("x", "e")]),
        }),
      ],
    });
    expect(modelCost(modelOf(conditional))).toMatchObject({ macs: 48, parameterBytes: 64 });
    const body = graphOf({
      inputs: [infoOf("i", [], "i64"), infoOf("go", [], "bool"), infoOf("s", null)],
      outputs: [infoOf("go", null), infoOf("s2", null)],
      nodes: [multiply("s", "s2")],
    });
    const loop = graphOf({
      inputs: [infoOf("x", [3, 4])],
      initializers: { w: square, trips: { dtype: "i64", shape: [], data: BigInt64Array.of(7n) } },
      nodes: [nodeOf("Loop", ["trips", "", "x"], ["y"], { body: { type: "graph", value: body } })],
    });
    expect(modelCost(modelOf(loop)).macs).toBe(7 * 48);
  });
});
