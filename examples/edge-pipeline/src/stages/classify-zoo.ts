import { EdgewrightError } from "@edgewright/core";
import { loadKernels } from "@edgewright/kernels";
import {
  type ClassificationAccuracy,
  evaluateAccuracy,
  loadCheckpoints,
  loadTestSubset,
  measureLatencies,
} from "zoo";
import type { PipelineContext } from "../pipeline.js";
import { findZooFront } from "../zoo-front.js";

const DATASET = "fashion-mnist";

/**
 * Classifies the zoo's thousand pictures of clothes with each of its models, and measures how long each
 * takes for one picture on one thread: which models are worth their time on this machine.
 */
export async function classifyZoo(context: PipelineContext): Promise<void> {
  const { options, progress, signal } = context;
  if (options.zoo === undefined) return;
  progress.update("read checkpoints");
  const checkpoints = await readCheckpoints(options.zoo);
  if (checkpoints.length === 0) {
    process.emitWarning(`there is no model for ${DATASET} in ${options.zoo}`);
    return;
  }
  const pictures = await loadTestSubset();
  const kernels = await loadKernels({ threads: 1 });
  try {
    const accuracies: ClassificationAccuracy[] = [];
    for (const checkpoint of checkpoints) {
      const onProgress = (done: number, count: number) =>
        progress.update(`${checkpoint.name}, ${done} of ${count}`);
      accuracies.push(
        await evaluateAccuracy(checkpoint, pictures, { kernels, signal, onProgress }),
      );
    }
    const times = await measureLatencies(checkpoints, pictures, {
      kernels,
      signal,
      onProgress: (name) => progress.update(`latency of ${name}`),
    });
    const models = checkpoints.map(({ name, parameters, macs, bytes }, i) => {
      const { samples: _, ...time } = times[i]!;
      return { name, parameters, macs, bytes: bytes.length, accuracy: accuracies[i]!, time };
    });
    context.zoo = findZooFront(checkpoints[0]!.dataset.title, pictures.count, models);
  } finally {
    kernels.dispose();
  }
}

async function readCheckpoints(folder: string) {
  try {
    return (await loadCheckpoints(folder)).filter(({ dataset }) => dataset.name === DATASET);
  } catch (cause) {
    if (EdgewrightError.isInstance(cause)) throw cause;
    throw new EdgewrightError(
      "invalid-argument",
      `cannot read the checkpoints in ${folder}: ${(cause as Error).message}`,
      { cause },
    );
  }
}
