import { median } from "@edgewright/core";
import type { BenchContext } from "../context.js";
import type { WorkTime } from "./decode-runner.js";

/** Something to be timed in turn with others. */
export interface Contestant {
  readonly name: string;
  /** Tokens that one run decodes or reads. */
  readonly tokens: number;
  run(): Promise<WorkTime>;
}

/** Medians of a contestant, in tokens a second. */
export interface Speed {
  readonly name: string;
  readonly wall: number;
  /** `undefined` where the CPU time is not known. */
  readonly cpu: number | undefined;
  readonly rounds: number;
}

/**
 * Runs contestants in turn, each round beginning with another, after one that does not count; at least three
 * rounds, and as many as fit into `--max-seconds` (10).
 */
export async function measureRounds(
  context: BenchContext,
  contestants: readonly Contestant[],
): Promise<Speed[]> {
  const seconds = Number(context.values["max-seconds"] ?? (context.quick ? 1 : 10));
  const times = contestants.map((): { wall: number[]; cpu: number[] } => ({ wall: [], cpu: [] }));
  for (const { run } of contestants) await run();
  const end = performance.now() + seconds * 1000;
  const leastRounds = context.quick ? 1 : 3;
  for (let round = 0; round < leastRounds || performance.now() < end; round++) {
    for (let turn = 0; turn < contestants.length; turn++) {
      context.signal.throwIfAborted();
      const at = (round + turn) % contestants.length;
      const { tokens, run } = contestants[at]!;
      const { wallMs, cpuMs } = await run();
      times[at]!.wall.push((tokens * 1000) / wallMs);
      if (cpuMs !== undefined && cpuMs > 0) times[at]!.cpu.push((tokens * 1000) / cpuMs);
    }
  }
  return contestants.map(({ name }, at) => {
    const { wall, cpu } = times[at]!;
    return {
      name,
      wall: median(wall),
      cpu: cpu.length > 0 ? median(cpu) : undefined,
      rounds: wall.length,
    };
  });
}

/** What a second of CPU time gives, for the note of a row that shows wall time. */
export function noteCpu(speed: Speed): string {
  return speed.cpu === undefined ? "" : `${speed.cpu.toFixed(1)} a second of CPU time`;
}

// How much longer than its CPU time our one thread may take before the machine counts as busy.
const BUSY = 1.25;

/**
 * How many times faster we are, by the clock that flatters us less, and what both clocks say. Where our own thread
 * waited for a processor, wall time says who else was running, and CPU time alone counts.
 */
export function compareSpeeds(ours: Speed, theirs: Speed): { ratio: number; note: string } {
  const wall = ours.wall / theirs.wall;
  const speeds = `${Math.round(theirs.wall)} tokens/s, ${theirs.rounds} rounds`;
  if (ours.cpu === undefined || theirs.cpu === undefined) return { ratio: wall, note: speeds };
  const cpu = ours.cpu / theirs.cpu;
  const busy = ours.cpu > BUSY * ours.wall;
  const clocks = `wall ${wall.toFixed(2)}x${busy ? " (busy)" : ""}, CPU ${cpu.toFixed(2)}x`;
  return { ratio: busy ? cpu : Math.min(wall, cpu), note: `${speeds}; ${clocks}` };
}
