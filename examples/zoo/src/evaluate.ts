import { type Interval, proportionInterval, throwIfAborted } from "@edgewright/core";
import { measureInterleaved, type TimeSummary } from "@edgewright/device-bench";
import { createSession } from "@edgewright/graph";
import type { Kernels } from "@edgewright/kernels";
import type { Checkpoint } from "./checkpoint.js";
import { toInputTensor } from "./data/input-tensor.js";
import type { LabelledImages } from "./data/labelled-images.js";

/** How often a model names the right class. */
export interface ClassificationAccuracy {
  readonly correct: number;
  readonly count: number;
  /** Part that is right, 0 to 1. */
  readonly accuracy: number;
  /** 95 % confidence interval of the accuracy on pictures of the same kind (Wilson). */
  readonly interval: Interval;
}

/** Options of {@link evaluateAccuracy}. */
export interface EvaluateOptions {
  /** Kernels to run on. @default the session loads its own */
  kernels?: Kernels;
  /** Pictures in one run. @default 100 */
  batchSize?: number;
  /** Checked between two runs. @default none */
  signal?: AbortSignal;
  /** Told after each run how many pictures are classified. @default none */
  onProgress?: (done: number, count: number) => void;
}

/** Classifies pictures with a checkpoint and counts the right answers. */
export async function evaluateAccuracy(
  checkpoint: Pick<Checkpoint, "model" | "dataset">,
  set: LabelledImages,
  options: EvaluateOptions = {},
): Promise<ClassificationAccuracy> {
  const { kernels, batchSize = 100, signal, onProgress } = options;
  using session = await createSession(checkpoint.model, { ...(kernels && { kernels }) });
  let correct = 0;
  for (let begin = 0; begin < set.count; begin += batchSize) {
    throwIfAborted(signal, "evaluateAccuracy");
    const end = Math.min(begin + batchSize, set.count);
    const image = toInputTensor(set, checkpoint.dataset, begin, end);
    const { logits } = session.runSync({ image });
    correct += countCorrect(logits!.data as Float32Array, set.labels.subarray(begin, end));
    onProgress?.(end, set.count);
    // A turn for the event loop, in which Ctrl-C arrives.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return {
    correct,
    count: set.count,
    accuracy: correct / set.count,
    interval: proportionInterval(correct, set.count),
  };
}

/** How many rows of logits [labels.length, classes] are largest where the label says. */
export function countCorrect(logits: Float32Array, labels: Uint8Array): number {
  const classes = logits.length / labels.length;
  let correct = 0;
  for (let i = 0; i < labels.length; i++) {
    let best = 0;
    for (let k = 1; k < classes; k++) {
      if (logits[i * classes + k]! > logits[i * classes + best]!) best = k;
    }
    if (best === labels[i]) correct++;
  }
  return correct;
}

/** Options of {@link measureLatencies}. */
export interface MeasureLatencyOptions {
  /** Kernels to run on. @default each session loads its own */
  kernels?: Kernels;
  /** Least time for a trustworthy median is left to the measurement; never more than this. @default 2 */
  maxSeconds?: number;
  signal?: AbortSignal;
  onProgress?: (checkpoint: string, round: number) => void;
}

/**
 * Measures how long each checkpoint takes for one picture, in interleaved rounds: pictures of the set in
 * turn, batch 1. The clock is the processor's where the runtime has one: on an idle machine it shows the
 * latency of one thread, and on a busy one it still does.
 *
 * @returns times in milliseconds, in the order of the checkpoints
 */
export async function measureLatencies(
  checkpoints: readonly Checkpoint[],
  set: LabelledImages,
  options: MeasureLatencyOptions = {},
): Promise<TimeSummary[]> {
  const { kernels, maxSeconds = 2, signal, onProgress } = options;
  if (checkpoints.length === 0) return [];
  const sessions = await Promise.all(
    checkpoints.map(({ model }) => createSession(model, { ...(kernels && { kernels }) })),
  );
  try {
    const candidates = checkpoints.map(({ name, dataset }, i) => {
      let picture = 0;
      const inputs = Array.from({ length: Math.min(16, set.count) }, (_, at) => ({
        image: toInputTensor(set, dataset, at, at + 1),
      }));
      return { name, run: () => sessions[i]!.runSync(inputs[picture++ % inputs.length]!) };
    });
    const { timings } = await measureInterleaved(candidates, {
      warmupMs: 20,
      sampleMs: 4,
      minRounds: 10,
      maxRounds: 200,
      maxSeconds,
      ...(signal && { signal }),
      onProgress: ({ candidate, round }) => onProgress?.(candidate, round),
    });
    return timings.map(({ cpu, wall }) => cpu ?? wall);
  } finally {
    for (const session of sessions) session.dispose();
  }
}
