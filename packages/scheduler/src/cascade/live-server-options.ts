import type { BatchQueueOptions } from "./batch-queue.js";
import type { ThresholdController } from "./controller.js";
import type { ServerTransport } from "./transport.js";

/**
 * Runs the heavy model on some inputs and returns an output for each, in their order. `size` is what the batch
 * should be padded to: its length, or the next of `ServerBatchOptions.batchSizes`.
 */
export type RunBatch = (
  inputs: readonly Float32Array[],
  context: { readonly size: number; readonly signal: AbortSignal },
) => Promise<readonly Float32Array[]> | readonly Float32Array[];

/** How a {@link CascadeServer} batches; the times of batches it learns itself. */
export type ServerBatchOptions = Omit<BatchQueueOptions, "latencyOf">;

/** What each client may ask of a {@link CascadeServer}, so that none harms another. */
export interface CascadeLimits {
  /** Most bytes of a request's payload. @default 1 MiB */
  readonly maxPayloadBytes?: number;
  /** Most requests of a device that are under way at once; further ones are answered `busy`. @default 32 */
  readonly maxInFlight?: number;
  /** Requests a second of one device, on average; further ones are answered `busy`. @default 200 */
  readonly requestsPerSecond?: number;
  /** Frames a second on one connection, valid or not, beyond which it is closed. @default 10 * requestsPerSecond */
  readonly framesPerSecond?: number;
  /** Frames of a connection that may be refused before it is closed. @default 10 */
  readonly maxFaults?: number;
  /** Most devices at once. @default 10_000 */
  readonly maxDevices?: number;
  /** A device that is silent for so long has left, in ms. @default 10_000 */
  readonly deviceTimeoutMs?: number;
  /** How long answers are kept for requests that are sent again, in ms. @default 10_000 */
  readonly keepAnswersMs?: number;
}

/** Says whether a device with this token may take part; undefined when it sent none. */
export type Authenticate = (
  device: string,
  token: string | undefined,
) => boolean | Promise<boolean>;

/** A batch that a {@link CascadeServer} ran. */
export interface ServerBatch {
  /** When it started, on the server's clock. */
  readonly at: number;
  /** Requests in it. */
  readonly size: number;
  /** What it was padded to. */
  readonly ran: number;
  /** Requests that still waited at its end. */
  readonly queued: number;
  readonly ms: number;
  /** Whether the model threw. */
  readonly failed: boolean;
}

/** Options of {@link CascadeServer}. */
export interface CascadeServerOptions {
  /** Name in answers and logs: letters, digits, `_` and `-`. @default "server" */
  readonly name?: string;
  /** How devices reach it; several at once are fine. */
  readonly transports: readonly ServerTransport[];
  readonly runBatch: RunBatch;
  /** Asked once for each device and token; `"anyone"` lets all in. */
  readonly authenticate: Authenticate | "anyone";
  /** Floats of an input; requests of another length are refused. @default any */
  readonly inputLength?: number;
  /** Sets the thresholds of the devices. @default none: devices keep theirs */
  readonly controller?: ThresholdController;
  /** Time between two updates of the thresholds, in ms. @default 1500 */
  readonly windowMs?: number;
  /** First guess of a batch's time in ms; what batches really take soon outweighs it. @default 5 + size */
  readonly latencyOf?: (size: number) => number;
  readonly batch?: ServerBatchOptions;
  readonly limits?: CascadeLimits;
  /** Milliseconds on a clock that does not go back. @default performance.now */
  readonly now?: () => number;
  /** Stops the server, as {@link CascadeServer.stop} does. @default none */
  readonly signal?: AbortSignal;
  /** Told of every batch. @default none */
  readonly onBatch?: (batch: ServerBatch) => void;
}

/** Options of {@link CascadeServer.stop}. */
export interface StopOptions {
  /** Whether requests that wait are still run; otherwise only the batch that runs is answered. @default true */
  readonly drain?: boolean;
  /** Longest wait for the requests that were taken, in ms. @default 10_000 */
  readonly timeoutMs?: number;
}

/** What a {@link CascadeServer} has done so far. */
export interface CascadeServerStats {
  /** Devices that take part now. */
  readonly devices: number;
  /** Requests that came, those sent again included. */
  readonly requests: number;
  /** Requests that came again and were not computed again. */
  readonly repeated: number;
  readonly done: number;
  readonly busy: number;
  readonly late: number;
  readonly failed: number;
  /** Frames that were refused: garbage, wrong tokens, floods. */
  readonly refused: number;
  readonly batches: number;
  /** Requests in all batches. */
  readonly batched: number;
  /** Requests that wait now. */
  readonly queued: number;
  /** What a batch costs by what was learned: before its first request, and for each. */
  readonly latency: { readonly perBatchMs: number; readonly perItemMs: number };
}
