import { createRng } from "@edgewright/core";
import { serializeModel } from "@edgewright/graph";
import { describe, expect, it } from "vitest";
import { checkpointMetadata, readCheckpoint } from "./checkpoint.js";
import { datasetFacts } from "./data/datasets.js";
import { selectImages } from "./data/labelled-images.js";
import { loadTestSubset } from "./data/test-subset.js";
import { countCorrect, evaluateAccuracy, measureLatencies } from "./evaluate.js";
import { buildDsNet } from "./models/ds-net.js";
import { buildLenet5 } from "./models/lenet5.js";
import { paretoFront } from "./pareto-front.js";

const metadata = checkpointMetadata(datasetFacts("fashion-mnist"));
const net = readCheckpoint(serializeModel(buildDsNet(8, createRng(1), metadata)), "ds-net-w8");
const pictures = selectImages(
  await loadTestSubset(),
  Array.from({ length: 50 }, (_, i) => i),
);

describe("countCorrect", () => {
  it("compares the largest logit of each row with the label", () => {
    const logits = Float32Array.of(1, 3, 2, /**/ 5, 4, 3, /**/ -1, -2, -0.5);
    expect(countCorrect(logits, Uint8Array.of(1, 1, 2))).toBe(2);
  });
});

describe("evaluateAccuracy", () => {
  it("counts the same whatever the batch, a smaller last one too", async () => {
    const progress: number[] = [];
    const onProgress = (done: number) => progress.push(done);
    const whole = await evaluateAccuracy(net, pictures);
    expect(await evaluateAccuracy(net, pictures, { batchSize: 16, onProgress })).toEqual(whole);
    expect(progress).toEqual([16, 32, 48, 50]);
    expect(whole.count).toBe(50);
    expect(whole.accuracy).toBe(whole.correct / 50);
    expect(whole.interval.low).toBeLessThanOrEqual(whole.accuracy);
  });

  it("stops when asked to", async () => {
    const controller = new AbortController();
    const evaluation = evaluateAccuracy(net, pictures, {
      batchSize: 10,
      signal: controller.signal,
      onProgress: (done) => done === 20 && controller.abort(),
    });
    await expect(evaluation).rejects.toMatchObject({ code: "aborted" });
  });
});

describe("measureLatencies", () => {
  it("times each checkpoint for one picture", async () => {
    const lenet = readCheckpoint(serializeModel(buildLenet5(createRng(1), metadata)), "lenet-5");
    const times = await measureLatencies([net, lenet], pictures, { maxSeconds: 0.1 });
    expect(times).toHaveLength(2);
    for (const { median } of times) expect(median).toBeGreaterThan(0);
    expect(await measureLatencies([], pictures)).toEqual([]);
  });
});

describe("paretoFront", () => {
  it("keeps what no other choice beats, as the definition says", () => {
    const rng = createRng(4);
    for (let trial = 0; trial < 200; trial++) {
      const choices = Array.from({ length: 8 }, () => ({
        cost: rng.integer(0, 6),
        benefit: rng.integer(0, 6),
      }));
      const front = paretoFront(choices, (choice) => choice);
      const isBeaten = (one: (typeof choices)[number]) =>
        choices.some(
          (other) =>
            other.cost <= one.cost &&
            other.benefit >= one.benefit &&
            (other.cost < one.cost || other.benefit > one.benefit),
        );
      const expected = new Set(
        choices.filter((one) => !isBeaten(one)).map(({ cost, benefit }) => `${cost} ${benefit}`),
      );
      expect(new Set(front.map(({ cost, benefit }) => `${cost} ${benefit}`))).toEqual(expected);
      expect(front).toHaveLength(expected.size);
      expect(front.map(({ cost }) => cost)).toEqual(
        front.map(({ cost }) => cost).sort((a, b) => a - b),
      );
    }
  });
});
