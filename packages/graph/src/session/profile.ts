import { throwIfAborted } from "@edgewright/core";
import type { Feeds } from "./feeds.js";
import type { Step } from "./step.js";

/** Options of {@link Session.profile}. */
export interface ProfileOptions {
  /** Runs that count; one more comes first and does not. @default 10 */
  rounds?: number;
  /** Checked before every layer. @default none */
  signal?: AbortSignal;
}

/** Where the time of a layer goes. */
export interface ProfileRow {
  /** Name of the layer. */
  readonly name: string;
  readonly opType: string;
  readonly engine: "kernel" | "host";
  /** Median of the rounds, in milliseconds. */
  readonly ms: number;
  /** Multiply-accumulates. */
  readonly macs: number;
  /** 2 x macs / time, in 1e9 a second. */
  readonly gflops: number;
}

/** What is profiled: a session. */
export interface Steppable {
  steps(feeds: Feeds, options: { signal?: AbortSignal }): Iterable<Step>;
}

/** Runs a session layer by layer and takes the median time of each. */
export function profileSession(
  session: Steppable,
  feeds: Feeds,
  options: ProfileOptions = {},
): ProfileRow[] {
  const { rounds = 10, signal } = options;
  const times: number[][] = [];
  let rows: Omit<ProfileRow, "ms" | "gflops">[] = [];
  for (let round = -1; round < rounds; round++) {
    throwIfAborted(signal, "Session.profile");
    rows = [];
    for (const step of session.steps(feeds, signal === undefined ? {} : { signal })) {
      const { name, opType, engine, macs, ms, index } = step;
      rows.push({ name, opType, engine, macs });
      if (round < 0) continue;
      times[index] ??= [];
      times[index].push(ms);
    }
  }
  return rows.map((row, i) => {
    const sorted = (times[i] ?? [0]).sort((a, b) => a - b);
    const ms = sorted[sorted.length >> 1]!;
    return { ...row, ms, gflops: ms > 0 ? (2 * row.macs) / ms / 1e6 : 0 };
  });
}
