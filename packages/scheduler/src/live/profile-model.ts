import { EdgewrightError, median, nextTurn, throwIfAborted } from "@edgewright/core";
import type { Feeds } from "@edgewright/graph";
import type { LayeredModel } from "./layered-model.js";
import { keyOfShapes, type ModelProfile, type ShapeProfile, shapesOf } from "./model-profile.js";

/** Options of {@link profileModel}. */
export interface ProfileModelOptions {
  /** Runs of every sample that count; one more comes first and does not. @default 5 */
  rounds?: number;
  /** Elements of each layer's output that the share of zeros is taken from. @default 4096 */
  zeroSamples?: number;
  /** Clock, in milliseconds. @default performance.now */
  now?: () => number;
  /** Checked before every run. @default none */
  signal?: AbortSignal;
  /** Called after every run. @default none */
  onProgress?: (progress: { readonly run: number; readonly runs: number }) => void;
}

interface Measured {
  readonly shapes: ShapeProfile["shapes"];
  readonly layers: { name: string; opType: string; times: number[]; zeros: number[] }[];
  runs: number;
}

/**
 * Measures the time of every layer (the median) and the share of zeros in its output (the mean) over runs of sample
 * inputs, which should look like those to come: sparsity depends on them.
 *
 * The event loop has a turn between two runs.
 *
 * @example
 * const profile = await profileModel(session, [{ x: image }, { x: otherImage }]);
 * localStorage.setItem("profile", JSON.stringify(profile));
 *
 * @throws EdgewrightError `invalid-argument` without samples, `aborted` when the signal fires, and whatever the
 * model throws.
 */
export async function profileModel(
  model: LayeredModel,
  samples: readonly Feeds[],
  options: ProfileModelOptions = {},
): Promise<ModelProfile> {
  const {
    rounds = 5,
    zeroSamples = 4096,
    now = () => performance.now(),
    signal,
    onProgress,
  } = options;
  if (samples.length === 0) {
    throw new EdgewrightError(
      "invalid-argument",
      "profileModel: expected at least one sample, got none",
    );
  }
  const runs = samples.length * (rounds + 1);
  const found = new Map<string, Measured>();
  let run = 0;
  for (const feeds of samples) {
    const shapes = shapesOf(feeds);
    const key = keyOfShapes(shapes);
    const measured = found.get(key) ?? { shapes, layers: [], runs: 0 };
    found.set(key, measured);
    for (let round = -1; round < rounds; round++) {
      throwIfAborted(signal, "profileModel");
      measureRun(model, feeds, measured, { counts: round >= 0, zeroSamples, now });
      onProgress?.({ run: ++run, runs });
      await nextTurn();
    }
  }
  return { shapes: [...found.values()].map(summarize) };
}

function measureRun(
  model: LayeredModel,
  feeds: Feeds,
  measured: Measured,
  { counts, zeroSamples, now }: { counts: boolean; zeroSamples: number; now: () => number },
): void {
  const run = model.steps(feeds);
  try {
    for (let i = 0; ; i++) {
      const begin = now();
      const result = run.next();
      const ms = now() - begin;
      if (result.done) {
        // Copying the outputs out belongs to the last layer.
        const times = measured.layers.at(-1)?.times;
        if (counts && times !== undefined) times[times.length - 1]! += ms;
        break;
      }
      const { name, opType } = result.value;
      measured.layers[i] ??= { name, opType, times: [], zeros: [] };
      if (!counts) continue;
      measured.layers[i]!.times.push(ms);
      const zeros = result.value.zeroShare?.(zeroSamples);
      if (zeros !== undefined) measured.layers[i]!.zeros.push(zeros);
    }
  } finally {
    run.return();
  }
  if (counts) measured.runs++;
}

function summarize({ shapes, layers, runs }: Measured): ShapeProfile {
  return {
    shapes,
    runs,
    layers: layers.map(({ name, opType, times, zeros }) => ({
      name,
      opType,
      ms: times.length === 0 ? 0 : median(times),
      zeros: zeros.length === 0 ? null : zeros.reduce((sum, one) => sum + one, 0) / zeros.length,
    })),
  };
}
