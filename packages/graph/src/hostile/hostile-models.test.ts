import type { Tensor } from "@edgewright/core";
import { type Kernels, loadKernels } from "@edgewright/kernels";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { graphOf, infoOf, modelOf, nodeOf } from "../model/build-model.test-support.js";
import type { Attribute, Graph, Node } from "../model/model.js";
import { createSession } from "../session/session.js";

/** Longest that a refusal may take; the counted loops are the slowest, some seconds when busy. */
const TIME_LIMIT_MS = 30_000;

let kernels: Kernels;
beforeAll(async () => {
  kernels = await loadKernels();
});
afterAll(() => kernels.dispose());

const ints = (...values: (number | bigint)[]): Tensor => ({
  dtype: "i64",
  shape: [values.length],
  data: BigInt64Array.from(values, BigInt),
});
const scalar = (value: bigint): Tensor => ({
  dtype: "i64",
  shape: [],
  data: BigInt64Array.of(value),
});
const body = (value: Graph): { body: Attribute } => ({ body: { type: "graph", value } });
const x: Tensor = { dtype: "f32", shape: [1], data: Float32Array.of(1) };

/** Runs the nodes on the input `x` of one float, within the default limits unless others are given. */
async function run(
  nodes: Node[],
  initializers: Record<string, Tensor>,
  limits: { maxIterations?: number } = {},
): Promise<unknown> {
  const graph = graphOf({
    inputs: [infoOf("x", [1])],
    outputs: [infoOf("y", null)],
    initializers,
    nodes,
  });
  const session = await createSession(modelOf(graph), { kernels, ...limits });
  try {
    return session.runSync({ x });
  } finally {
    session.dispose();
  }
}

// s -> s + s, for ever.
const endless = (prefix: string, inner: Node[] = []): Graph =>
  graphOf({
    inputs: [
      infoOf(`${prefix}i`, [], "i64"),
      infoOf(`${prefix}c`, [], "bool"),
      infoOf(`${prefix}s`, null),
    ],
    outputs: [infoOf(`${prefix}c`, [], "bool"), infoOf(`${prefix}t`, null)],
    nodes: [...inner, nodeOf("Add", [`${prefix}s`, `${prefix}s`], [`${prefix}t`])],
  });

describe("hostile models", () => {
  const cases: [string, Node[], Record<string, Tensor>, string, string][] = [
    [
      "a tensor beyond all memory",
      [nodeOf("Expand", ["x", "n"], ["y"])],
      { n: ints(65536, 65536) },
      "limit-exceeded",
      "y",
    ],
    [
      "sizes whose product overflows",
      [nodeOf("Expand", ["x", "n"], ["y"])],
      { n: ints(2n ** 62n, 2n ** 62n) },
      "shape-mismatch",
      "y",
    ],
    [
      "a negative size",
      [nodeOf("Expand", ["x", "n"], ["y"])],
      { n: ints(-5) },
      "shape-mismatch",
      "y",
    ],
    [
      "a constant beyond all memory",
      [nodeOf("ConstantOfShape", ["n"], ["y"])],
      { n: ints(2n ** 40n) },
      "limit-exceeded",
      "y",
    ],
    [
      "a range without end",
      [nodeOf("Range", ["zero", "many", "one"], ["y"])],
      { zero: scalar(0n), one: scalar(1n), many: scalar(2n ** 62n) },
      "limit-exceeded",
      "y",
    ],
    [
      "padding beyond all memory",
      [nodeOf("Pad", ["x", "p"], ["y"])],
      { p: ints(0, 2n ** 50n) },
      "limit-exceeded",
      "y",
    ],
    [
      "a tile beyond all memory",
      [nodeOf("Tile", ["x", "n"], ["y"])],
      { n: ints(2n ** 40n) },
      "limit-exceeded",
      "y",
    ],
    [
      "a loop without end",
      [nodeOf("Loop", ["n", "", "x"], ["y"], body(endless("a")))],
      { n: scalar(2n ** 63n - 1n) },
      "limit-exceeded",
      "y",
    ],
    [
      "a loop that doubles what it holds",
      [
        nodeOf(
          "Loop",
          ["n", "", "x"],
          ["y"],
          body(
            graphOf({
              inputs: [infoOf("i", [], "i64"), infoOf("c", [], "bool"), infoOf("s", null)],
              outputs: [infoOf("c", [], "bool"), infoOf("t", null)],
              nodes: [nodeOf("Concat", [...new Array<string>(64).fill("s")], ["t"], { axis: 0 })],
            }),
          ),
        ),
      ],
      { n: scalar(1_000n) },
      "limit-exceeded",
      "t",
    ],
  ];
  it.each(cases)(
    "%s ends in a typed error in time",
    async (_, nodes, initializers, code, where) => {
      const start = performance.now();
      await expect(run(nodes, initializers)).rejects.toMatchObject({ code, where });
      expect(performance.now() - start).toBeLessThan(TIME_LIMIT_MS);
    },
    2 * TIME_LIMIT_MS,
  );

  it("loops inside loops count together", async () => {
    const inner = nodeOf("Loop", ["n", "", "x"], ["b result"], body(endless("b")));
    const outer = nodeOf("Loop", ["n", "", "x"], ["y"], body(endless("a", [inner])));
    const initializers = { n: scalar(1000n) };
    await expect(run([outer], initializers, { maxIterations: 5000 })).rejects.toMatchObject({
      code: "limit-exceeded",
      message: expect.stringMatching(/after 5000 iterations; raise maxIterations/),
    });
  });
});
