import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Checkpoint } from "@edgewright/autograd";
import { parseModel } from "@edgewright/graph";
import { loadTrainingKernels } from "@edgewright/kernels/training";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readCheckpoint } from "./checkpoint.js";
import { selectImages } from "./data/labelled-images.js";
import { loadTestSubset } from "./data/test-subset.js";
import { evaluateAccuracy } from "./evaluate.js";
import { progressFiles } from "./progress-files.js";
import { RECIPES, type Recipe } from "./recipes.js";
import { scheduleOf, trainRecipe } from "./train-recipe.js";

const kernels = await loadTrainingKernels({ threads: 1 });
const pictures = selectImages(
  await loadTestSubset(),
  Array.from({ length: 330 }, (_, i) => i),
);
const recipeOf = (name: string, changes: Partial<Recipe> = {}): Recipe => ({
  ...RECIPES.find((recipe) => recipe.name === name)!,
  epochs: 2,
  ...changes,
});
const folder = mkdtempSync(join(tmpdir(), "zoo progress "));
beforeAll(() => () => kernels.dispose());
afterAll(() => rmSync(folder, { recursive: true }));

describe.each(["lenet-5", "ds-net-w8", "resnet-8-w8"])("training %s", (name) => {
  const recipe = recipeOf(name);

  it("gives the same bytes from the same seed, broken off and resumed or not", async () => {
    const whole = await trainRecipe(recipe, pictures, { kernels });
    const kept: Checkpoint[] = [];
    const controller = new AbortController();
    const broken = trainRecipe(recipe, pictures, {
      kernels,
      signal: controller.signal,
      progressInterval: 0,
      onProgress: ({ epoch, step }) => epoch === 1 && step === 3 && controller.abort(),
      onCheckpoint: (checkpoint) => {
        kept.push(checkpoint);
      },
    });
    await expect(broken).rejects.toMatchObject({ code: "aborted" });
    const resume = kept.at(-1)!;
    expect(resume).toMatchObject({ epoch: 1, stepInEpoch: 3 });
    const files = progressFiles(folder);
    await files.write(recipe, pictures.count, { checkpoint: resume, seconds: 12.5 });
    const read = (await files.read(recipe, pictures.count))!;
    expect(read.seconds).toBe(12.5);
    const resumed = await trainRecipe(recipe, pictures, { kernels, resume: read.checkpoint });
    expect(Buffer.compare(resumed.bytes, whole.bytes)).toBe(0);
  });

  it("keeps the network, and says in the file what it was trained on", async () => {
    const { bytes } = await trainRecipe(recipeOf(name, { seed: 2 }), pictures, { kernels });
    const { model, dataset, parameters, macs } = readCheckpoint(bytes, name);
    const other = await trainRecipe(recipeOf(name, { seed: 3 }), pictures, { kernels });
    expect(Buffer.compare(other.bytes, bytes)).not.toBe(0);
    expect(dataset.name).toBe("fashion-mnist");
    expect(parameters).toBeGreaterThan(1000);
    expect(macs).toBeGreaterThan(100_000);
    expect(model.graph.outputs.map((output) => output.name)).toEqual(["logits"]);
    expect(parseModel(bytes).graph.inputs[0]).toMatchObject({
      name: "image",
      shape: ["batch", 1, 28, 28],
    });
  });
});

describe("a training", () => {
  it("learns: pictures that it saw are told apart", async () => {
    const recipe = recipeOf("ds-net-w8", { epochs: 12, batchSize: 32, augmentation: {} });
    const { bytes, finalLoss } = await trainRecipe(recipe, pictures, { kernels });
    expect(finalLoss).toBeLessThan(0.8);
    const { accuracy } = await evaluateAccuracy(readCheckpoint(bytes, "trained"), pictures);
    expect(accuracy).toBeGreaterThan(0.75);
  });
});

describe("scheduleOf", () => {
  it("rises to the recipe's rate in a tenth of the steps and falls to almost nothing", () => {
    const recipe = recipeOf("lenet-5", { epochs: 10, learningRate: 0.2, warmUp: 0.1 });
    const schedule = scheduleOf(recipe, 100);
    const rates = Array.from({ length: 1000 }, (_, step) => schedule(step));
    expect(Math.max(...rates)).toBeCloseTo(0.2, 3);
    expect(rates.indexOf(Math.max(...rates))).toBeGreaterThanOrEqual(99);
    expect(rates.indexOf(Math.max(...rates))).toBeLessThanOrEqual(101);
    expect(rates[50]).toBeCloseTo(0.1, 1);
    expect(rates[550]).toBeCloseTo(0.1, 2);
    expect(rates[999]).toBeLessThan(1e-5);
  });
});

describe("progressFiles", () => {
  it("never goes on from another recipe's state, and forgets what is done", async () => {
    const files = progressFiles(folder);
    const recipe = recipeOf("lenet-5");
    expect(await files.read(recipeOf("lenet-5", { epochs: 9 }), pictures.count)).toBeUndefined();
    expect(await files.read(recipe, 7)).toBeUndefined();
    await files.remove(recipe, pictures.count);
    expect(await files.read(recipe, pictures.count)).toBeUndefined();
    expect(readdirSync(folder).filter((file) => file.endsWith(".part"))).toEqual([]);
  });
});
