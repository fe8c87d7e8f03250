import type { Constraint } from "../constraints/constraint.js";
import type { LogRecord } from "../log/log-record.js";
import type { Policy } from "../policy/policy.js";
import type { Solicitation } from "../solicitation/solicitation.js";
import type { ArmOffer } from "./decision.js";
import type { BanditSnapshot } from "./snapshot.js";

/** Options of {@link createBandit}. */
export interface BanditOptions<Arm extends string, Context> {
  /** Chooses and learns; every bandit needs its own. */
  readonly policy: Policy;
  /** The arms to begin with, with their features where the policy looks at features of arms. */
  readonly arms: ArmOffer<Arm>;
  /** Seed of all random choices: a whole number from 0. */
  readonly seed: number;
  /** Turns a context into the features that the policy wants. @default the context itself, an array of numbers */
  readonly features?: (context: Context) => ArrayLike<number>;
  /** Rules above the policy, asked in this order; every bandit needs its own. @default none */
  readonly constraints?: readonly Constraint[];
  /** Says when to ask the user for feedback; every bandit needs its own. @default every decision asks */
  readonly solicitation?: Solicitation;
  /** How long decisions wait for their rewards. */
  readonly feedback?: FeedbackOptions;
  /**
   * The time in milliseconds, never going back: `Date.now`, or the time of a simulation. The time to live, budgets
   * per period and the log use it. @default none: the log counts decisions instead
   */
  readonly clock?: () => number;
  /**
   * Told of every decision, reward and expiry before it takes effect: what it throws stops the call, and what was not
   * logged has not happened. Of a call that logs several things (a batch, the removal of an arm, decisions whose
   * time is over by the way), those logged before have. It must not call the bandit. See {@link formatLogLine}.
   */
  readonly log?: (record: LogRecord) => void;
  /**
   * What ids of decisions begin with. Bandits that share a log or a store of feedback need different ones, and so
   * does one that begins anew. One that goes on from a snapshot needs the one it had, or rewards for decisions made
   * before are refused as unknown.
   *
   * @default "d"
   */
  readonly idPrefix?: string;
  /**
   * Goes on from here bit for bit, with the arms, the random numbers and the waiting decisions of the snapshot
   * instead of `arms` and `seed`; policy, constraints and solicitation must have the options they had.
   *
   * @default undefined: a fresh bandit
   */
  readonly snapshot?: BanditSnapshot | undefined;
}

/** How long decisions wait for their rewards, part of {@link BanditOptions}. */
export interface FeedbackOptions {
  /** Milliseconds after which a decision waits no longer; needs `clock`. @default Infinity */
  readonly timeToLiveMs?: number;
  /** How many of the last decisions may wait: a decision that is older waits no longer. @default 10000 */
  readonly capacity?: number;
  /** What a decision teaches that no reward came for in time: nothing, or a reward. @default "drop" */
  readonly onExpire?: "drop" | { readonly reward: number };
}
