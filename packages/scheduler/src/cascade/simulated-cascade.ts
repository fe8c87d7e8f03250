import type { BatchQueueOptions } from "./batch-queue.js";
import type { CalibrationCurve } from "./calibration.js";
import type { CascadeTable } from "./cascade-table.js";
import type { ThresholdController } from "./controller.js";
import type { ModelSwitcher } from "./model-switcher.js";

/** One device of {@link simulateCascade}. */
export interface SimulatedDevice {
  /** Kind of device, for controllers and for the result. */
  readonly tier: string;
  /** Its light model, as the table names it. @default tier */
  readonly model?: string;
  /** Time of the light model for a sample, in ms; samples follow one another without a pause. */
  readonly latencyMs: number;
  /** Threshold to start with. @default the controller's */
  readonly threshold?: number;
  /** Handed to the controller when it joins. */
  readonly calibration?: CalibrationCurve;
  /** Spans of time in which it takes part, in order, each from (inclusive) to (exclusive), in ms. @default always */
  readonly presence?: readonly (readonly [fromMs: number, toMs: number])[];
}

/** One heavy model of the simulated server. */
export interface SimulatedServerModel {
  /** As the table names it. */
  readonly name: string;
  /** Time of a batch of this many, in ms. */
  readonly latencyOf: (size: number) => number;
}

/** A span in which one of the servers is dead; what it was working on goes back to the queue. */
export interface ServerOutage {
  /** Which server, from 0. */
  readonly server: number;
  readonly fromMs: number;
  /** @default never returns */
  readonly toMs?: number;
}

/** What {@link simulateCascade} needs. */
export interface SimulatedCascade {
  readonly table: CascadeTable;
  readonly devices: readonly SimulatedDevice[];
  /** Heavy models, from the fastest to the most accurate; several only with a switcher. */
  readonly serverModels: readonly SimulatedServerModel[];
  /** A new one: it is used up. */
  readonly controller: ThresholdController;
}

/** Options of {@link simulateCascade}. */
export interface SimulateCascadeOptions {
  /** @default 1 */
  readonly seed?: number;
  /** Latest time from the start of a sample to its answer, in ms. @default 150 */
  readonly sloMs?: number;
  /** Time in which samples start, in ms. @default 60000 */
  readonly durationMs?: number;
  /** Samples that start earlier do not count in the totals, in ms. @default 15000 */
  readonly warmupMs?: number;
  /** Time between two updates of the controller, in ms. @default 1500 */
  readonly windowMs?: number;
  /** Each way between device and server: a constant and the mean of an exponential on top, in ms. @default 0, 0 */
  readonly networkMs?: { readonly constant?: number; readonly jitterMean?: number };
  /** Limits of the server's queue. @default the papers' server: batches of at most 64, no early drop, no limit */
  readonly batching?: Omit<BatchQueueOptions, "latencyOf">;
  /** Servers that share the queue. @default 1 */
  readonly servers?: number;
  /** @default none */
  readonly outages?: readonly ServerOutage[];
  /** Chooses among several server models. @default none: the first model serves */
  readonly switcher?: ModelSwitcher;
  /** Samples of the table to draw from: first, and the one after the last. @default all */
  readonly samples?: readonly [from: number, to: number];
  /** Certainty that thresholds apply to. @default "margin" */
  readonly measure?: "margin" | "top1";
}

/** How samples ended; every sample that counts is in exactly one of the first four. */
export interface CascadeCounts {
  /** Answered by the device itself, within the objective or, where the light model is slower than that, late. */
  readonly local: number;
  /** Answered by the server in time. */
  readonly served: number;
  /** Answered by the server after the deadline. */
  readonly late: number;
  /** Forwarded, and no answer came: refused, dropped, or still waiting at the end. The light answer stands. */
  readonly undelivered: number;
  /** Sum of the four. */
  readonly samples: number;
  /** Late and undelivered samples, and local ones slower than the objective. */
  readonly violations: number;
}

/** Shares of a run, of a tier, or of a window. */
export interface CascadeShares {
  /** Share of samples answered within the objective. */
  readonly satisfaction: number;
  /** Share of right answers, a late answer of the server counting like one in time: the papers' way. */
  readonly accuracy: number;
  /** Share of right answers where a device falls back on its own answer at the deadline. */
  readonly accuracyInTime: number;
  /** Share of samples forwarded. */
  readonly forwarded: number;
}

/** One control window, for charts; windows of the warm-up included. */
export interface CascadeWindow extends CascadeShares {
  /** End of the window, in ms. */
  readonly endMs: number;
  /** Samples whose answer came or was due in the window; the shares are NaN where there is none. */
  readonly samples: number;
  /** Devices that take part at its end. */
  readonly devices: number;
  /** Thresholds after the update, in the order of the devices; NaN for those that never joined. */
  readonly thresholds: Float64Array;
  /** Mean size of the batches begun in it; NaN without any. */
  readonly meanBatch: number;
  /** Requests that wait at its end. */
  readonly queued: number;
  /** Index of the server's model after the update. */
  readonly model: number;
}

/** What {@link simulateCascade} finds. */
export interface CascadeResult extends CascadeShares, CascadeCounts {
  readonly controller: string;
  /** The same by tier. */
  readonly tiers: ReadonlyMap<string, CascadeShares & CascadeCounts>;
  /** Satisfaction of the device that fared worst. */
  readonly worstDevice: number;
  readonly windows: readonly CascadeWindow[];
  /** Batches after the warm-up, by size. */
  readonly batchSizes: Uint32Array;
  /** Requests refused by a full queue, and dropped early, after the warm-up. */
  readonly refused: number;
  /** @see {@link CascadeResult.refused} */
  readonly dropped: number;
  /** Switches of the server's model, from the beginning. */
  readonly switches: readonly { readonly atMs: number; readonly model: number }[];
}
