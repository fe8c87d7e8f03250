/** A column of the reference's table. */
export type ReferencePolicy =
  | "LinUCB, alpha 1"
  | "LinUCB, alpha 0.1"
  | "LinTS, alpha 0.1"
  | "LinGreedy, epsilon 0.1"
  | "LinGreedy, epsilon 0"
  | "UCB1"
  | "Beta TS";

/** Regrets of runs that differ in their seed alone. */
export interface SeedSpread {
  readonly mean: number;
  /** Standard deviation of one run. */
  readonly deviation: number;
  readonly seeds: number;
}

/**
 * Cumulative regrets of MABWiser 2.7.4, measured once on the exported orders, with numpy's seed 1 where chance has a
 * part. Not ours: what we are compared with.
 */
export const REFERENCE_REGRETS: Readonly<
  Record<string, Readonly<Record<ReferencePolicy, number>> | undefined>
> = {
  vehicle: {
    "LinUCB, alpha 1": 262,
    "LinUCB, alpha 0.1": 250,
    "LinTS, alpha 0.1": 255,
    "LinGreedy, epsilon 0.1": 291,
    "LinGreedy, epsilon 0": 282,
    UCB1: 628,
    "Beta TS": 642,
  },
  segment: {
    "LinUCB, alpha 1": 318,
    "LinUCB, alpha 0.1": 278,
    "LinTS, alpha 0.1": 258,
    "LinGreedy, epsilon 0.1": 575,
    "LinGreedy, epsilon 0": 345,
    UCB1: 1980,
    "Beta TS": 1976,
  },
  pendigits: {
    "LinUCB, alpha 1": 849,
    "LinUCB, alpha 0.1": 737,
    "LinTS, alpha 0.1": 624,
    "LinGreedy, epsilon 0.1": 1203,
    "LinGreedy, epsilon 0": 837,
    UCB1: 4491,
    "Beta TS": 4537,
  },
};

/**
 * The same policies with other seeds, by `reference_seeds.py` (numpy 2.4.6), whose seed 1 gives the table's regrets to
 * the last unit.
 */
export const REFERENCE_SPREADS: Readonly<
  Record<string, Readonly<Partial<Record<ReferencePolicy, SeedSpread>>> | undefined>
> = {
  vehicle: {
    "LinTS, alpha 0.1": { mean: 267.7, deviation: 20.4, seeds: 20 },
    "LinGreedy, epsilon 0.1": { mean: 300.6, deviation: 14.9, seeds: 20 },
  },
  segment: {
    "LinTS, alpha 0.1": { mean: 284.5, deviation: 21.7, seeds: 20 },
    "LinGreedy, epsilon 0.1": { mean: 505.9, deviation: 45.7, seeds: 20 },
  },
  pendigits: {
    "LinTS, alpha 0.1": { mean: 709.5, deviation: 69.1, seeds: 20 },
    "LinGreedy, epsilon 0.1": { mean: 1250.8, deviation: 91.1, seeds: 20 },
  },
};
