import { createSession, type Session } from "@edgewright/graph";
import type { RunBatch } from "@edgewright/scheduler";
import { type Checkpoint, loadCheckpoints } from "zoo";
import { listViews, type View, writeView } from "./views.js";

/** Most pictures of a batch. */
export const MAX_BATCH = 16;

/** Most rows of one run: more outgrow the caches and take longer each (see the README). */
export const MAX_ROWS = 8;

// For each size; two runs in any case.
const MOST_MS_TO_WARM_UP = 200;

const SIDE = 28;
const PIXELS = SIDE * SIDE;
const CLASSES = 10;

/** The server's model. */
export interface HeavyModel {
  /** Probabilities of the classes for each picture. */
  readonly run: RunBatch;
  /** Time of a batch by its size in ms, as measured when the model was made ready. */
  readonly batchMs: ReadonlyMap<number, number>;
  /** What a black pixel is in its input. */
  readonly black: number;
  dispose(): void;
}

/** Options of {@link loadHeavyModel}. */
export interface HeavyModelOptions {
  /** How many views of each picture are classified, from 1; see views.ts. @default 1 */
  readonly views?: number;
}

/**
 * The named checkpoints of the zoo as one model: the mean of the probabilities that they give all views of a picture,
 * which is test-time augmentation.
 */
export async function loadHeavyModel(
  names: readonly string[],
  { views = 1 }: HeavyModelOptions = {},
): Promise<HeavyModel> {
  const checkpoints = await pickCheckpoints(names);
  const sessions = await Promise.all(checkpoints.map(({ model }) => createSession(model)));
  const { mean, standardDeviation } = checkpoints[0]!.dataset;
  const black = -mean / standardDeviation;
  const seen = listViews(views);
  const run: RunBatch = (inputs, { signal }) => averageViews(sessions, inputs, seen, black, signal);
  return {
    run,
    black,
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

// All views of all pictures are rows of one batch, which runs in parts that fit the caches.
async function averageViews(
  sessions: readonly Session[],
  inputs: readonly Float32Array[],
  views: readonly View[],
  black: number,
  signal: AbortSignal,
): Promise<Float32Array[]> {
  const sums = inputs.map(() => new Float32Array(CLASSES));
  const rows = inputs.length * views.length;
  for (let begin = 0; begin < rows; begin += MAX_ROWS) {
    if (begin > 0) await turnOfTheEventLoop();
    signal.throwIfAborted();
    const count = Math.min(MAX_ROWS, rows - begin);
    const size = padded(count);
    const data = new Float32Array(size * PIXELS);
    for (let i = 0; i < count; i++) {
      const picture = Math.floor((begin + i) / views.length);
      const view = views[(begin + i) % views.length]!;
      writeView(inputs[picture]!, view, black, data, i * PIXELS);
    }
    const image = { dtype: "f32", shape: [size, 1, SIDE, SIDE], data } as const;
    for (const session of sessions) {
      const logits = session.runSync({ image }).logits!.data as Float32Array;
      for (let i = 0; i < count; i++) {
        addSoftmax(logits, i * CLASSES, sums[Math.floor((begin + i) / views.length)]!);
      }
    }
  }
  return sums.map((sum) => sum.map((value) => value / (sessions.length * views.length)));
}

// Sessions plan each shape once and keep eight: powers of two up to eight are four.
function padded(rows: number): number {
  return 2 ** Math.ceil(Math.log2(rows));
}

// New requests are read meanwhile, and the server stays in touch.
function turnOfTheEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
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
  for (let size = 1; size <= MAX_BATCH; size *= 2) {
    const inputs = Array.from({ length: size }, () => new Float32Array(PIXELS));
    let best = Number.POSITIVE_INFINITY;
    const begun = performance.now();
    for (let i = 0; i < 2 || (i < 8 && performance.now() - begun < MOST_MS_TO_WARM_UP); i++) {
      const started = performance.now();
      await run(inputs, { size, signal });
      if (i > 0) best = Math.min(best, performance.now() - started);
    }
    least = Math.max(least, best);
    times.set(size, least);
  }
  return times;
}
