import { cpus } from "node:os";

/** Options of {@link watchCpuLoad}. */
export interface WatchCpuLoadOptions {
  /** Whether to leave out what this process uses itself: the load by others. @default true */
  readonly othersOnly?: boolean;
}

/**
 * Watches how busy the processors are.
 *
 * @returns a function that gives the share of all processors' time, 0 to 1, that was used since the last call (or
 * since the watch began); `NaN` when no time has passed
 *
 * @example
 * import { watchCpuLoad } from "@edgewright/scheduler/node";
 *
 * const read = watchCpuLoad();
 * const signal = { name: "cpu load", troubles: ["cpu"], limits: { enter: 0.7, exit: 0.4 }, read };
 */
export function watchCpuLoad(options: WatchCpuLoadOptions = {}): () => number {
  const { othersOnly = true } = options;
  let before = readTimes();
  return () => {
    const after = readTimes();
    const total = after.total - before.total;
    if (total <= 0) return Number.NaN;
    const own = othersOnly ? after.own - before.own : 0;
    const busy = after.busy - before.busy - own;
    before = after;
    return Math.min(1, Math.max(0, busy / total));
  };
}

/** All in milliseconds: of all processors together, and of this process. */
function readTimes(): { busy: number; total: number; own: number } {
  let busy = 0;
  let total = 0;
  for (const { times } of cpus()) {
    const used = times.user + times.nice + times.sys + times.irq;
    busy += used;
    total += used + times.idle;
  }
  const { user, system } = process.cpuUsage();
  return { busy, total, own: (user + system) / 1000 };
}
