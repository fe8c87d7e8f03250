import { type Tensor, tensor } from "@edgewright/core";
import { describe, expect, it } from "vitest";
import { graphOf, infoOf, nodeOf } from "../model/build-model.test-support.js";
import type { Attribute, Graph } from "../model/model.js";
import { interpretGraph } from "./interpreter.js";
import { hostOperator, listHostOperators } from "./operator-registry.js";
import { floats, longs, numbers, run, runAll } from "./run-operator.test-support.js";

const graph = (value: Graph): Attribute => ({ type: "graph", value });
const yes = tensor("bool", [], [1]);
const no = tensor("bool", [], [0]);

describe("If", () => {
  const branch = (opType: string): Attribute =>
    graph(graphOf({ outputs: [infoOf("y", null)], nodes: [nodeOf(opType, ["outer"], ["y"])] }));
  const attributes = { then_branch: branch("Neg"), else_branch: branch("Abs") };
  const scope = new Map([["outer", floats([2], [-3, 4])]]);

  it("runs one branch, with the values around it", () => {
    expect(numbers(run("If", [yes], { attributes, scope }))).toEqual([3, -4]);
    expect(numbers(run("If", [no], { attributes, scope }))).toEqual([3, 4]);
  });

  it("refuses a condition of many elements and a missing branch", () => {
    expect(() => run("If", [tensor("bool", [2], [1, 0])], { attributes, scope })).toThrow(
      "the condition must have one element",
    );
    expect(() => run("If", [yes], { attributes: {} })).toThrow(
      'attribute "then_branch" is missing',
    );
  });
});

describe("Loop", () => {
  // state doubles; every iteration emits the state it found.
  const body = graph(
    graphOf({
      inputs: [infoOf("i", [], "i64"), infoOf("going", [], "bool"), infoOf("s", null)],
      outputs: [infoOf("going", [], "bool"), infoOf("next", null), infoOf("s", null)],
      nodes: [nodeOf("Add", ["s", "s"], ["next"])],
    }),
  );
  const attributes = { body };

  it("keeps state and stacks what iterations emit", () => {
    const [state, emitted] = runAll("Loop", [longs([3], []), null, floats([1], [1])], {
      attributes,
      outputCount: 2,
    });
    expect(numbers(state!)).toEqual([8]);
    expect(emitted!.shape).toEqual([3, 1]);
    expect(numbers(emitted!)).toEqual([1, 2, 4]);
  });

  it("emits nothing when it does not run", () => {
    const [state, emitted] = runAll("Loop", [longs([3], []), no, floats([1], [1])], {
      attributes,
      outputCount: 2,
    });
    expect(numbers(state!)).toEqual([1]);
    expect(emitted!.shape[0]).toBe(0);
  });

  it("stops at the limit, and when the signal fires", () => {
    const inputs = [null, yes, floats([1], [0])];
    expect(() => run("Loop", inputs, { attributes, maxIterations: 10 })).toThrow(
      expect.objectContaining({ code: "limit-exceeded", where: "node" }),
    );
    const signal = AbortSignal.abort();
    expect(() => run("Loop", inputs, { attributes, signal })).toThrow(
      expect.objectContaining({ code: "aborted" }),
    );
  });

  it("refuses a body that takes other values", () => {
    expect(() => run("Loop", [longs([1], []), null], { attributes })).toThrow(
      "its body takes 3 and gives 3 values, expected 2 and at least 1",
    );
  });
});

describe("Scan", () => {
  const body = graph(
    graphOf({
      inputs: [infoOf("sum", null), infoOf("x", null)],
      outputs: [infoOf("total", null), infoOf("copy", null)],
      nodes: [nodeOf("Add", ["sum", "x"], ["total"]), nodeOf("Identity", ["total"], ["copy"])],
    }),
  );
  const scan = (x: Tensor, more: Record<string, number[]> = {}) =>
    runAll("Scan", [floats([2], [0, 0]), x], {
      attributes: { body, num_scan_inputs: 1, ...more },
      outputCount: 2,
    });
  const x = floats([3, 2], [1, 2, 3, 4, 5, 6]);

  it("walks an axis forwards and backwards", () => {
    expect(numbers(scan(x)[1]!)).toEqual([1, 2, 4, 6, 9, 12]);
    expect(numbers(scan(x, { scan_input_directions: [1] })[1]!)).toEqual([5, 6, 8, 10, 9, 12]);
    const reversed = scan(x, { scan_output_directions: [1] })[1]!;
    expect(numbers(reversed)).toEqual([9, 12, 4, 6, 1, 2]);
  });

  it("walks and stacks along other axes", () => {
    const turned = run("Transpose", [x]);
    const [, copies] = scan(turned, { scan_input_axes: [1], scan_output_axes: [-1] });
    expect(copies!.shape).toEqual([2, 3]);
    expect(numbers(copies!)).toEqual([1, 4, 9, 2, 6, 12]);
  });
});

describe("interpretGraph", () => {
  it("names the node whose input nothing computes", () => {
    const broken = graphOf({
      outputs: [infoOf("y", null)],
      nodes: [nodeOf("Abs", ["ghost"], ["y"])],
    });
    expect(() => interpretGraph(broken, new Map([["", 17]]), new Map())).toThrow(
      'Abs "y": nothing computes its input "ghost"',
    );
    const hollow = graphOf({ outputs: [infoOf("y", null)], nodes: [] });
    expect(() => interpretGraph(hollow, new Map(), new Map())).toThrow('the graph output "y"');
  });
});

describe("the registry", () => {
  it("finds an operator from its first version to its last", () => {
    expect(hostOperator("", "Upsample", 9)).toBeDefined();
    expect(hostOperator("", "Upsample", 10)).toBeUndefined();
    expect(hostOperator("", "Scan", 8)).not.toBe(hostOperator("", "Scan", 9));
    expect(hostOperator("ai.onnx", "Relu", 13)).toBe(hostOperator("", "Relu", 13));
    expect(hostOperator("com.example", "Relu", 13)).toBeUndefined();
  });

  it("lists every operator once per version", () => {
    const keys = listHostOperators().map((e) => `${e.domain ?? ""}:${e.opType}:${e.since}`);
    expect(new Set(keys).size).toBe(keys.length);
    expect(keys.length).toBeGreaterThan(150);
  });
});
