/** A column of the reference's table. */
export type ReferencePolicy =
  | "LinUCB, alpha 1"
  | "LinUCB, alpha 0.1"
  | "LinTS, alpha 0.1"
  | "LinGreedy, epsilon 0.1"
  | "LinGreedy, epsilon 0"
  | "UCB1"
  | "Beta TS";

/**
 * Cumulative regrets of MABWiser 2.7.4, run online on the exported orders with numpy's seed 1, as `regrets of the
 * deterministic policies` were found again by an independent implementation. Not ours: what we are compared with.
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
