import { createSession, type Session } from "@edgewright/graph";
import type { RunBatch } from "@edgewright/scheduler";
import { type Checkpoint, loadCheckpoints } from "zoo";

/** Sizes that batches are padded to: each is a shape that sessions plan once, and they keep eight. */
export const BATCH_SIZES = [1, 2, 4, 8, 16, 32] as const;

const SIDE = 28;
const PIXELS = SIDE * SIDE;

/** The server's model. */
export interface HeavyModel {
  /** Probabilities of the classes for each picture. */
  readonly run: RunBatch;
  /** Time of a batch by its size in ms, as measured when the model was made ready. */
  readonly batchMs: ReadonlyMap<number, number>;
  dispose(): void;
}

/** The named checkpoints of the zoo as one model: the mean of their probabilities. */
export async function loadHeavyModel(names: readonly string[]): Promise<HeavyModel> {
  const checkpoints = await pickCheckpoints(names);
  const sessions = await Promise.all(checkpoints.map(({ model }) => createSession(model)));
  const run: RunBatch = (inputs, { size }) => averageOutputs(sessions, inputs, size);
  return {
    run,
    batchMs: await warmUp(run),
    dispose: () => {
      for (const session of sessions) session.dispose();
    },
  };
}

/** Checkpoints by name. @throws Error that lists those there are */
export async function pickCheckpoints(names: readonly string[]): Promise<Checkpoint[]> {
  const all = (await loadCheckpoints()).filter(({ dataset }) => dataset.name === "fashion-mnist");
  return names.map((name) => {
    const found = all.find((checkpoint) => checkpoint.name === name);
    if (found) return found;
    throw new Error(`no checkpoint ${name}; there are ${all.map((one) => one.name).join(", ")}`);
  });
}

function averageOutputs(
  sessions: readonly Session[],
  inputs: readonly Float32Array[],
  size: number,
): Float32Array[] {
  const sums = inputs.map(() => new Float32Array(10));
  const data = new Float32Array(size * PIXELS);
  for (const [i, input] of inputs.entries()) data.set(input, i * PIXELS);
  const image = { dtype: "f32", shape: [size, 1, SIDE, SIDE], data } as const;
  for (const session of sessions) {
    const logits = session.runSync({ image }).logits!.data as Float32Array;
    for (const [i, sum] of sums.entries()) addSoftmax(logits, i * 10, sum);
  }
  return sums.map((sum) => sum.map((value) => value / sessions.length));
}

function addSoftmax(logits: Float32Array, at: number, sum: Float32Array): void {
  let largest = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < sum.length; k++) largest = Math.max(largest, logits[at + k]!);
  let total = 0;
  for (let k = 0; k < sum.length; k++) total += Math.exp(logits[at + k]! - largest);
  for (let k = 0; k < sum.length; k++) sum[k]! += Math.exp(logits[at + k]! - largest) / total;
}

// Plans every shape before the first request, and measures what a batch takes: the least of some runs, as others
// may be using the machine, too.
async function warmUp(run: RunBatch): Promise<Map<number, number>> {
  const times = new Map<number, number>();
  const { signal } = new AbortController();
  let least = 0;
  for (const size of BATCH_SIZES) {
    const inputs = Array.from({ length: size }, () => new Float32Array(PIXELS));
    let best = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 8; i++) {
      const started = performance.now();
      await run(inputs, { size, signal });
      if (i > 0) best = Math.min(best, performance.now() - started);
    }
    least = Math.max(least, best);
    times.set(size, least);
  }
  return times;
}
