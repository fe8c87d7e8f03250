import { EdgewrightError, type Tensor } from "@edgewright/core";
import type { Model } from "@edgewright/graph";
import { describe, expect, it } from "vitest";
import { createTape } from "../engine/tape.js";
import { ModelWriter } from "./build-model.test-support.js";
import { trainableModel } from "./trainable-model.js";

function convolution(): Model {
  const w = new ModelWriter(1);
  w.node("Conv", ["x", w.weight("w", [4, 3, 3, 3])], {}, ["y"]);
  return w.model({ x: ["n", 3, 8, 8] }, ["y"]);
}

function caught(action: () => unknown): EdgewrightError {
  try {
    action();
  } catch (error) {
    if (EdgewrightError.isInstance(error)) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("trainableModel refuses", () => {
  it("operators that cannot be trained, by node and name", () => {
    const w = new ModelWriter(1);
    const error = caught(() =>
      trainableModel(w.model({ x: ["n", 3] }, [w.node("Round", [w.node("Relu", ["x"])])])),
    );
    expect(error).toMatchObject({ code: "unsupported", where: "Round1" });
    expect(error.message).toBe('trainableModel: Round "Round1": the operator cannot be trained');
  });

  it("operators of other domains", () => {
    const model = convolution();
    const nodes = model.graph.nodes.map((node) => ({ ...node, domain: "com.example" }));
    const foreign = { ...model, graph: { ...model.graph, nodes } };
    expect(() => trainableModel(foreign)).toThrow(
      'Conv "y": the operator of com.example cannot be trained',
    );
  });

  it("weights that are missing", () => {
    const model = convolution();
    const damaged = { ...model, graph: { ...model.graph, initializers: new Map() } };
    const error = caught(() => trainableModel(damaged));
    expect(error).toMatchObject({ code: "invalid-data", where: "y" });
    expect(error.message).toContain('"w"');
  });

  it("weights that are no 32-bit floats", () => {
    const model = convolution();
    const half: Tensor = { dtype: "f16", shape: [4, 3, 3, 3], data: new Uint16Array(108) };
    const initializers = new Map([["w", half]]);
    const error = caught(() =>
      trainableModel({ ...model, graph: { ...model.graph, initializers } }),
    );
    expect(error).toMatchObject({ code: "unsupported", where: "w" });
    expect(error.message).toContain('Conv "y" reads "w" of type f16; only f32 can be trained');
  });

  it("inputs that do not fit", () => {
    const network = trainableModel(convolution());
    const apply = (shape: readonly number[], type?: "i32"): EdgewrightError =>
      caught(() => network.apply(createTape().input("x", shape, type)));
    expect(apply([2, 8, 8, 3])).toMatchObject({
      code: "shape-mismatch",
      message: 'TrainableModel.apply: input "x" expects [n,3,8,8] (NCHW), got [2,8,8,3]',
    });
    expect(apply([2, 3, 8]).message).toContain("expects [n,3,8,8] (NCHW), got [2,3,8]");
    expect(apply([2, 3, 8, 8], "i32").message).toContain(
      'input "x" is f32, got a variable of type i32',
    );
    const fixed = convolution();
    const inputs = [{ name: "x", dtype: "f32", shape: [1, 3, 8, 8] } as const];
    const single = trainableModel({ ...fixed, graph: { ...fixed.graph, inputs } });
    expect(() => single.apply(createTape().input("x", [2, 3, 8, 8]))).toThrow(
      "got [2,3,8,8]; for another batch size use the option anyBatch",
    );
  });

  it("inputs that are missing or unknown", () => {
    const network = trainableModel(convolution());
    expect(() => network.apply({})).toThrow(
      'TrainableModel.apply: input "x" is missing; the model takes x',
    );
    const z = createTape().input("z", [1]);
    expect(() => network.apply({ z })).toThrow('there is no input "z"; the model takes x');
  });

  it("forms of operators that it does not know, at the node", () => {
    const w = new ModelWriter(1);
    w.node("ConvTranspose", ["x", w.weight("w", [3, 4, 3, 3])], { group: 3 }, ["y"]);
    const network = trainableModel(w.model({ x: ["n", 3, 8, 8] }, ["y"]));
    const error = caught(() => network.apply(createTape().input("x", [1, 3, 8, 8])));
    expect(error).toMatchObject({ code: "unsupported", where: "y" });
    expect(error.message).toContain('ConvTranspose "y": groups');
  });
});
