import type { AnswerReason } from "@edgewright/scheduler";
import type { RunOptions } from "./command-line.js";

/** Length of a {@link Bin} in seconds. */
export const BIN_SECONDS = 0.5;

/** What became of the pictures that came within one stretch of time. */
export interface Bin {
  samples: number;
  satisfied: number;
  forwarded: number;
  /** Right answers: of the light model, of the cascade, and of the heavy model had it been asked each time. */
  lightRight: number;
  cascadeRight: number;
  heavyRight: number;
  /** Sum of all devices' thresholds at their pictures. */
  thresholds: number;
  lowest: number;
  highest: number;
}

/** What devices count, all together. */
export interface DeviceTotals {
  /** Pictures that devices were given. */
  given: number;
  /** Pictures whose caller got an answer. */
  answered: number;
  /** Pictures whose caller got more than one. */
  twice: number;
  /** Pictures whose caller got none. */
  lost: number;
  /** Requests that were sent to servers, and those of them that were sent again. */
  forwarded: number;
  resent: number;
  /** Requests that the heavy model answered after they had been sent again. */
  recovered: number;
  /** Replies that came too late or twice; clients dropped them. */
  surplus: number;
  reasons: Record<AnswerReason, number>;
}

/** One thread of devices, at its end. */
export interface WorkerResult {
  readonly bins: readonly Bin[];
  readonly totals: DeviceTotals;
  /** Latencies of pictures that were forwarded and answered by the heavy model, in ms. */
  readonly heavyMs: readonly number[];
}

/** A batch of a server. */
export interface BatchRecord {
  readonly server: string;
  /** Seconds from the start of the run. */
  readonly at: number;
  readonly size: number;
  readonly ms: number;
}

/** A whole run. */
export interface RunRecord {
  readonly options: RunOptions;
  readonly bins: readonly Bin[];
  readonly totals: DeviceTotals;
  readonly heavyMs: readonly number[];
  readonly batches: readonly BatchRecord[];
  /** When the first server was killed, in seconds. */
  readonly killedAt: number | undefined;
  /** What a batch of the heavy model takes here without pacing, by its size, in ms. */
  readonly batchMs: readonly (readonly [number, number])[];
  readonly machine: string;
  readonly when: string;
}

/** An empty stretch of time. */
export function emptyBin(): Bin {
  return {
    ...{ samples: 0, satisfied: 0, forwarded: 0, lightRight: 0, cascadeRight: 0, heavyRight: 0 },
    ...{ thresholds: 0, lowest: Number.POSITIVE_INFINITY, highest: Number.NEGATIVE_INFINITY },
  };
}

/** Nothing counted yet. */
export function emptyTotals(): DeviceTotals {
  return {
    ...{
      given: 0,
      answered: 0,
      twice: 0,
      lost: 0,
      forwarded: 0,
      resent: 0,
      recovered: 0,
      surplus: 0,
    },
    reasons: {
      ...{ confident: 0, answered: 0, busy: 0, late: 0, failed: 0, refused: 0, unavailable: 0 },
    },
  };
}

/** Joins the results of several threads. */
export function joinResults(results: readonly WorkerResult[]): WorkerResult {
  const length = Math.max(0, ...results.map(({ bins }) => bins.length));
  const bins = Array.from({ length }, (_, i) => joinBins(results.map((result) => result.bins[i])));
  const totals = emptyTotals();
  for (const { totals: some } of results) {
    for (const key of Object.keys(totals) as (keyof DeviceTotals)[]) {
      if (key !== "reasons") totals[key] += some[key];
    }
    for (const reason of Object.keys(totals.reasons) as AnswerReason[]) {
      totals.reasons[reason] += some.reasons[reason];
    }
  }
  return { bins, totals, heavyMs: results.flatMap(({ heavyMs }) => heavyMs) };
}

/** Sums stretches of time; those that are missing count as empty. */
export function joinBins(parts: readonly (Bin | undefined)[]): Bin {
  const sum = emptyBin();
  for (const part of parts) {
    if (!part) continue;
    for (const key of Object.keys(sum) as (keyof Bin)[]) {
      if (key === "lowest") sum.lowest = Math.min(sum.lowest, part.lowest);
      else if (key === "highest") sum.highest = Math.max(sum.highest, part.highest);
      else sum[key] += part[key];
    }
  }
  return sum;
}
