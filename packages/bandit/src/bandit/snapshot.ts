import type { RngState } from "@edgewright/core";

/** What {@link Bandit.snapshot} gives: plain data that survives JSON. */
export interface BanditSnapshot {
  readonly format: "edgewright-bandit";
  readonly version: 1;
  readonly policy: {
    readonly name: string;
    readonly contextDimension: number;
    readonly armDimension: number;
    readonly state: unknown;
  };
  readonly arms: readonly SnapshotArm[];
  readonly rng: RngState;
  readonly pending: SnapshotPending;
  readonly constraints: readonly SnapshotPart[];
  readonly solicitation: SnapshotPart | null;
  /** Of all the rest, see it change when a digit does. */
  readonly checksum: string;
}

/** One arm of a {@link BanditSnapshot}. */
export interface SnapshotArm {
  readonly name: string;
  readonly slot: number;
  /** Base64 of float64 values; null where the arm has no features of its own. */
  readonly features: string | null;
}

/** What a part with a state of its own gave. */
export interface SnapshotPart {
  readonly name: string;
  readonly state: unknown;
}

/** The decisions that a bandit still knows of. */
export interface SnapshotPending {
  /** Decisions made so far. */
  readonly decided: number;
  /**
   * What became of the last decisions, oldest first: letter and count, the letters being `p`ending, `a`nswered,
   * `e`xpired, `f`orgotten, arm-`r`emoved.
   */
  readonly fates: string;
  /** Those that wait, oldest first: slot, propensity, time, context, features of the arm, notes of constraints. */
  readonly waiting: readonly (readonly [
    slot: number,
    propensity: number,
    time: number,
    context: string,
    armFeatures: string,
    notes: readonly number[],
  ])[];
}
