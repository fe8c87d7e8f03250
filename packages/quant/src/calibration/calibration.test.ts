import { createProgram, createTape } from "@edgewright/autograd";
import { createLanguageModel } from "@edgewright/autograd/language";
import { AbortError } from "@edgewright/core";
import { weightFloats } from "@edgewright/core/model-files";
import { loadTrainingKernels } from "@edgewright/kernels/training";
import { afterAll, describe, expect, test } from "vitest";
import { randomDecoder, randomTexts } from "../decoder/random-decoder.test-support.js";
import { measureInputMoments } from "./input-moments.js";
import { measureSensitivities } from "./measure-sensitivities.js";

const weights = randomDecoder(3);
const kernels = await loadTrainingKernels();
afterAll(() => kernels.dispose());

describe("moments of inputs", () => {
  test("those of the first block are of normed embeddings, token by token", async () => {
    const texts = randomTexts(2, 12);
    const moments = await measureInputMoments(kernels, weights, texts);
    const { dim, normEpsilon, hiddenDim } = weights.config;
    const table = weightFloats(weights.embedding);
    const expected = new Float64Array(dim * dim);
    for (const token of texts.flat()) {
      const row = table.subarray(token * dim, (token + 1) * dim);
      const size = Math.sqrt(row.reduce((sum, one) => sum + one * one, 0) / dim + normEpsilon);
      for (let i = 0; i < dim; i++) {
        for (let j = 0; j < dim; j++) expected[i * dim + j]! += (row[i]! * row[j]!) / size ** 2;
      }
    }
    const found = moments.get("layers.0.query")!;
    found.forEach((one, at) => {
      expect(one).toBeCloseTo(expected[at]!, 3);
    });
    expect(moments.get("layers.0.key")).toBe(found);
    expect(moments.size).toBe(14);
    expect(moments.get("layers.1.down")!.length).toBe(hiddenDim ** 2);
  });

  test("they foretell the squared error of a product", async () => {
    const [text] = randomTexts(1, 20, 5) as [number[]];
    const moments = (await measureInputMoments(kernels, weights, [text])).get("layers.1.output")!;
    const model = createLanguageModel({ weights });
    const tape = createTape();
    model.apply(tape.input("ids", [1, 20], "i32"));
    const weight = tape.parameter(model.parameters.layers[1]!.output);
    const node = tape.nodes.find((one) => one.kind === "operation" && one.inputs.includes(weight))!;
    if (node.kind !== "operation") throw new Error("no product");
    using program = createProgram(kernels, { tape, outputs: [node.inputs[0]!] });
    program.run({ ids: Int32Array.from(text) });
    const x = program.read(node.inputs[0]!).data as Float32Array;
    const error = Float32Array.from({ length: 32 }, (_, at) => Math.sin(at + 1));
    let direct = 0;
    for (let token = 0; token < 20; token++) {
      direct += error.reduce((sum, one, at) => sum + one * x[token * 32 + at]!, 0) ** 2;
    }
    let foretold = 0;
    for (let i = 0; i < 32; i++) {
      for (let j = 0; j < 32; j++) foretold += error[i]! * moments[i * 32 + j]! * error[j]!;
    }
    expect(foretold / direct).toBeCloseTo(1, 4);
  });

  test("texts shorter than the longest count for what they are, and long ones are cut", async () => {
    const texts = randomTexts(2, 14, 8);
    const short = [texts[0]!.slice(0, 9), texts[1]!];
    const together = await measureInputMoments(kernels, weights, short);
    const one = await measureInputMoments(kernels, weights, [short[0]!]);
    const other = await measureInputMoments(kernels, weights, [short[1]!]);
    const path = "layers.1.gate";
    together.get(path)!.forEach((sum, at) => {
      expect(sum).toBeCloseTo(one.get(path)![at]! + other.get(path)![at]!, 2);
    });
    const cut = await measureInputMoments(kernels, weights, [texts[0]!], { length: 9 });
    cut.get(path)!.forEach((sum, at) => {
      expect(sum).toBeCloseTo(one.get(path)![at]!, 3);
    });
  });

  test("nothing to read, and a signal", async () => {
    await expect(measureInputMoments(kernels, weights, [])).rejects.toThrow(
      "a text of at least a token",
    );
    const signal = AbortSignal.abort();
    const stopped = measureInputMoments(kernels, weights, randomTexts(1, 5), { signal });
    await expect(stopped).rejects.toThrow(AbortError);
  });
});

test("sensitivities: squared gradients by path, in the shape of the weights", async () => {
  const texts = randomTexts(2, 10);
  const both = await measureSensitivities(kernels, weights, texts);
  const first = await measureSensitivities(kernels, weights, [texts[0]!]);
  const second = await measureSensitivities(kernels, weights, [texts[1]!]);
  for (const path of ["embedding", "layers.0.query", "layers.1.down"]) {
    const one = both.get(path)!;
    expect(one.length).toBe(
      { embedding: 48 * 32, "layers.0.query": 1024, "layers.1.down": 1280 }[path],
    );
    one.forEach((sum, at) => {
      expect(sum).toBeCloseTo(first.get(path)![at]! + second.get(path)![at]!, 5);
    });
    expect(one.some((sum) => sum > 0)).toBe(true);
  }
});
