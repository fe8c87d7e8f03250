import { describe, expect, it } from "vitest";
import { graphOf, infoOf, modelOf, nodeOf } from "../model/build-model.test-support.js";
import type { Attribute, Graph, Node } from "../model/model.js";
import { validateModel } from "./validate-model.js";

const x = infoOf("x", [1]);
const body = (graph: Graph): { body: Attribute } => ({ body: { type: "graph", value: graph } });

describe("validateModel", () => {
  it("returns the very model when nothing is out of order", () => {
    const model = modelOf(
      graphOf({ inputs: [x], nodes: [nodeOf("Relu", ["x"], ["a"]), nodeOf("Relu", ["a"], ["b"])] }),
    );
    expect(validateModel(model)).toBe(model);
  });

  it("lets a subgraph read values around it, and runs their producers first", () => {
    const inner = graphOf({
      outputs: [infoOf("i", null)],
      nodes: [nodeOf("Neg", ["late"], ["i"])],
    });
    const { graph } = validateModel(
      modelOf(
        graphOf({
          inputs: [x],
          nodes: [nodeOf("Loop", [], ["z"], body(inner)), nodeOf("Relu", ["x"], ["late"])],
        }),
      ),
    );
    expect(graph.nodes.map((node) => node.opType)).toEqual(["Relu", "Loop"]);
  });

  it("sorts inside subgraphs", () => {
    const inner = graphOf({ nodes: [nodeOf("Neg", ["j"], ["i"]), nodeOf("Abs", ["x"], ["j"])] });
    const { graph } = validateModel(
      modelOf(graphOf({ inputs: [x], nodes: [nodeOf("Loop", ["x"], ["z"], body(inner))] })),
    );
    const attribute = graph.nodes[0]!.attributes.get("body");
    const sorted = (attribute as Extract<Attribute, { type: "graph" }>).value;
    expect(sorted.nodes.map((node) => node.opType)).toEqual(["Abs", "Neg"]);
  });

  it("does not let a graph read what is inside a subgraph", () => {
    const inner = graphOf({ nodes: [nodeOf("Neg", ["x"], ["hidden"])] });
    const nodes = [nodeOf("Loop", ["x"], ["z"], body(inner)), nodeOf("Relu", ["hidden"], ["y"])];
    expect(() => validateModel(modelOf(graphOf({ inputs: [x], nodes })))).toThrowError(
      expect.objectContaining({ where: "y", code: "invalid-data" }),
    );
  });

  it("finds a cycle through a subgraph", () => {
    const inner = graphOf({ nodes: [nodeOf("Neg", ["y"], ["i"])] });
    const nodes = [nodeOf("Loop", ["x"], ["z"], body(inner)), nodeOf("Relu", ["z"], ["y"])];
    expect(() => validateModel(modelOf(graphOf({ inputs: [x], nodes })))).toThrowError(
      /has a cycle/,
    );
  });

  it("refuses two nodes of one name, wherever they are", () => {
    const inner = graphOf({ nodes: [nodeOf("Neg", ["x"], ["i"], {}, "twin")] });
    const nodes = [
      nodeOf("Relu", ["x"], ["y"], {}, "twin"),
      nodeOf("Loop", ["x"], ["z"], body(inner)),
    ];
    expect(() => validateModel(modelOf(graphOf({ inputs: [x], nodes })))).toThrowError(
      expect.objectContaining({ where: "twin", message: expect.stringMatching(/two nodes/) }),
    );
  });

  it("sorts a long chain given backwards, and keeps independent nodes in order", () => {
    const count = 20_000;
    const chain: Node[] = [];
    for (let i = count; i > 0; i--) chain.push(nodeOf("Relu", [`v${i - 1}`], [`v${i}`]));
    const { graph } = validateModel(
      modelOf(graphOf({ inputs: [infoOf("v0", [1])], nodes: chain })),
    );
    expect(graph.nodes.map((node) => node.name)).toEqual(
      Array.from({ length: count }, (_, i) => `v${i + 1}`),
    );
    const mixed = [
      nodeOf("Relu", ["b"], ["c"]),
      nodeOf("Relu", ["x"], ["p"]),
      nodeOf("Relu", ["x"], ["b"]),
      nodeOf("Relu", ["x"], ["q"]),
    ];
    const sorted = validateModel(modelOf(graphOf({ inputs: [x], nodes: mixed }))).graph;
    expect(sorted.nodes.map((node) => node.name)).toEqual(["p", "b", "c", "q"]);
  });
});
