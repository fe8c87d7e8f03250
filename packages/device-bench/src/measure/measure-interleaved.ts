import { EdgewrightError, throwIfAborted } from "@edgewright/core";
import { type ClockName, hasCpuClock, readClocks } from "./clock.js";
import { relativePrecision, summariseTimes, type TimeSummary } from "./summary.js";

/** Something to time against the others. */
export interface Candidate {
  readonly name: string;
  /** The work. A returned promise is awaited; other results are dropped. */
  run(): unknown;
  /** Called once before each sample, outside the time: refill inputs, evict caches. */
  prepare?(): unknown;
  /**
   * Runs in one sample, whose time is divided by it.
   * @default as many as fill `sampleMs`
   */
  readonly iterations?: number;
}

/** How far a measurement has come. */
export interface MeasureProgress {
  readonly candidate: string;
  /** Rounds that are complete; 0 during warm-up. */
  readonly round: number;
  readonly maxRounds: number;
  /** The worst relative precision of a median so far; infinite while unknown. */
  readonly precision: number;
}

/** Options of {@link measureInterleaved}. */
export interface MeasureOptions {
  /** Warm-up of each candidate, in milliseconds, at least two runs. @default 150 */
  warmupMs?: number;
  /** A sample lasts about this long, so that the clocks' grain does not show. @default 5 */
  sampleMs?: number;
  /** Never fewer rounds, unless `maxSeconds` runs out. @default 12 */
  minRounds?: number;
  /** @default 200 */
  maxRounds?: number;
  /** Stop after so many seconds of measuring, warm-up not counted. @default 10 */
  maxSeconds?: number;
  /** Stop once the 95 % interval of every median is within plus or minus this part of it. @default 0.02 */
  precision?: number;
  /** The clock that the stopping rule looks at. @default "cpu" where there is one */
  clock?: ClockName;
  /** Called before every sample. @default none */
  onProgress?: (progress: MeasureProgress) => void;
  /** Stops the measuring between two samples. @default none */
  signal?: AbortSignal;
}

/** The times of one candidate, in milliseconds for one run. */
export interface Timing {
  readonly name: string;
  /** Runs in one sample. */
  readonly iterations: number;
  /** `undefined` where the runtime has no CPU clock. */
  readonly cpu: TimeSummary | undefined;
  readonly wall: TimeSummary;
}

/** What {@link measureInterleaved} found. */
export interface Measurement {
  readonly timings: readonly Timing[];
  readonly rounds: number;
  readonly seconds: number;
  /** The clock of the stopping rule, and of {@link ratioOf} unless told otherwise. */
  readonly clock: ClockName;
  /** Which part of the stopping rule ended it. */
  readonly stoppedBy: "precision" | "rounds" | "time";
  /** The worst relative precision of a median, on `clock`. */
  readonly precision: number;
}

const MOST_RUNS = 2 ** 24; // in one sample

interface State {
  readonly candidate: Candidate;
  readonly iterations: number;
  readonly cpu: number[];
  readonly wall: number[];
}

/**
 * Times candidates against each other in one process: warm-up, then rounds in which each takes one
 * sample, each round beginning with another, so that drift of the machine hits all alike.
 *
 * It stops when the 95 % confidence interval of every median is narrower than `precision`, after
 * `maxRounds`, or after `maxSeconds`, whichever comes first.
 *
 * @example
 * const { timings } = await measureInterleaved([
 *   { name: "sort", run: () => numbers.slice().sort() },
 *   { name: "typed sort", run: () => Float64Array.from(numbers).sort() },
 * ]);
 *
 * @throws EdgewrightError `invalid-argument` without candidates or with a name used twice.
 * @throws AbortError when `signal` fires, between two samples.
 */
export async function measureInterleaved(
  candidates: readonly Candidate[],
  options: MeasureOptions = {},
): Promise<Measurement> {
  const {
    warmupMs = 150,
    sampleMs = 5,
    minRounds = 12,
    maxRounds = 200,
    maxSeconds = 10,
    precision: wanted = 0.02,
    onProgress,
    signal,
  } = options;
  const clock: ClockName = hasCpuClock() ? (options.clock ?? "cpu") : "wall";
  checkNames(candidates);
  let precision = Infinity;
  const report = (candidate: string, round: number): void =>
    onProgress?.({ candidate, round, maxRounds, precision });

  const states: State[] = [];
  for (const candidate of candidates) {
    throwIfAborted(signal, "measureInterleaved");
    report(candidate.name, 0);
    states.push({
      candidate,
      iterations: await warmUp(candidate, warmupMs, sampleMs),
      cpu: [],
      wall: [],
    });
  }

  const start = performance.now();
  let rounds = 0;
  let stoppedBy: Measurement["stoppedBy"] = "rounds";
  while (rounds < maxRounds) {
    for (let i = 0; i < states.length; i++) {
      throwIfAborted(signal, "measureInterleaved");
      const state = states[(i + rounds) % states.length]!;
      report(state.candidate.name, rounds);
      await takeSample(state);
    }
    rounds++;
    if (rounds >= minRounds) {
      precision = Math.max(
        ...states.map((state) => relativePrecision(summariseTimes(state[clock]))),
      );
      if (precision <= wanted) {
        stoppedBy = "precision";
        break;
      }
    }
    if (performance.now() - start > maxSeconds * 1000) {
      stoppedBy = "time";
      break;
    }
  }
  return {
    timings: states.map(({ candidate, iterations, cpu, wall }) => ({
      name: candidate.name,
      iterations,
      cpu: hasCpuClock() ? summariseTimes(cpu) : undefined,
      wall: summariseTimes(wall),
    })),
    rounds,
    seconds: (performance.now() - start) / 1000,
    clock,
    stoppedBy,
    precision,
  };
}

// Warms a candidate up and finds how many of its runs fill a sample.
async function warmUp(candidate: Candidate, warmupMs: number, sampleMs: number): Promise<number> {
  const start = performance.now();
  const fixed = candidate.iterations;
  let iterations = fixed ?? 1;
  let fastest = Infinity;
  const known = (): boolean => fixed !== undefined || fastest < Infinity || iterations >= MOST_RUNS;
  for (let batch = 0; batch < 2 || performance.now() - start < warmupMs || !known(); batch++) {
    await candidate.prepare?.();
    const before = performance.now();
    await runRepeatedly(candidate, iterations);
    const elapsed = performance.now() - before;
    if (fixed !== undefined) continue;
    // A batch as short as the clock's grain (0.1 ms in some browsers) says nothing of its speed.
    if (elapsed >= sampleMs / 4) fastest = Math.min(fastest, elapsed / iterations);
    if (elapsed < sampleMs / 2) iterations = Math.min(iterations * 2, MOST_RUNS);
  }
  if (fixed !== undefined || fastest === Infinity) return iterations;
  return Math.min(MOST_RUNS, Math.max(1, Math.round(sampleMs / fastest)));
}

async function takeSample(state: State): Promise<void> {
  const { candidate, iterations } = state;
  await candidate.prepare?.();
  const before = readClocks();
  // Synchronous work stays synchronous: a wait for nothing costs more than a small kernel.
  const pending = runRepeatedly(candidate, iterations);
  if (pending) await pending;
  const after = readClocks();
  state.cpu.push((after.cpu - before.cpu) / iterations);
  state.wall.push((after.wall - before.wall) / iterations);
}

function runRepeatedly(candidate: Candidate, iterations: number): Promise<void> | undefined {
  for (let i = 0; i < iterations; i++) {
    const result = candidate.run();
    if (isPromise(result)) return awaitRest(candidate, result, iterations - i - 1);
  }
  return undefined;
}

async function awaitRest(candidate: Candidate, first: unknown, rest: number): Promise<void> {
  await first;
  for (let i = 0; i < rest; i++) await candidate.run();
}

function isPromise(value: unknown): boolean {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}

function checkNames(candidates: readonly Candidate[]): void {
  if (candidates.length === 0) {
    throw new EdgewrightError("invalid-argument", "measureInterleaved: no candidates to measure");
  }
  const names = new Set<string>();
  for (const { name } of candidates) {
    if (names.has(name)) {
      throw new EdgewrightError(
        "invalid-argument",
        `measureInterleaved: two candidates are called "${name}"; names must differ`,
      );
    }
    names.add(name);
  }
}
