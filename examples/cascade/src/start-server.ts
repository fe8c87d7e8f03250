import {
  CascadeServer,
  createBatchSignalController,
  createContinuousController,
  createStaticController,
  type RunBatch,
  type ServerTransport,
  type ThresholdController,
} from "@edgewright/scheduler";
import type { RunOptions } from "./command-line.js";
import { loadHeavyModel, MAX_BATCH } from "./heavy-model.js";
import type { BatchRecord } from "./run-record.js";

/** What every device and server of a run knows; in real life each device has its own. */
export const TOKEN = "example";

// What lies between the batch's end and the device having its answer.
const SLACK_MS = 10;

/** A server that runs. */
export interface RunningServer {
  readonly server: CascadeServer;
  /** What a batch takes without pacing, by its size. */
  readonly batchMs: readonly (readonly [number, number])[];
}

/** Loads the heavy model and serves it. */
export async function startServer(
  options: RunOptions,
  name: string,
  transport: ServerTransport,
  onBatch: (batch: BatchRecord) => void,
): Promise<RunningServer> {
  const heavy = await loadHeavyModel(options.heavy, options);
  const [perBatch, perPicture] = options.pace ?? [0, 0];
  const perPictureMs = heavy.batchMs.get(MAX_BATCH)! / MAX_BATCH;
  const latencyOf = (size: number) => Math.max(perPictureMs * size, perBatch + perPicture * size);
  const server = new CascadeServer({
    name,
    transports: [transport],
    runBatch: options.pace ? paced(heavy.run, options.pace) : heavy.run,
    authenticate: (_device, token) => token === TOKEN,
    inputLength: 28 * 28,
    controller: createController(options, latencyOf),
    windowMs: options.windowMs,
    latencyOf,
    batch: {
      ...{ maxBatch: MAX_BATCH, maxQueue: 512 },
      slackMs: SLACK_MS,
      // At overload old requests have little time left. Serving them in batches of one would cost more than it gains.
      dropWindow: 8,
      // MultiTASC reads the load from the size of batches, which early drop would keep small.
      earlyDrop: options.controller !== "multitasc",
    },
    limits: { maxInFlight: 64, requestsPerSecond: 1000, deviceTimeoutMs: 5000 },
    onBatch: ({ at, size, ms }) => {
      onBatch({ server: name, at: (performance.timeOrigin + at) / 1000, size, ms });
    },
  });
  await server.start();
  return { server, batchMs: [...heavy.batchMs] };
}

// Stands for a heavier model or a slower machine: the model computes, then the batch waits until its time is over.
function paced(run: RunBatch, [perBatch, perPicture]: readonly [number, number]): RunBatch {
  return async (inputs, context) => {
    const started = performance.now();
    const outputs = await run(inputs, context);
    const rest = perBatch + perPicture * context.size - (performance.now() - started);
    if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest));
    return outputs;
  };
}

function createController(
  { controller, threshold, deadlineMs }: RunOptions,
  latencyOf: (size: number) => number,
): ThresholdController {
  if (controller === "static") return createStaticController({ threshold });
  if (controller === "multitasc++") return createContinuousController({ threshold });
  // The largest batch that fits twice into the deadline: a request may have to wait for the batch before its own.
  let optimalBatch = MAX_BATCH;
  while (optimalBatch > 1 && 2 * latencyOf(optimalBatch) > 0.8 * deadlineMs) optimalBatch--;
  return createBatchSignalController({ threshold, optimalBatch });
}
