import { createRng, EdgewrightError, throwIfAborted } from "@edgewright/core";
import type { Kernels } from "@edgewright/kernels";
import { createProgram } from "../engine/program.js";
import { createTape } from "../engine/tape.js";
import { batchArrays, type RecordNetwork } from "./trainer.js";
import type { TrainingData } from "./training-data.js";

/** How {@link evaluateAccuracy} goes over the data. */
export interface EvaluateOptions {
  /** Records the network; called in mode `frozen`. */
  readonly record: RecordNetwork;
  /** The examples, each of which is classified once, in order. */
  readonly data: TrainingData;
  /** Examples of a forward pass; the last one may be smaller. @default 100 */
  readonly batchSize?: number;
  /** The output that scores classes, [batch, classes]. @default "logits" */
  readonly logits?: string;
  /** The input that holds the true classes. @default "labels" */
  readonly labels?: string;
  /** Ends before the next batch. @default none */
  readonly signal?: AbortSignal;
}

/** What {@link evaluateAccuracy} found. */
export interface Evaluation {
  readonly correct: number;
  readonly count: number;
  /** correct / count. */
  readonly accuracy: number;
  /** Mean of the batches' losses, weighted by their examples. */
  readonly loss: number;
}

/**
 * Classifies every example with the present parameters and frozen statistics.
 *
 * @throws EdgewrightError `invalid-argument` for sizes below 1, and when the network records no such output or has no such input, and
 * AbortError when the signal fires.
 *
 * @example
 * ```ts
 * const { accuracy } = await evaluateAccuracy(kernels, { record, data: testData });
 * ```
 */
export async function evaluateAccuracy(
  kernels: Kernels,
  options: EvaluateOptions,
): Promise<Evaluation> {
  const { data, batchSize = 100, logits = "logits", labels = "labels", signal } = options;
  for (const [name, count] of Object.entries({ batchSize, "data.size": data.size })) {
    if (Number.isInteger(count) && count >= 1) continue;
    throw new EdgewrightError(
      "invalid-argument",
      `evaluateAccuracy: expected a whole ${name} from 1, got ${count}`,
    );
  }
  const sizes = [Math.min(batchSize, data.size), data.size % Math.min(batchSize, data.size)];
  const rng = createRng(0);
  let correct = 0;
  let lossSum = 0;
  let done = 0;
  for (const size of sizes) {
    if (size === 0) continue;
    const tape = createTape();
    const network = options.record(tape, size, "frozen");
    const scores = network.outputs?.[logits];
    const batch = batchArrays(tape);
    const truth = batch[labels];
    if (scores === undefined || truth === undefined) {
      throw new EdgewrightError(
        "invalid-argument",
        `evaluateAccuracy: the network needs an output ${logits} and an input ${labels}`,
      );
    }
    using program = createProgram(kernels, { tape, outputs: [scores, network.loss] });
    const classes = scores.shape.at(-1)!;
    const indices = new Int32Array(size);
    const end = size === sizes[0] ? data.size - sizes[1]! : data.size;
    for (; done < end; done += size) {
      throwIfAborted(signal, "evaluateAccuracy");
      for (let i = 0; i < size; i++) indices[i] = done + i;
      await data.read(indices, batch, rng);
      program.run(batch);
      const given = program.read(scores).data as Float32Array;
      for (let i = 0; i < size; i++) {
        if (indexOfLargest(given.subarray(i * classes, (i + 1) * classes)) === truth[i]) correct++;
      }
      lossSum += (program.read(network.loss).data as Float32Array)[0]! * size;
    }
  }
  return { correct, count: data.size, accuracy: correct / data.size, loss: lossSum / data.size };
}

function indexOfLargest(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}
