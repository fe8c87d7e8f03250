import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createParameter, createTrainer, sgd } from "@edgewright/autograd";
import { createLanguageModel } from "@edgewright/autograd/language";
import { createRng } from "@edgewright/core";
import { loadTrainingKernels } from "@edgewright/kernels/training";
import { afterAll, describe, expect, it } from "vitest";
import { createProjections, recordDistillation } from "./distillation.js";
import { phaseFiles } from "./phase-files.js";
import { rowsWithCuts, writePromptCuts } from "./prompt-cuts.js";
import { sampleStories } from "./sample-stories.js";
import { tinyRecipe, tinyTeacher } from "./tiny-teacher.test-support.js";
import { type PhaseCheckpoint, scheduleOf, trainLanguageModel } from "./train-language-model.js";

const kernels = await loadTrainingKernels();
const folder = mkdtempSync(join(tmpdir(), "zoo phases "));
afterAll(() => {
  kernels.dispose();
  rmSync(folder, { recursive: true });
});

const weights = tinyTeacher();
const stories = await sampleStories(weights, {
  kernels,
  rng: createRng(2),
  tokens: 400,
  together: 8,
});

describe("recordDistillation", () => {
  it("is zero for a student that is its teacher, seen through the identity", () => {
    const teacher = createLanguageModel({ weights, prefix: "teacher.", trainable: false });
    const student = createLanguageModel({ weights });
    const projections = createProjections(teacher, student, createRng(1));
    for (const projection of projections) {
      const [rows, columns] = projection.shape as [number, number];
      projection.write(
        Array.from({ length: rows * columns }, (_, i) => +(i % (columns + 1) === 0)),
      );
    }
    const settings = { teacher, student, projections, length: 6, textWeight: 0 };
    const lossWith = (hiddenWeight: number): number => {
      using trainer = createTrainer(kernels, {
        ...{ batchSize: 2, optimizer: sgd({ learningRate: 0 }) },
        record: recordDistillation({ ...settings, hiddenWeight }),
      });
      trainer.batch.ids!.set([1, 2, 3, 4, 5, 6, 1, 7, 8, 9, 10, 3]);
      return trainer.step().loss;
    };
    expect(Math.abs(lossWith(1))).toBeLessThan(1e-6);
    projections[1]!.write(projections[1]!.read().fill(0));
    // Normalised rows have a mean square of 1, and there are three streams.
    expect(lossWith(3)).toBeCloseTo(1, 3);
    expect(Math.abs(lossWith(0))).toBeLessThan(1e-6);
  });
});

describe("writePromptCuts", () => {
  it("shows prompt tokens the text up to their cut and their own chain", () => {
    const shape = { length: 6, cuts: 2, count: 2 };
    const rows = rowsWithCuts(shape);
    const batch = {
      positions: new Int32Array(2 * rows),
      mask: new Float32Array(2 * rows * rows),
      targets: new Int32Array(8),
    };
    writePromptCuts(batch, shape, createRng(1));
    for (let entry = 0; entry < 2; entry++) {
      const seen = (row: number): number[] => {
        const start = (entry * rows + row) * rows;
        return [...batch.mask.subarray(start, start + rows).keys()].filter(
          (other) => batch.mask[start + other] === 0,
        );
      };
      for (let row = 0; row < 6; row++) expect(seen(row)).toEqual([...Array(row + 1).keys()]);
      for (const first of [6, 8]) {
        const target = batch.targets[entry * 4 + (first - 6)]! - entry * 6;
        const text = [...Array(target).keys()];
        expect(target).toBeGreaterThanOrEqual(1);
        expect(batch.targets[entry * 4 + (first - 5)]! - entry * 6).toBe(target + 1);
        expect(target + 1).toBeLessThanOrEqual(5);
        expect(seen(first)).toEqual([...text, first]);
        expect(seen(first + 1)).toEqual([...text, first, first + 1]);
        expect(batch.positions[entry * rows + first]).toBe(target);
        expect(batch.positions[entry * rows + first + 1]).toBe(target + 1);
      }
    }
  });

  it("leaves the loss of the text as it is", () => {
    const teacher = createLanguageModel({ weights, prefix: "teacher.", trainable: false });
    const student = createLanguageModel({ config: tinyRecipe([]).config, rng: createRng(4) });
    const projections = createProjections(teacher, student, createRng(1));
    const { dim } = student.config;
    const data = Float32Array.from({ length: 2 * dim }, (_, i) => Math.sin(i));
    const tokens = createParameter({ name: "promptTokens", shape: [2, dim], data });
    const lossWith = (weight?: number): number => {
      const prompts = weight === undefined ? {} : { prompts: { tokens, cuts: 3, weight } };
      using trainer = createTrainer(kernels, {
        ...{ batchSize: 2, optimizer: sgd({ learningRate: 0 }) },
        record: recordDistillation({
          ...{ teacher, student, projections, length: 6, textWeight: 0, hiddenWeight: 1 },
          ...prompts,
        }),
      });
      const { batch } = trainer;
      batch.ids!.set([1, 2, 3, 4, 5, 6, 1, 7, 8, 9, 10, 3]);
      if (weight !== undefined) {
        writePromptCuts(batch, { length: 6, cuts: 3, count: 2 }, createRng(2));
      }
      return trainer.step().loss;
    };
    const plain = lossWith();
    expect(lossWith(0)).toBeCloseTo(plain, 5);
    expect(lossWith(1)).toBeGreaterThan(plain + 0.01);
  });
});

describe("trainLanguageModel", () => {
  it("learns, and goes on from any checkpoint bit by bit, over the borders of phases", async () => {
    const text = { weight: 0.5, share: 0.3 };
    const recipe = tinyRecipe([
      { steps: 130 },
      { ...{ length: 10, text, hiddenWeight: 0 }, prompts: { weight: 1, cuts: 2 } },
    ]);
    const kept: PhaseCheckpoint[] = [];
    const losses: number[] = [];
    const train = (resume?: PhaseCheckpoint) =>
      trainLanguageModel(recipe, {
        ...{ kernels, teacher: weights, stories, text: stories.slice(0, 50) },
        ...(resume && { resume }),
        onProgress: (phase, { loss }) => void (phase.length === 8 && losses.push(loss)),
        progressInterval: 0,
        onCheckpoint: (at) => void kept.push(at),
      });
    const { student } = await train();
    expect(kept.map(({ phase, checkpoint }) => [phase, checkpoint.epoch, checkpoint.step])).toEqual(
      [
        [0, 0, 100],
        [0, 1, 130],
        [1, 1, 6],
      ],
    );
    expect(losses.at(-1)).toBeLessThan(0.8 * losses[0]!);
    const expected = student.parameterList.map((parameter) => parameter.read());
    for (const from of kept.slice(0, 2)) {
      const { student: again } = await train(from);
      expect(again.parameterList.map((parameter) => parameter.read())).toEqual(expected);
    }
  });
});

describe("scheduleOf", () => {
  it("rises, then follows a line", () => {
    const [phase] = tinyRecipe([{ steps: 12, warmUp: 2, learningRate: [1, 0] }]).phases;
    const rates = [0, 1, 2, 7, 11].map(scheduleOf(phase!));
    expect(rates).toEqual([0.5, 1, 1, 0.5, expect.closeTo(0.1)]);
  });
});

describe("phaseFiles", () => {
  it("goes on from the last phase that a changed recipe shares", async () => {
    const files = phaseFiles(folder);
    const recipe = tinyRecipe([{ steps: 2 }, { steps: 3 }]);
    expect(await files.read(recipe)).toBeUndefined();
    let seconds = 0;
    await trainLanguageModel(recipe, {
      ...{ kernels, teacher: weights, stories },
      onCheckpoint: (at) => files.write(recipe, { ...at, seconds: ++seconds }),
    });
    expect(await files.read(recipe)).toMatchObject({ phase: 1, seconds: 2 });
    const changed = tinyRecipe([{ steps: 2 }, { steps: 4 }]);
    expect(await files.read(changed)).toMatchObject({ phase: 0, seconds: 1 });
    expect(await files.read(tinyRecipe([{ steps: 5 }]))).toBeUndefined();
    await files.remove(recipe);
    expect(await files.read(changed)).toBeUndefined();
  });
});
