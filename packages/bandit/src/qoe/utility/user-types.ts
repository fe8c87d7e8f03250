import type { QoeMetric } from "./qoe-metrics.js";

/** How much one metric matters to a user, and where it turns from good to bad. */
export interface MetricUtility {
  /** Importance against the other metrics; from 0. */
  readonly weight: number;
  /** Value at which the utility is 1/2, in the metric's unit. */
  readonly midpoint: number;
  /**
   * How sharply the utility turns at the midpoint, above 0. Of latency, energy and size: per factor of e (slope 2 takes
   * the utility from 1/2 to 0.2 at twice the midpoint). Of accuracy: per 1, that is 100 points of accuracy.
   */
  readonly slope: number;
}

/** A kind of user: what quality of experience means to them. */
export interface UserType {
  readonly name: string;
  /** The metrics that matter to this user. */
  readonly utilities: Readonly<Partial<Record<QoeMetric, MetricUtility>>>;
}

/**
 * Five kinds of user to begin with. The figures are ours, chosen so that the kinds disagree about real models; the
 * study of 15 users behind the papers is not public.
 *
 * - `impatient`: waiting hurts, from some 25 ms on;
 * - `careful`: wants right answers, and waits for them;
 * - `batteryMinded`: looks at the energy of every inference;
 * - `storageBound`: a phone that is nearly full;
 * - `balanced`: a little of everything.
 */
export const USER_TYPES: {
  readonly impatient: UserType;
  readonly careful: UserType;
  readonly batteryMinded: UserType;
  readonly storageBound: UserType;
  readonly balanced: UserType;
} = {
  impatient: {
    name: "impatient",
    utilities: {
      latencyMs: { weight: 0.7, midpoint: 25, slope: 2 },
      accuracy: { weight: 0.2, midpoint: 0.68, slope: 30 },
      energyMj: { weight: 0.05, midpoint: 100, slope: 1.5 },
      bytes: { weight: 0.05, midpoint: 40e6, slope: 2 },
    },
  },
  careful: {
    name: "careful",
    utilities: {
      latencyMs: { weight: 0.2, midpoint: 200, slope: 2 },
      accuracy: { weight: 0.7, midpoint: 0.73, slope: 40 },
      energyMj: { weight: 0.05, midpoint: 500, slope: 1.5 },
      bytes: { weight: 0.05, midpoint: 80e6, slope: 2 },
    },
  },
  batteryMinded: {
    name: "batteryMinded",
    utilities: {
      latencyMs: { weight: 0.15, midpoint: 100, slope: 2 },
      accuracy: { weight: 0.25, midpoint: 0.7, slope: 30 },
      energyMj: { weight: 0.55, midpoint: 60, slope: 2 },
      bytes: { weight: 0.05, midpoint: 40e6, slope: 2 },
    },
  },
  storageBound: {
    name: "storageBound",
    utilities: {
      latencyMs: { weight: 0.15, midpoint: 80, slope: 2 },
      accuracy: { weight: 0.25, midpoint: 0.7, slope: 30 },
      energyMj: { weight: 0.05, midpoint: 200, slope: 1.5 },
      bytes: { weight: 0.55, midpoint: 12e6, slope: 3 },
    },
  },
  balanced: {
    name: "balanced",
    utilities: {
      latencyMs: { weight: 0.3, midpoint: 60, slope: 2 },
      accuracy: { weight: 0.4, midpoint: 0.71, slope: 30 },
      energyMj: { weight: 0.15, midpoint: 150, slope: 1.5 },
      bytes: { weight: 0.15, midpoint: 30e6, slope: 2 },
    },
  },
};
