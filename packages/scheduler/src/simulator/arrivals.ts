import { createRng, EdgewrightError, ValidationError } from "@edgewright/core";

/** Options of {@link poissonArrivals}. */
export interface PoissonArrivalsOptions {
  /** Mean arrivals in a second. */
  readonly rate: number;
  readonly count: number;
  readonly seed: number;
}

/**
 * Times of arrivals, in seconds and in order, with exponential gaps: requests of many users who know nothing of
 * each other.
 *
 * @example
 * const times = poissonArrivals({ rate: 30, count: 1000, seed: 1 });
 */
export function poissonArrivals({ rate, count, seed }: PoissonArrivalsOptions): number[] {
  checkPositive("poissonArrivals", "rate", rate);
  checkCount("poissonArrivals", count);
  const rng = createRng(seed);
  let now = 0;
  return Array.from({ length: count }, () => {
    now += rng.exponential(rate);
    return now;
  });
}

/** Options of {@link burstyArrivals}. */
export interface BurstyArrivalsOptions {
  /** Mean arrivals in a second, in the quiet and in the busy state. */
  readonly rates: readonly [quiet: number, busy: number];
  /** Mean seconds that each state lasts. */
  readonly dwell: readonly [quiet: number, busy: number];
  readonly count: number;
  readonly seed: number;
}

/**
 * Times of arrivals from a Markov-modulated Poisson process of two states: quiet and busy stretches of exponential
 * length, each with a rate of its own. The long-run rate is the mean of the rates, weighted by the dwells.
 *
 * @throws EdgewrightError `limit-exceeded` for rates so small beside the dwells that states would change some ten
 *   million times before all have arrived
 */
export function burstyArrivals(options: BurstyArrivalsOptions): number[] {
  const { rates, dwell, count, seed } = options;
  for (const rate of rates) checkRate("burstyArrivals", rate);
  checkPositive("burstyArrivals", "the larger rate", Math.max(...rates));
  for (const length of dwell) checkPositive("burstyArrivals", "dwell", length);
  checkCount("burstyArrivals", count);
  checkTurns(rates[0] * dwell[0] + rates[1] * dwell[1], count);
  const rng = createRng(seed);
  const times: number[] = [];
  let state: 0 | 1 = 0;
  let now = 0;
  let stateEnd = rng.exponential(1 / dwell[0]);
  while (times.length < count) {
    // Exponential gaps have no memory: one that the end of the state cuts off is drawn anew.
    const next = rates[state] > 0 ? now + rng.exponential(rates[state]) : Infinity;
    if (next <= stateEnd) {
      now = next;
      times.push(now);
    } else {
      now = stateEnd;
      state = state === 0 ? 1 : 0;
      stateEnd = now + rng.exponential(1 / dwell[state]);
    }
  }
  return times;
}

/** Options of {@link traceArrivals}. */
export interface TraceArrivalsOptions {
  /** How many times as fast as recorded. @default 1 */
  readonly speed?: number;
  /** How many to take. @default all */
  readonly count?: number;
}

/**
 * Times of recorded arrivals, in seconds, put in order and moved so that the recording begins at 0.
 *
 * @throws ValidationError for a time that is not finite
 */
export function traceArrivals(
  recorded: readonly number[],
  options: TraceArrivalsOptions = {},
): number[] {
  const { speed = 1, count = recorded.length } = options;
  checkPositive("traceArrivals", "speed", speed);
  checkCount("traceArrivals", count);
  const wrong = recorded.findIndex((time) => !Number.isFinite(time));
  if (wrong >= 0) {
    throw new ValidationError(
      `traceArrivals: a time in seconds was expected at ${wrong}, got ${recorded[wrong]}`,
    );
  }
  const sorted = [...recorded].sort((a, b) => a - b);
  return sorted.slice(0, count).map((time) => (time - sorted[0]!) / speed);
}

function checkRate(where: string, rate: number): void {
  if (rate >= 0 && rate < Infinity) return;
  throw new EdgewrightError(
    "invalid-argument",
    `${where}: a rate from 0, in arrivals a second, was expected, got ${rate}`,
  );
}

function checkPositive(where: string, what: string, value: number): void {
  if (value > 0 && value < Infinity) return;
  throw new EdgewrightError(
    "invalid-argument",
    `${where}: ${what} must be a number above 0, got ${value}`,
  );
}

function checkTurns(arrivalsPerTurn: number, count: number): void {
  if (!(count / arrivalsPerTurn > 1e7)) return;
  throw new EdgewrightError(
    "limit-exceeded",
    `burstyArrivals: at least ${count / 1e7} arrivals in a quiet and a busy stretch together were expected for ${count} of them, got ${arrivalsPerTurn}; give larger rates or dwells`,
  );
}

const MOST_ARRIVALS = 1e8;

function checkCount(where: string, count: number): void {
  if (Number.isInteger(count) && count >= 0 && count <= MOST_ARRIVALS) return;
  throw new EdgewrightError(
    "invalid-argument",
    `${where}: a whole count from 0 to ${MOST_ARRIVALS} was expected, got ${count}`,
  );
}
