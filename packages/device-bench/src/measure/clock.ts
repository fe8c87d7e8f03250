/** Which time a figure speaks of: of all the process's threads together, or on the wall. */
export type ClockName = "cpu" | "wall";

/** The two clocks at one moment, in milliseconds; `cpu` is `NaN` where there is none. */
export interface ClockReading {
  readonly cpu: number;
  readonly wall: number;
}

interface ProcessLike {
  cpuUsage?: () => { user: number; system: number };
}

/** Whether this runtime tells how much CPU time the process has used (Node, Deno and Bun do). */
export function hasCpuClock(): boolean {
  return typeof (globalThis as { process?: ProcessLike }).process?.cpuUsage === "function";
}

/** Reads both clocks. CPU time counts every thread of the process, user and system. */
export function readClocks(): ClockReading {
  const usage = (globalThis as { process?: ProcessLike }).process?.cpuUsage?.();
  return {
    cpu: usage ? (usage.user + usage.system) / 1000 : Number.NaN,
    wall: performance.now(),
  };
}
