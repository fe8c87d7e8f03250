import type { DeviceProfile, ModelVariant } from "@edgewright/core";
import type { Bandit } from "../../bandit/bandit.js";
import type { FeedbackOptions } from "../../bandit/bandit-options.js";
import type { BanditSnapshot } from "../../bandit/snapshot.js";
import type { FleetStatistics } from "../../fleet/fleet-statistics.js";
import type { LogRecord } from "../../log/log-record.js";
import type { Policy } from "../../policy/policy.js";
import type { Solicitation } from "../../solicitation/solicitation.js";
import type { UserType } from "../utility/user-types.js";
import type { SelectorLimits } from "./selector-limits.js";

/** Options of {@link createModelSelector}. */
export interface ModelSelectorOptions {
  /** The models to choose among. */
  readonly variants: readonly ModelVariant[];
  /**
   * The device that they are to run on, with what was measured there: times of a few variants are enough, the others'
   * are predicted from them ({@link predictLatencies}).
   *
   * @default nothing is known of the device
   */
  readonly profile?: DeviceProfile;
  /** What matters to the user, as far as known beforehand. @default {@link USER_TYPES}.balanced */
  readonly user?: UserType;
  /** Seed of all random choices: a whole number from 0. */
  readonly seed: number;
  /**
   * Chooses and learns: any policy without features, or one over those of {@link qoeFeatures}.
   *
   * @default `sharedLinUcb` with alpha 0.3 over {@link metricInteractions}
   */
  readonly policy?: Policy;
  /**
   * Says which choices ask for a rating ({@link ModelChoice.ask}); whoever rates unasked is heard all the same.
   *
   * @default `askWhenUnsure` at a width of 0.2, which comes to some dozens of questions in the beginning
   */
  readonly solicitation?: Solicitation;
  /** How long choices wait for their ratings. @default the last 10,000 choices do, however old */
  readonly feedback?: FeedbackOptions;
  /** The time in milliseconds, never going back, for times to live and budgets per period. @default none */
  readonly clock?: () => number;
  /** Told of every choice and rating before it takes effect, for a log that `readLog` understands. @default none */
  readonly log?: (record: LogRecord) => void;
  /** What every choice must keep within. @default none */
  readonly limits?: SelectorLimits;
  /** Models the energy of an inference in millijoules, where the profile has none. @default energy stays unknown */
  readonly energyMj?: (variant: ModelVariant, latencyMs: number) => number | undefined;
  /**
   * How many ratings of every variant the user's {@link UserType} counts for: the first choices follow it, and
   * the more ratings there are the less. 0 starts knowing nothing.
   *
   * @default 0.5
   */
  readonly priorStrength?: number;
  /**
   * What other devices' users taught their selectors ({@link ModelSelector.knowledge}, added up by
   * `mergeStatistics`); the prior comes on top.
   *
   * @default none
   */
  readonly knowledge?: FleetStatistics | undefined;
  /**
   * What a rating behind `knowledge` counts beside one given here, above 0 and at most 1: tastes and devices differ,
   * and at 1 the ratings of a large fleet would drown those of this user.
   *
   * @default 0.1
   */
  readonly trust?: number;
  /**
   * Goes on where {@link ModelSelector.snapshot} was taken, bit for bit; policy and options must be the same, but variants
   * may have come and gone.
   *
   * @default a fresh start
   */
  readonly snapshot?: ModelSelectorSnapshot | undefined;
}

/** A model that was chosen, and what is thought of it. */
export interface ModelChoice {
  /** What ratings refer to. */
  readonly id: string;
  /** The model to run. */
  readonly variant: ModelVariant;
  /** Whether to ask the user for a rating this time: an answer would teach enough to be worth it. */
  readonly ask: boolean;
  /** Probability with which this variant was chosen. */
  readonly propensity: number;
  /** Rating that the user is expected to give, about 0 to 1; NaN where the policy estimates none. */
  readonly expectedQoe: number;
  /** Standard error of `expectedQoe`, of a rating with a variance of 1; NaN where the policy keeps no measure of doubt. */
  readonly width: number;
}

/** What a selector thinks of one of its variants. */
export interface VariantEstimate {
  readonly variant: ModelVariant;
  /** Expected rating; NaN where the policy estimates none, or a limit rules the variant out. */
  readonly expectedQoe: number;
  /** Probability with which it would be chosen now. */
  readonly probability: number;
  /** Time for one inference as measured, observed or predicted, in milliseconds; undefined where unknown. */
  readonly latencyMs: number | undefined;
  /** The limit that rules it out, in words; undefined where none does. */
  readonly ruledOutBy: string | undefined;
}

/** What is different for one choice. */
export interface ChooseOptions {
  /** Limits of this choice, instead of the selector's. */
  readonly limits?: SelectorLimits;
  /** Who asks, where a device has several users. @default the selector's user */
  readonly user?: UserType;
}

/** Chooses among models for a device and its user, and learns from ratings. */
export interface ModelSelector {
  /**
   * The bandit underneath: for all that it can do beside this, and for `createFleetMember`, with which devices learn together
   * all the time.
   */
  readonly bandit: Bandit;
  /**
   * Chooses a model.
   *
   * @throws EdgewrightError `limit-exceeded` when no variant keeps within the limits
   */
  choose(options?: ChooseOptions): ModelChoice;
  /** The user liked what the choice did. @throws as {@link ModelSelector.rate} */
  thumbsUp(id: string): void;
  /** The user did not. @throws as {@link ModelSelector.rate} */
  thumbsDown(id: string): void;
  /**
   * The user rated a choice, 0 to 1.
   *
   * @throws EdgewrightError `invalid-argument` for a rating that is not from 0 to 1; FeedbackError for a choice that is unknown or
   * was rated before
   */
  rate(id: string, rating: number): void;
  /** The user gave one rating, 0 to 1, for several choices together, such as those of a session. @throws as rate */
  rateTogether(ids: Iterable<string>, rating: number): void;
  /**
   * Tells what one inference took in truth: from now on that is what the selector knows of the variant here, and it
   * predicts the others from it too. Of several observations the mean counts, of the last ten or so.
   */
  observe(variant: Pick<ModelVariant, "model" | "precision">, latencyMs: number): void;
  /** What the selector thinks of all variants, likeliest first. Changes nothing. */
  rank(options?: ChooseOptions): VariantEstimate[];
  /**
   * What the ratings here have taught, without the prior and what came from others: to be shared.
   *
   * @throws UnsupportedError for a policy whose knowledge does not add up
   */
  knowledge(): FleetStatistics;
  /** All that there is to know for going on later, JSON-able. */
  snapshot(): ModelSelectorSnapshot;
}

/** What {@link ModelSelector.snapshot} gives: plain data that survives JSON. */
export interface ModelSelectorSnapshot {
  readonly format: "edgewright-model-selector";
  readonly version: 1;
  readonly bandit: BanditSnapshot;
  /** Mean times that were observed, by variant. */
  readonly observed: Readonly<
    Record<string, { readonly latencyMs: number; readonly count: number }>
  >;
  /** What the ratings have taught; null for a policy whose knowledge does not add up. */
  readonly knowledge: FleetStatistics | null;
}
