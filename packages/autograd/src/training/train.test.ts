import { AbortError, ValidationError } from "@edgewright/core";
import type { Kernels } from "@edgewright/kernels";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createParameter } from "../engine/parameter.js";
import { crossEntropy } from "../operations/cross-entropy.js";
import { linear } from "../operations/linear.js";
import { adam } from "../optimizers/adam.js";
import { sgd } from "../optimizers/sgd.js";
import { loadEveryKernels } from "../testing/check-gradients.test-support.js";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "./checkpoint.js";
import { DivergenceError } from "./divergence-error.js";
import { evaluateAccuracy } from "./evaluate.js";
import { type TrainingProgress, train } from "./train.js";
import { createTrainer, predictTrainingMemory, type TrainerOptions } from "./trainer.js";
import { arrayData } from "./training-data.js";
import { smallNetwork, twoMoons } from "./two-moons.test-support.js";

let everyKernels: Kernels[];
beforeAll(async () => {
  everyKernels = await loadEveryKernels();
});
afterAll(() => {
  for (const kernels of everyKernels) kernels.dispose();
});

const data = twoMoons(200, 1);

function fresh(options: Partial<TrainerOptions> = {}, kernels = everyKernels[0]!) {
  const { record, parameters } = smallNetwork(2);
  const trainer = createTrainer(kernels, {
    record,
    batchSize: 20,
    optimizer: adam({ learningRate: 0.01 }),
    ...options,
  });
  return { trainer, record, parameters };
}

const values = (parameters: readonly { read(): Float32Array }[]) =>
  parameters.map((parameter) => parameter.read());

describe("train", () => {
  it("learns what is not linearly separable, the same on one thread and on two", async () => {
    const trained: Float32Array[][] = [];
    for (const kernels of everyKernels) {
      const { trainer, record, parameters } = fresh({}, kernels);
      const { losses } = await train(trainer, { data, epochs: 40, seed: 3 });
      expect(losses.at(-1)!).toBeLessThan(losses[0]! / 3);
      const { accuracy, count } = await evaluateAccuracy(kernels, {
        record,
        data: twoMoons(150, 9),
        batchSize: 64,
      });
      expect(count).toBe(150);
      expect(accuracy).toBeGreaterThan(0.95);
      trained.push(values(parameters));
      trainer.dispose();
    }
    everyKernels.forEach(({ variant }, i) => {
      if (variant === everyKernels[0]!.variant) expect(trained[i]).toEqual(trained[0]);
    });
  });

  it("resumes bit by bit where an abort stopped it", async () => {
    const { trainer, parameters } = fresh();
    const whole = await train(trainer, { data, epochs: 4, seed: 5 });
    const expected = values(parameters);
    trainer.dispose();

    const second = fresh();
    const controller = new AbortController();
    let last: Checkpoint | undefined;
    let count = 0;
    const stopped = train(second.trainer, {
      ...{ data, epochs: 4, seed: 5, checkpointEvery: 7, signal: controller.signal },
      onCheckpoint(checkpoint) {
        last = checkpoint;
        if (++count === 3) controller.abort("enough");
      },
    });
    await expect(stopped).rejects.toThrow(AbortError);
    expect(last!.stepInEpoch).toBeGreaterThan(0);
    second.trainer.dispose();

    const third = fresh();
    const resume = decodeCheckpoint(encodeCheckpoint(last!));
    expect(resume).toEqual(last);
    const rest = await train(third.trainer, { data, epochs: 4, seed: 5, resume });
    expect(values(third.parameters)).toEqual(expected);
    expect(rest.losses).toEqual(whole.losses.slice(-rest.losses.length));
    expect(rest.checkpoint).toEqual(whole.checkpoint);
    third.trainer.dispose();
  });

  it("orders examples by the seed", async () => {
    const results = [];
    for (const seed of [1, 1, 2]) {
      const { trainer, parameters } = fresh();
      await train(trainer, { data, epochs: 1, seed });
      results.push(values(parameters));
      trainer.dispose();
    }
    expect(results[0]).toEqual(results[1]);
    expect(results[0]).not.toEqual(results[2]);
  });

  it("shows every example once an epoch, and leaves out what fills no batch", async () => {
    const seen: number[] = [];
    const watched = {
      size: 50,
      read(indices: Int32Array, batch: Parameters<typeof data.read>[1]) {
        seen.push(...indices);
        batch.x!.fill(0.5);
      },
    };
    const { trainer } = fresh();
    await train(trainer, { data: watched, epochs: 1 });
    expect(seen.length).toBe(40);
    expect(new Set(seen).size).toBe(40);
    trainer.dispose();
  });

  it("stops with the last good checkpoint when the loss is no number", async () => {
    const { trainer, parameters } = fresh({ optimizer: sgd({ learningRate: 1e38 }) });
    const before = values(parameters);
    const error = await train(trainer, { data, epochs: 2 }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(DivergenceError);
    expect(error.code).toBe("diverged");
    expect(error.message).toMatch(
      /^train: the loss is (NaN|Infinity) at step \d+ of epoch 0; the parameters/,
    );
    expect(values(parameters)).toEqual(before);
    expect(Object.values(error.checkpoint.parameters)).toEqual(before);
    trainer.dispose();
  });

  it("stops on data that is no number before it touches the parameters", async () => {
    const { trainer, parameters } = fresh({ clipNorm: 1 });
    const before = values(parameters);
    const broken = arrayData(20, {
      x: new Float32Array(40).fill(Number.NaN),
      labels: new Int32Array(20),
    });
    await expect(train(trainer, { data: broken, epochs: 1 })).rejects.toThrow("the loss is NaN");
    expect(values(parameters)).toEqual(before);
    trainer.dispose();
  });

  it("keeps no checkpoint of parameters that an update has spoilt", async () => {
    // The loss is finite before the only update of the epoch, the parameters are not after it.
    const { trainer, parameters } = fresh({
      ...{ batchSize: 200, optimizer: sgd({ learningRate: 3e38, learningRateFactor: () => 1e9 }) },
    });
    const before = values(parameters);
    const seen: Checkpoint[] = [];
    const onCheckpoint = (checkpoint: Checkpoint) => void seen.push(checkpoint);
    const error = await train(trainer, { data, epochs: 1, onCheckpoint }).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(DivergenceError);
    expect(error.message).toMatch(/^train: parameter [a-z.]+ is no longer finite after 1 updates/);
    expect(seen).toEqual([]);
    expect(values(parameters)).toEqual(before);
    trainer.dispose();
  });

  it("forgets passes that an error or a break left", async () => {
    const options = { batchSize: 10, accumulate: 4 };
    const undisturbed = fresh(options);
    await train(undisturbed.trainer, { data, epochs: 1, seed: 8 });
    const { trainer, parameters } = fresh(options);
    let reads = 0;
    const broken = {
      size: 200,
      read(...given: Parameters<typeof data.read>) {
        if (++reads === 3) throw new Error("the disk is gone");
        return data.read(...given);
      },
    };
    await expect(train(trainer, { data: broken, epochs: 1 })).rejects.toThrow("the disk is gone");
    await train(trainer, { data, epochs: 1, seed: 8 });
    expect(values(parameters)).toEqual(values(undisturbed.parameters));

    // A label that is no class ends a run in its middle; the passes before it do not count either.
    const x = new Float32Array(20);
    trainer.step({ x, labels: new Int32Array(10) });
    expect(() => trainer.step({ x, labels: new Int32Array(10).fill(7) })).toThrow(ValidationError);
    const now = values(parameters);
    for (let pass = 0; pass < 3; pass++) trainer.step({ x, labels: new Int32Array(10) });
    expect(values(parameters)).toEqual(now);
    trainer.step({ x, labels: new Int32Array(10) });
    expect(values(parameters)).not.toEqual(now);
    trainer.dispose();
    undisturbed.trainer.dispose();
  });

  it("resumes bit by bit at the end of an epoch, on a checkpoint, and with accumulation", async () => {
    const options = { batchSize: 10, accumulate: 4 }; // 5 updates an epoch
    const whole = fresh(options);
    const checkpoints: Checkpoint[] = [];
    const result = await train(whole.trainer, {
      ...{ data, epochs: 3, seed: 5, checkpointEvery: 5 },
      onCheckpoint: (checkpoint) => void checkpoints.push(checkpoint),
    });
    expect(checkpoints.map(({ epoch, stepInEpoch }) => [epoch, stepInEpoch])).toEqual([
      [1, 0],
      [2, 0],
      [3, 0],
    ]);
    // An abort in the last update of an epoch leaves a checkpoint at its end.
    const cut = fresh(options);
    const controller = new AbortController();
    let last: Checkpoint | undefined;
    const stopped = train(cut.trainer, {
      ...{ data, epochs: 3, seed: 5, signal: controller.signal },
      progressInterval: 0,
      onProgress: ({ step }) => void (step === 5 && controller.abort()),
      onCheckpoint(checkpoint) {
        last = checkpoint;
      },
    });
    await expect(stopped).rejects.toThrow(AbortError);
    expect([last!.epoch, last!.stepInEpoch]).toEqual([0, 5]);
    for (const resume of [...checkpoints, last!]) {
      const { trainer, parameters } = fresh(options);
      trainer.step(); // a pass that must not count
      const rest = await train(trainer, { data, epochs: 3, seed: 5, resume });
      expect(values(parameters)).toEqual(values(whole.parameters));
      expect(rest.losses).toEqual(result.losses.slice(resume.epoch));
      expect(rest.checkpoint.parameters).toEqual(result.checkpoint.parameters);
      trainer.dispose();
    }
    cut.trainer.dispose();
    whole.trainer.dispose();
  });

  it("averages accumulated batches like one large batch", async () => {
    const large = fresh({ batchSize: 40, optimizer: sgd({ learningRate: 0.1 }) });
    const small = fresh({ batchSize: 10, accumulate: 4, optimizer: sgd({ learningRate: 0.1 }) });
    for (const { trainer } of [large, small]) await train(trainer, { data, epochs: 2, seed: 8 });
    values(large.parameters).forEach((expected, i) => {
      values(small.parameters)[i]!.forEach((value, j) => {
        expect(value).toBeCloseTo(expected[j]!, 5);
      });
    });
    large.trainer.dispose();
    small.trainer.dispose();
  });

  it("reports progress, epochs and checkpoints", async () => {
    const { trainer } = fresh();
    const progress: TrainingProgress[] = [];
    const epochs: number[] = [];
    let time = 0;
    await train(trainer, {
      ...{ data, epochs: 2, schedule: (step) => 0.01 / (step + 1) },
      now: () => (time += 30),
      progressInterval: 0,
      onProgress: (one) => void progress.push(one),
      onEpoch: ({ epoch }) => void epochs.push(epoch),
    });
    expect(epochs).toEqual([0, 1]);
    expect(progress.length).toBe(20);
    expect(progress[10]).toMatchObject({ epoch: 1, epochs: 2, step: 1, stepsPerEpoch: 10 });
    expect(progress[10]!.learningRate).toBeCloseTo(0.01 / 11, 12);
    expect(progress.at(-1)!.secondsLeft).toBe(0);
    expect(progress.every(({ examplesPerSecond }) => examplesPerSecond > 0)).toBe(true);
    trainer.dispose();
  });

  it("refuses options and checkpoints that do not fit, and changes nothing", async () => {
    const { trainer, parameters } = fresh();
    const before = values(parameters);
    const { checkpoint } = await train(fresh().trainer, { data, epochs: 1 });
    const cases: [object, string][] = [
      [{ epochs: 0 }, "expected a whole number of epochs, got 0"],
      [{ data: twoMoons(10, 1) }, "an update takes 20 examples, the data has 10"],
      [{ data: { ...data, size: Number.NaN } }, "an update takes 20 examples, the data has NaN"],
      [{ checkpointEvery: 0.5 }, "expected checkpointEvery to be a whole number from 1, got 0.5"],
      [{ resume: { ...checkpoint, parameters: {} } }, "the network has hidden.bias"],
      [
        {
          resume: {
            ...checkpoint,
            parameters: { ...checkpoint.parameters, "hidden.bias": new Float32Array(3) },
          },
        },
        "the checkpoint has 3 values for hidden.bias of [16]",
      ],
      [{ signal: AbortSignal.abort() }, "train: aborted by the caller"],
    ];
    for (const [options, message] of cases) {
      await expect(train(trainer, { data, epochs: 1, ...options })).rejects.toThrow(message);
    }
    expect(values(parameters)).toEqual(before);
    trainer.dispose();
  });
});

describe("createTrainer", () => {
  it("predicts its memory from shapes", () => {
    const { trainer, record } = fresh();
    const options = { record, batchSize: 20, optimizer: adam({ learningRate: 0.01 }) };
    expect(predictTrainingMemory(options)).toEqual(trainer.memory);
    expect(trainer.memory.optimizerBytes).toBe(2 * 4 * (32 + 16 + 32));
    trainer.dispose();
  });

  it("predicts accumulated gradients, and no state of what the loss does not reach", () => {
    const { record: inner } = smallNetwork(2);
    const aside = createParameter({ name: "aside", shape: [2, 3], data: new Float32Array(6) });
    const record: TrainerOptions["record"] = (tape, batch) => {
      const side = linear(tape.input("side", [batch, 2]), aside);
      const { loss, outputs } = inner(tape, batch, "train");
      return { loss, outputs: { ...outputs, side } };
    };
    const options = { record, batchSize: 20, optimizer: adam({ learningRate: 0.01 }) };
    const { trainer } = fresh({ ...options, accumulate: 2 });
    expect(predictTrainingMemory({ ...options, accumulate: 2 })).toEqual(trainer.memory);
    expect(trainer.memory.optimizerBytes).toBe(trainer.optimizer.bytes);
    const { totalBytes, blockBytes, gradientBytes, parameterBytes, constantBytes, optimizerBytes } =
      trainer.memory;
    expect(gradientBytes).toBe(4 * (32 + 16 + 32));
    expect(totalBytes).toBe(
      blockBytes + gradientBytes + parameterBytes + constantBytes + optimizerBytes,
    );
    trainer.step(); // its arrays include the input that only the output needs
    trainer.dispose();
  });

  it("refuses two parameters of one name", () => {
    const twin = () => createParameter({ name: "w", shape: [2, 2], data: [1, 0, 0, 1] });
    const twice: TrainerOptions["record"] = (tape, batch) => {
      const logits = linear(linear(tape.input("x", [batch, 2]), twin()), twin());
      return { loss: crossEntropy(logits, tape.input("labels", [batch], "i32")) };
    };
    expect(() => fresh({ record: twice })).toThrow("two parameters are called w");
  });
});
