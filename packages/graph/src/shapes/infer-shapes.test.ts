import { describe, expect, it } from "vitest";
import { graphOf, infoOf, modelOf, nodeOf } from "../model/build-model.test-support.js";
import type { Attribute, Graph } from "../model/model.js";
import { inferShapes } from "./infer-shapes.js";

const graphAttribute = (value: Graph): Attribute => ({ type: "graph", value });

describe("inferShapes", () => {
  it("lets a branch see the values around it", () => {
    const inner = (name: string, opType: string): Attribute =>
      graphAttribute(
        graphOf({ outputs: [infoOf(name, null)], nodes: [nodeOf(opType, ["h"], [name])] }),
      );
    const model = modelOf(
      graphOf({
        inputs: [infoOf("x", ["n", 3]), infoOf("c", [], "bool")],
        nodes: [
          nodeOf("Relu", ["x"], ["h"]),
          nodeOf("If", ["c"], ["y"], {
            then_branch: inner("t", "Neg"),
            else_branch: inner("e", "Abs"),
          }),
        ],
      }),
    );
    const { values, subgraphs } = inferShapes(model);
    expect(values.get("y")).toEqual({ dtype: "f32", shape: ["n", 3] });
    expect([...subgraphs.values()].map((each) => [...each.values.keys()])).toEqual([["t"], ["e"]]);
  });

  it("forgets in a loop what the iterations change", () => {
    const body = graphOf({
      inputs: [
        infoOf("i", [], "i64"),
        infoOf("go", [], "bool"),
        infoOf("grow", null),
        infoOf("keep", null),
      ],
      outputs: [
        infoOf("go2", null),
        infoOf("grow2", null),
        infoOf("keep2", null),
        infoOf("keep3", null),
      ],
      nodes: [
        nodeOf("Identity", ["go"], ["go2"]),
        nodeOf("Concat", ["grow", "grow"], ["grow2"], { axis: 0 }),
        nodeOf("Relu", ["keep"], ["keep2"]),
        nodeOf("Relu", ["keep2"], ["keep3"]),
      ],
    });
    const trips = { dtype: "i64" as const, shape: [], data: BigInt64Array.of(5n) };
    const model = modelOf(
      graphOf({
        inputs: [infoOf("a", [1, 2]), infoOf("b", [3])],
        initializers: { trips },
        nodes: [
          nodeOf("Loop", ["trips", "", "a", "b"], ["g", "k", "scan"], {
            body: graphAttribute(body),
          }),
        ],
      }),
    );
    const { values } = inferShapes(model);
    expect(values.get("g")!.shape).toEqual([null, 2]);
    expect(values.get("k")!.shape).toEqual([3]);
    expect(values.get("scan")!.shape).toEqual([5, 3]);
  });

  it("bounds the work of nested loops", () => {
    let body = graphOf({
      inputs: [infoOf("i", [], "i64"), infoOf("c", [], "bool"), infoOf("s", null)],
      outputs: [infoOf("c", null), infoOf("s2", null)],
      nodes: [nodeOf("Concat", ["s", "s"], ["s2"], { axis: 0 })],
    });
    for (let depth = 0; depth < 30; depth++) {
      const name = `s${depth}`;
      const [state, result] = [`${name} in`, `${name} out`];
      // Each level starts from a known size and changes it, so that its body is looked into twice.
      body = graphOf({
        inputs: [
          infoOf(`${name} i`, [], "i64"),
          infoOf(`${name} c`, [], "bool"),
          infoOf(state, null),
        ],
        outputs: [infoOf(`${name} c`, null), infoOf(`${name} twice`, null)],
        nodes: [
          nodeOf("Concat", [state, state], [`${name} twice`], { axis: 0 }),
          nodeOf("Loop", ["", "", "x"], [result], { body: graphAttribute(body) }, name),
        ],
      });
    }
    const model = modelOf(
      graphOf({
        inputs: [infoOf("x", [1])],
        nodes: [nodeOf("Loop", ["", "", "x"], ["y"], { body: graphAttribute(body) }, "outer")],
      }),
    );
    expect(() => inferShapes(model)).toThrowError(
      expect.objectContaining({
        code: "limit-exceeded",
        message: expect.stringMatching(/nodes were visited/),
      }),
    );
  });

  it("takes sizes and contents that the caller gives", () => {
    const model = modelOf(
      graphOf({
        inputs: [infoOf("x", ["n", 4]), infoOf("size", [2], "i64")],
        nodes: [nodeOf("Reshape", ["x", "size"], ["y"])],
      }),
    );
    const size = { dtype: "i64" as const, shape: [2], data: BigInt64Array.of(2n, -1n) };
    const { values } = inferShapes(model, { inputShapes: { x: [6, 4] }, inputValues: { size } });
    expect(values.get("y")!.shape).toEqual([2, 12]);
    expect(inferShapes(model).values.get("y")!.shape).toEqual([null, null]);
  });

  it("believes the file where no rule knows", () => {
    const graph = graphOf({
      inputs: [infoOf("x", [1])],
      outputs: [infoOf("z", [9])],
      nodes: [nodeOf("Imaginary", ["x"], ["y"]), nodeOf("Imaginary", ["y"], ["z"])],
    });
    const valueInfo = new Map([["y", infoOf("y", [4, 5], "i32")]]);
    const { values } = inferShapes(modelOf({ ...graph, valueInfo }));
    expect(values.get("y")).toEqual({ dtype: "i32", shape: [4, 5] });
    expect(values.get("z")!.shape).toEqual([9]);
  });

  it("takes the branch that can run when the other contradicts itself", () => {
    const branch = (name: string, weight: string): Attribute =>
      graphAttribute(
        graphOf({
          outputs: [infoOf(name, null)],
          nodes: [nodeOf("MatMul", ["x", weight], [name])],
        }),
      );
    const weights = (rows: number) => ({
      dtype: "f32" as const,
      shape: [rows, 2],
      data: new Float32Array(2 * rows),
    });
    const graph = graphOf({
      inputs: [infoOf("x", [1, 3]), infoOf("c", [], "bool")],
      initializers: { fits: weights(3), fails: weights(4) },
      nodes: [
        nodeOf("If", ["c"], ["y"], {
          then_branch: branch("t", "fails"),
          else_branch: branch("e", "fits"),
        }),
      ],
    });
    expect(inferShapes(modelOf(graph)).values.get("y")!.shape).toEqual([1, 2]);
    const both = graphOf({
      ...graph,
      initializers: { fits: weights(5), fails: weights(4) },
    });
    expect(() => inferShapes(modelOf(both))).toThrowError(
      expect.objectContaining({ code: "shape-mismatch", where: "t" }),
    );
  });
});
