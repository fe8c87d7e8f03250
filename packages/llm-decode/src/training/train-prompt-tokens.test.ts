import { createParameter, createProgram, createTape } from "@edgewright/autograd";
import { createLanguageModel } from "@edgewright/autograd/language";
import { createRng } from "@edgewright/core";
import { loadKernels } from "@edgewright/kernels";
import { languageKernels } from "@edgewright/kernels/language";
import { loadTrainingKernels, trainingKernels } from "@edgewright/kernels/training";
import { describe, expect, it } from "vitest";
import { createDecoderSession } from "../engine/decoder-session.js";
import { loadDecoder } from "../engine/loaded-decoder.js";
import { randomDecoder, smallConfig } from "../engine/random-decoder.test-support.js";
import { measureAcceptance } from "../parallel/measure-acceptance.js";
import { decodeOwnTexts, type OwnText } from "./own-texts.js";
import { type InsertionBatch, insertionRows, writeInsertions } from "./prompt-insertions.js";
import { promptTokenNetwork, trainPromptTokens } from "./train-prompt-tokens.js";

const config = smallConfig({ layers: 1, dim: 16, hiddenDim: 24, heads: 2, kvHeads: 1 });

describe("writeInsertions", () => {
  it("lets prompt tokens see the text up to the cut and their own chain", () => {
    const shape = {
      batchSize: 1,
      textRows: 8,
      insertions: 2,
      promptTokens: 2,
      ensemble: 2,
      heads: 2,
    };
    const rows = insertionRows(shape);
    const batch: InsertionBatch = {
      ids: new Int32Array(8),
      positions: new Int32Array(rows),
      mask: new Float32Array(rows * rows),
      targets: new Int32Array(4),
    };
    const text: OwnText = {
      tokens: Int32Array.from({ length: 8 }, (_, i) => i + 1),
      greedyFrom: 3,
    };
    writeInsertions(batch, shape, [text], createRng(3));
    const seen = (row: number): number[] =>
      [...batch.mask.subarray(row * rows, (row + 1) * rows).keys()].filter(
        (other) => batch.mask[row * rows + other] === 0,
      );
    for (let row = 0; row < 8; row++) expect(seen(row)).toEqual([...Array(row + 1).keys()]);
    for (let place = 0; place < 2; place++) {
      const cut = batch.targets[place]! - 1;
      expect(cut).toBeGreaterThanOrEqual(2); // the token behind it was chosen greedily
      expect(cut).toBeLessThanOrEqual(5); // and so was that of the last target
      expect(batch.targets[2 + place]).toBe(cut + 2);
      for (let j = 0; j < 2; j++) {
        const first = 8 + place * 2 + j;
        const second = first + 4;
        const before = [...Array(cut + 1).keys()];
        expect(seen(first)).toEqual([...before, first]);
        expect(seen(second)).toEqual([...before, first, second]);
        expect(batch.positions[first]).toBe(cut + 1);
        expect(batch.positions[second]).toBe(cut + 2);
      }
    }
  });
});

describe("promptTokenNetwork", () => {
  it("has the loss and the gradient of one cut a sequence, without a mask's help", async () => {
    const kernels = await loadTrainingKernels();
    const model = createLanguageModel({ weights: randomDecoder(config, 2), trainable: false });
    const [n, cut, length] = [2, 5, 10];
    const rng = createRng(4);
    const data = Float32Array.from({ length: n * 16 }, () => rng.normal());
    const parameter = createParameter({ name: "prompt tokens", shape: [n, 16], data });
    const text = { tokens: Int32Array.from({ length }, (_, i) => (i * 5) % 23), greedyFrom: 0 };
    const shape = {
      batchSize: 1,
      textRows: length,
      insertions: 1,
      promptTokens: n,
      ensemble: 1,
      heads: 2,
    };
    const tape = createTape();
    const { loss } = promptTokenNetwork(model, parameter, shape, 0.8)(tape, 1, "train");
    using program = createProgram(kernels, { tape, loss });
    const rows = insertionRows(shape);
    const feeds = {
      ids: new Int32Array(length),
      chain: Int32Array.from([0, 1]),
      positions: new Int32Array(rows),
      mask: new Float32Array(rows * rows),
      targets: new Int32Array(n),
    };
    const fixed = { ...createRng(1), integer: (low: number) => (low === 0 ? 0 : low) };
    // The first draw picks the text, the second the cut.
    let draws = 0;
    writeInsertions(feeds, shape, [text], { ...fixed, integer: () => (draws++ === 0 ? 0 : cut) });
    program.run(feeds);

    // The sequence as the paper builds it: the text up to the cut, then the prompt tokens, causal.
    const embeddings = model.parameters.embedding.read();
    const plainTape = createTape();
    const input = plainTape.input("x", [1, cut + 1 + n, 16]);
    const { logits } = model.apply(input);
    const textTape = createTape();
    const teacherLogits = model.apply(textTape.input("ids", [1, length], "i32")).logits;
    using plain = createProgram(kernels, { tape: plainTape, outputs: [logits] });
    using teacher = createProgram(kernels, { tape: textTape, outputs: [teacherLogits] });
    teacher.run({ ids: text.tokens });
    const truth = teacher.read(teacherLogits).data as Float32Array;
    const lossOf = (prompts: Float32Array): number => {
      const x = new Float32Array((cut + 1 + n) * 16);
      for (let i = 0; i <= cut; i++) {
        const token = text.tokens[i]!;
        x.set(embeddings.subarray(token * 16, token * 16 + 16), i * 16);
      }
      x.set(prompts, (cut + 1) * 16);
      plain.run({ x });
      const guessed = plain.read(logits).data as Float32Array;
      let total = 0;
      for (let k = 0; k < n; k++) {
        const p = softmax(truth.subarray((cut + 1 + k) * 23, (cut + 2 + k) * 23));
        const q = softmax(guessed.subarray((cut + 1 + k) * 23, (cut + 2 + k) * 23));
        total += (0.8 ** k / n) * p.reduce((sum, v, i) => sum + v * Math.log(v / q[i]!), 0);
      }
      return total;
    };
    expect(program.loss).toBeCloseTo(lossOf(data), 5);
    const gradient = program.gradient(parameter).data as Float32Array;
    for (const i of [0, 7, 16, 31]) {
      const moved = (by: number): Float32Array => data.map((v, at) => (at === i ? v + by : v));
      const slope = (lossOf(moved(0.01)) - lossOf(moved(-0.01))) / 0.02;
      expect(gradient[i]).toBeCloseTo(slope, 3);
    }
  });
});

describe("trainPromptTokens", () => {
  it("lowers the loss and guesses better than untrained ones", async () => {
    const weights = randomDecoder(config, 7);
    const kernels = await loadKernels({ extensions: [languageKernels, trainingKernels] });
    const loaded = await loadDecoder(kernels, weights);
    const session = createDecoderSession(loaded, { cacheType: "f32" });
    const texts = await decodeOwnTexts({
      ...{ session, prompts: [[1]], count: 60, drawnTokens: [1, 8], greedyTokens: 24 },
      rng: createRng(2),
    });
    const options = { weights, texts, count: 2, ensemble: 2, insertions: 8, batchSize: 4 };
    const untrained = await trainPromptTokens(kernels, { ...options, steps: 1, learningRate: 0 });
    const trained = await trainPromptTokens(kernels, { ...options, steps: 80, learningRate: 0.05 });
    const mean = (losses: Float32Array): number =>
      losses.reduce((a, b) => a + b, 0) / losses.length;
    expect(mean(trained.losses.subarray(-10))).toBeLessThan(
      0.8 * mean(trained.losses.subarray(0, 5)),
    );
    const prompts = Array.from({ length: 20 }, (_, i) => [1, i + 2]);
    const rateOf = async ({ promptTokens }: typeof trained): Promise<number> => {
      const { rates } = await measureAcceptance({ session, promptTokens, prompts, tokens: 20 });
      return rates[0]!.slice(0, 3).reduce((a, b) => a + b, 0);
    };
    const [before, after] = [await rateOf(untrained), await rateOf(trained)];
    expect(after).toBeGreaterThan(before);
    loaded.dispose();
    kernels.dispose();
  });

  it("refuses texts that are too short, and stops when told", async () => {
    const kernels = await loadTrainingKernels();
    const weights = randomDecoder(config, 7);
    const short = { tokens: Int32Array.of(1, 2, 3), greedyFrom: 1 };
    await expect(trainPromptTokens(kernels, { weights, texts: [short] })).rejects.toThrow(
      "at least 4",
    );
    const long = { tokens: new Int32Array(20), greedyFrom: 1 };
    const signal = AbortSignal.abort();
    await expect(trainPromptTokens(kernels, { weights, texts: [long], signal })).rejects.toThrow(
      "aborted",
    );
  });
});

function softmax(logits: Float32Array): Float64Array {
  const exps = Float64Array.from(logits, Math.exp);
  const sum = exps.reduce((a, b) => a + b, 0);
  return exps.map((v) => v / sum);
}
