import { createParameter, createProgram, createTape } from "@edgewright/autograd";
import { createRng } from "@edgewright/core";
import { loadTrainingKernels } from "@edgewright/kernels/training";
import { describe, expect, it } from "vitest";
import { decodeWith } from "../engine/decode-with.test-support.js";
import { createHashSession } from "../engine/hash-session.test-support.js";
import { kvCacheScheduler, thirds } from "../precision/kv-cache-scheduler.js";
import {
  classifierShapes,
  classifyKv,
  type KvClassifier,
  type KvFeatures,
  kvFeatures,
  readKvClassifier,
  writeKvClassifier,
} from "../precision/kv-classifier.js";
import { progressivePrecision } from "../precision/progressive-precision.js";
import { labelPrecision, type PrecisionExample } from "./precision-labels.js";
import { kvClassifierNetwork, trainKvClassifier } from "./train-kv-classifier.js";

function drawClassifier(heads: number, headDim: number, seed: number): KvClassifier {
  const rng = createRng(seed);
  const parts = classifierShapes(heads, headDim).map(([name, shape]) => {
    const length = shape.reduce((a, b) => a * b, 1);
    return [name, Float32Array.from({ length }, () => rng.normal(0, 0.5))];
  });
  return { heads, headDim, ...Object.fromEntries(parts) };
}

/** Drawn keys and values; with `marked`, one of their numbers is larger. The classifier's norm takes sizes away. */
function drawFeatures(length: number, headDim: number, seed: number, marked = -1): KvFeatures {
  const rng = createRng(seed);
  const draw = (): Float32Array =>
    Float32Array.from({ length: length * headDim }, (_, i) =>
      rng.normal(i % headDim === marked ? 3 : 0),
    );
  return { length, headDim, keys: draw(), values: draw() };
}

/** A classifier that always chooses one class. */
function constant(heads: number, headDim: number, chosen: number): KvClassifier {
  const drawn = drawClassifier(heads, headDim, 1);
  const outputBias = new Float32Array(4).fill(-100);
  outputBias[chosen] = 100;
  return { ...drawn, outputBias, output: drawn.output.fill(0) };
}

describe("KvClassifier", () => {
  it("has 1380 numbers for a model of four heads of eight", () => {
    const sizes = classifierShapes(4, 8).map(([, shape]) => shape.reduce((a, b) => a * b, 1));
    expect(sizes.reduce((a, b) => a + b, 0)).toBe(1380);
  });

  it("computes what its network on the tape computes, padding or not", async () => {
    const kernels = await loadTrainingKernels();
    const [heads, headDim] = [2, 3];
    const classifier = drawClassifier(heads, headDim, 3);
    const parameters = new Map(
      classifierShapes(heads, headDim).map(([name, shape]) => {
        return [
          name,
          createParameter({ name, shape, data: classifier[name] as Float32Array }),
        ] as const;
      }),
    );
    for (const [length, tokens] of [
      [5, 5],
      [3, 9],
    ] as const) {
      const features = drawFeatures(length, headDim, 7);
      const tape = createTape();
      const logits = kvClassifierNetwork(tape, parameters, { b: 1, heads, headDim, tokens }, false);
      using program = createProgram(kernels, { tape, outputs: [logits] });
      const pad = (x: Float32Array): Float32Array => {
        const padded = new Float32Array(tokens * headDim);
        padded.set(x);
        return padded;
      };
      const absent = Float32Array.from({ length: tokens }, (_, t) => (t < length ? 0 : -1e9));
      program.run({ keys: pad(features.keys), values: pad(features.values), absent });
      const expected = program.read(logits).data as Float32Array;
      const own = classifyKv(classifier, features);
      for (let i = 0; i < 4; i++) expect(own[i]).toBeCloseTo(expected[i]!, 4);
    }
  });

  it("averages heads, comes back from a file, and refuses what does not fit", () => {
    const layer = {
      ...{ length: 2, kvHeads: 2, headDim: 1 },
      keys: Float32Array.of(1, 3, 5, 9),
      values: Float32Array.of(0, 2, 4, 4),
    };
    expect([...kvFeatures(layer).keys]).toEqual([2, 7]);
    expect([...kvFeatures(layer).values]).toEqual([1, 4]);
    const classifier = drawClassifier(2, 3, 5);
    const bytes = writeKvClassifier(classifier, { pair: "4/3" });
    expect(readKvClassifier(bytes)).toEqual(classifier);
    expect(() =>
      readKvClassifier(
        writeKvClassifier({ ...classifier, outputBias: new Float32Array(4).fill(Number.NaN) }),
      ),
    ).toThrow("finite");
    expect(() => classifyKv(classifier, drawFeatures(3, 4, 1))).toThrow("heads of 3");
  });
});

describe("kvCacheScheduler", () => {
  it("falls where the classifiers say, never to the lower width before the higher", () => {
    const session = createHashSession({ widths: [3, 4, 6] });
    const widthsFor = (classes: readonly number[]): (number | undefined)[] => {
      const scheduler = kvCacheScheduler({
        ...{ widths: [3, 4, 6], switchPoints: [0, 3, 6, Number.POSITIVE_INFINITY] },
        classifiers: classes.map((chosen) => constant(2, 4, chosen)),
      });
      const { steps } = decodeWith(
        progressivePrecision({ precision: scheduler }),
        session,
        [1, 2],
        10,
      );
      return steps.slice(1).map(({ bits }) => bits);
    };
    expect(widthsFor([1, 2])).toEqual([6, 6, 6, 4, 4, 4, 3, 3, 3]);
    expect(widthsFor([2, 0])).toEqual([6, 6, 6, 6, 6, 6, 3, 3, 3]);
    expect(widthsFor([0, 3])).toEqual(new Array(9).fill(4));
    expect(thirds(255)).toEqual([0, 85, 170, Number.POSITIVE_INFINITY]);
    const options = { widths: [3, 4], classifiers: [], switchPoints: thirds(30) };
    expect(() => kvCacheScheduler(options)).toThrow("1 classifiers for 2 widths");
  });
});

describe("labelPrecision", () => {
  it("labels with the first switch point that costs nothing", async () => {
    const prompts = Array.from({ length: 30 }, (_, i) => [i, i + 5]);
    const session = createHashSession({ widths: [3, 4, 6], widthNoise: 0.12 });
    const examples = await labelPrecision({ session, prompts, high: 6, low: 3, maxTokens: 24 });
    const labels = new Set(examples.map(({ label }) => label));
    expect(labels.size).toBeGreaterThan(1);
    for (const { label, scores, features } of examples) {
      expect(features.length).toBe(2);
      expect(scores[0]).toBe(1); // the reference is the text at the widest width
      const round = (x: number): number => Math.round(x * 1000);
      const good = scores.slice(1).map((score) => round(score) >= 1000);
      expect(label).toBe(good.includes(true) ? good.indexOf(true) : 3);
    }
    const easy = createHashSession({ widths: [3, 6], widthNoise: 0 });
    const same = await labelPrecision({
      session: easy,
      prompts: [[1]],
      high: 6,
      low: 3,
      maxTokens: 9,
    });
    expect(same[0]?.label).toBe(0);
    const wrong = labelPrecision({ session, prompts, high: 3, low: 4 });
    await expect(wrong).rejects.toThrow("lower width below");
  });
});

describe("trainKvClassifier", () => {
  it("learns classes that keys and values tell apart, far above the most frequent class", async () => {
    const kernels = await loadTrainingKernels();
    const examples: PrecisionExample[] = Array.from({ length: 160 }, (_, i) => {
      const label = i % 8 === 0 ? 2 : i % 4 === 1 ? 3 : 0; // two rare classes
      return { features: drawFeatures(4 + (i % 5), 4, i, label), label, scores: [] };
    });
    const trained = await trainKvClassifier(kernels, {
      ...{ examples, heads: 2, epochs: 12, learningRate: 0.02, heldOut: 0.25 },
    });
    expect(trained.losses.at(-1)).toBeLessThan(0.5 * trained.losses[0]!);
    expect(trained.accuracy).toBeGreaterThan(0.85);
    expect(trained.baseline).toBeLessThan(0.75);
    // What was trained on the tape is what the scheduler will compute.
    const right = examples.filter(({ features, label }) => {
      const logits = classifyKv(trained.classifier, features);
      return logits.indexOf(Math.max(...logits)) === label;
    });
    expect(right.length / examples.length).toBeGreaterThan(0.85);
  });

  it("refuses a single example and stops when told", async () => {
    const kernels = await loadTrainingKernels();
    const example = { features: drawFeatures(3, 4, 1), label: 0, scores: [] };
    await expect(trainKvClassifier(kernels, { examples: [example], heads: 2 })).rejects.toThrow(
      "two or more",
    );
    const signal = AbortSignal.abort();
    const options = { examples: [example, example], heads: 2, signal };
    await expect(trainKvClassifier(kernels, options)).rejects.toThrow("aborted");
  });
});
