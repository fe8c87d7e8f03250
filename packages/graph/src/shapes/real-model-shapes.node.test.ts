import { readFileSync } from "node:fs";
import type { Tensor } from "@edgewright/core";
import { describe, expect, it } from "vitest";
import { type RealModel, realModels } from "../model/real-models.test-support.node.js";
import { parseModel } from "../onnx/parse-model.js";
import { type InferShapesOptions, inferShapes } from "./infer-shapes.js";

// Made by scripts/golden-shapes.py with the reference evaluator of onnx 1.23.1.
const golden = JSON.parse(
  readFileSync(new URL("./golden-shapes.json", import.meta.url), "utf8"),
) as { models: Record<string, string> };

function optionsFor({ inputShapes, sampleRate }: RealModel): InferShapesOptions {
  if (sampleRate === undefined) return { inputShapes };
  const sr: Tensor = { dtype: "i64", shape: [], data: BigInt64Array.of(sampleRate) };
  return { inputShapes, inputValues: { sr } };
}

describe("inferShapes of published models", () => {
  it.each(realModels())("foretells every shape of $name", (real) => {
    const { graph, ...model } = parseModel(real.read());
    const { values } = inferShapes({ graph, ...model }, optionsFor(real));
    const shapes = graph.nodes
      .filter((node) => node.opType !== "Constant")
      .flatMap((node) => node.outputs)
      .filter((name) => name !== "")
      .map((name) => [values.get(name)!.dtype, ...(values.get(name)!.shape ?? ["?"])].join(" "));
    expect(shapes).toEqual(golden.models[real.name]!.split(", "));
  });

  it.each(realModels())("foretells the shapes inside the branches of $name", (real) => {
    const model = parseModel(real.read());
    const pending = [inferShapes(model, optionsFor(real))];
    for (let at = 0; at < pending.length; at++) {
      for (const { shape } of pending[at]!.values.values()) {
        expect(shape?.every((dim) => typeof dim === "number")).toBe(true);
      }
      pending.push(...pending[at]!.subgraphs.values());
    }
    if (real.sampleRate !== undefined) expect(pending.length).toBeGreaterThan(3);
  });

  it("keeps sizes symbolic that the caller chooses", () => {
    const outputOf = (name: string): unknown => {
      const model = parseModel(
        realModels()
          .find((real) => real.name === name)!
          .read(),
      );
      const renamed = {
        detector: { x: ["n", 3, "h", "w"] },
        recognizer: { x: ["n", 3, 48, "w"] },
        classifier: { x: ["n", 3, 48, 192] },
        embedding_model: { input_1: ["n", 76, 32, 1] },
        silero_vad: { input: ["n", 512], h: [2, "n", 64], c: [2, "n", 64] },
      }[name]!;
      const { values } = inferShapes(model, { inputShapes: renamed });
      return values.get(model.graph.outputs[0]!.name)!.shape;
    };
    expect(outputOf("detector")).toEqual(["n", 1, "32*floor((h+31)/32)", "32*floor((w+31)/32)"]);
    expect(outputOf("recognizer")).toEqual(["n", "floor((w+3)/8)", 6625]);
    expect(outputOf("classifier")).toEqual(["n", 2]);
    expect(outputOf("embedding_model")).toEqual(["n", 1, 1, 96]);
    expect(outputOf("silero_vad")).toEqual(["n", 1]);
  });

  it("names the node that an input does not fit", () => {
    const model = parseModel(
      realModels()
        .find((real) => real.name === "alexa_v0.1")!
        .read(),
    );
    expect(() => inferShapes(model, { inputShapes: { "onnx::Flatten_0": [1, 17, 96] } })).toThrow(
      /input "onnx::Flatten_0" has the shape \[1, 16, 96\], got \[1, 17, 96\]/,
    );
    const detector = parseModel(realModels()[0]!.read());
    expect(() => inferShapes(detector, { inputShapes: { x: [1, 3, 33] } })).toThrow(/\[1, 3, 33\]/);
    expect(() => inferShapes(detector, { inputShapes: { y: [1] } })).toThrow(/takes x/);
  });
});
