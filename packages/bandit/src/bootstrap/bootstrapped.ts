import {
  createRng,
  EdgewrightError,
  type Rng,
  type RngState,
  restoreRng,
  ValidationError,
} from "@edgewright/core";
import { requireOption } from "../linear/linear-options.js";
import { indexOfBest, putAllOn } from "../policy/choose-best.js";
import { decodeFloat64, encodeFloat64 } from "../policy/float64-text.js";
import type { Evaluation, Example, Policy } from "../policy/policy.js";

/** Options of {@link bootstrapped}. */
export interface BootstrappedOptions {
  /**
   * Makes a replicate: any policy that estimates means, a new one at every call, all with the same options. Its own
   * way to explore is not asked: `() => linGreedy({ dimension: 3 })`.
   */
  readonly policy: () => Policy;
  /** How many replicates. Time and memory grow with them. @default 10 */
  readonly replicates?: number;
  /**
   * `"thompson"` follows a replicate drawn at random, `"ucb"` the arm with the largest `quantile` of the replicates'
   * estimates. @default "thompson"
   */
  readonly explore?: "thompson" | "ucb";
  /** For `"ucb"`: which quantile, from 0 to 1. @default 0.8 */
  readonly quantile?: number;
  /**
   * How often a replicate counts an example: Poisson with mean 1, or twice or never with even chances, which needs half
   * as many updates. @default "poisson"
   */
  readonly resampling?: "poisson" | "double-or-nothing";
  /**
   * Made-up rewards that every replicate believes each arm to have had, another one for each: without them replicates
   * that know nothing would all agree, and never try an arm again that began badly.
   */
  readonly prior?: {
    /** How many examples they count for. @default 1 */
    readonly strength?: number;
    /** @default 0.5 */
    readonly mean?: number;
    /** @default 0.5 */
    readonly deviation?: number;
  };
  /** Seed of the made-up rewards: a whole number from 0. @default 0 */
  readonly seed?: number;
}

const LARGEST = 1e140;
const LARGEST_WEIGHT = 1e70;

interface Believed {
  /** Made-up reward of each replicate. */
  readonly rewards: Float64Array;
  /** Weight of the examples that each replicate has counted. */
  readonly counts: Float64Array;
}

/**
 * Explores with a bootstrap: every replicate learns from its own random weighting of the examples, and where they
 * disagree the reward is uncertain, whatever they are (Eckles, Kaptein: Thompson Sampling with the Online Bootstrap,
 * 2014, algorithm 1; Osband, Van Roy: Bootstrapped Thompson Sampling and Deep Exploration, 2015, for the made-up
 * rewards). An estimate is that of the replicate and the made-up reward, weighted by how much they count.
 *
 * For `"thompson"` the probability of an arm is the share of replicates that find it best, those that find several
 * equally good divided among them: exact, so some arms may have none. `means` are averages over the replicates,
 * `widths` their standard deviation.
 *
 * @throws EdgewrightError when an option is out of its range
 *
 * @example
 * ```ts
 * const policy = bootstrapped({ policy: () => linGreedy({ dimension: 2 }), replicates: 20 });
 * const bandit = createBandit({ policy, arms: ["small", "large"], seed: 1 });
 * const { id } = bandit.decide([1, 0.5]);
 * bandit.update(id, 1);
 * ```
 */
export function bootstrapped(options: BootstrappedOptions): Policy {
  const { replicates: count = 10, explore = "thompson", quantile = 0.8, seed = 0 } = options;
  const { resampling = "poisson", prior = {} } = options;
  const { strength = 1, mean = 0.5, deviation = 0.5 } = prior;
  const where = "bootstrapped";
  const whole = Number.isSafeInteger(count) && count >= 1;
  requireOption(whole, where, "replicates", "a whole number from 1", count);
  const explores = explore === "thompson" || explore === "ucb";
  requireOption(explores, where, "explore", `"thompson" or "ucb"`, explore);
  const resamples = resampling === "poisson" || resampling === "double-or-nothing";
  requireOption(resamples, where, "resampling", `"poisson" or "double-or-nothing"`, resampling);
  requireOption(quantile >= 0 && quantile <= 1, where, "quantile", "from 0 to 1", quantile);
  for (const [name, value] of Object.entries({ strength, deviation })) {
    requireOption(value >= 0 && value < Infinity, where, `prior.${name}`, "finite, from 0", value);
  }
  requireOption(Number.isFinite(mean), where, "prior.mean", "finite", mean);

  const replicates = Array.from({ length: count }, () => options.policy());
  const [first] = replicates as [Policy, ...Policy[]];
  requireOption(
    new Set(replicates).size === count,
    where,
    "policy",
    "that makes a new policy at every call",
    "the same one",
  );
  const kind = `bootstrapped ${count} x ${first.name}`;
  const drawWeight = resampling === "poisson" ? drawPoisson : drawDoubleOrNothing;
  let believed = new Map<number, Believed>();
  let rng = createRng(seed);
  let room = makeRoom(0);
  let estimates: Float64Array[] = [];

  const estimate = (replicate: number, slot: number, own: number): number => {
    const { rewards, counts } = believed.get(slot)!;
    const weight = counts[replicate]!;
    // Without a prior, what the replicate says of an arm it knows nothing of.
    if (weight + strength === 0) return own;
    return (weight * own + strength * rewards[replicate]!) / (weight + strength);
  };

  return {
    name: "bootstrapped",
    contextDimension: first.contextDimension,
    armDimension: first.armDimension,
    rewards: first.rewards,
    addArm(slot, like) {
      for (const replicate of replicates) replicate.addArm(slot, like);
      const source = like === undefined ? undefined : believed.get(like)!;
      believed.set(slot, {
        rewards:
          source?.rewards.slice() ??
          Float64Array.from({ length: count }, () => rng.normal(mean, deviation)),
        counts: source?.counts.slice() ?? new Float64Array(count),
      });
    },
    removeArm(slot) {
      for (const replicate of replicates) replicate.removeArm(slot);
      believed.delete(slot);
    },
    evaluate(choices, decisions, out) {
      const { slots } = choices;
      const arms = slots.length;
      if (room.means.length < arms) {
        room = makeRoom(arms);
        estimates = Array.from({ length: arms }, () => new Float64Array(count));
      }
      const votes = out.probabilities.fill(0, 0, arms);
      for (let r = 0; r < count; r++) {
        replicates[r]!.evaluate(choices, decisions, room);
        for (let i = 0; i < arms; i++) {
          const own = room.means[i]!;
          if (!Number.isFinite(own)) throw noMeans(first.name);
          estimates[i]![r] = estimate(r, slots[i]!, own);
        }
        addVote(estimates, r, arms, votes);
      }
      for (let i = 0; i < arms; i++) {
        votes[i]! /= count;
        summarize(estimates[i]!, i, out);
        out.scores[i] = explore === "ucb" ? quantileOf(estimates[i]!, quantile) : out.means[i]!;
      }
      if (explore === "ucb") putAllOn(indexOfBest(out.scores, arms), out.probabilities, arms);
    },
    learn(example, decisions) {
      checkSize(example);
      const { counts } = believed.get(example.slot)!;
      replicates.forEach((replicate, r) => {
        const weight = drawWeight(decisions) * example.weight;
        if (weight === 0) return;
        replicate.learn({ ...example, weight }, decisions);
        counts[r]! += weight;
      });
    },
    state: () => ({
      kind,
      rng: rng.state(),
      arms: [...believed].map(([slot, { rewards, counts }]) => ({
        slot,
        rewards: encodeFloat64(rewards),
        counts: encodeFloat64(counts),
      })),
      replicates: replicates.map((replicate) => replicate.state()),
    }),
    restore(state) {
      const given = (state ?? {}) as Record<string, unknown>;
      if (given.kind !== kind || !Array.isArray(given.arms) || !isRngState(given.rng)) {
        throw damaged(`the state of a policy "${kind}" was expected, got "${given.kind}"`);
      }
      const states = given.replicates;
      if (!Array.isArray(states) || states.length !== count) {
        throw damaged(`the states of ${count} replicates were expected`);
      }
      const restored = readBelieved(given.arms, count);
      const restoredRng = restoreRng(given.rng);
      const before = replicates.map((replicate) => replicate.state());
      try {
        replicates.forEach((replicate, r) => {
          replicate.restore(states[r]);
        });
      } catch (error) {
        // A replicate that refuses its state keeps its own; those before it go back to theirs.
        replicates.forEach((replicate, r) => {
          replicate.restore(before[r]);
        });
        throw error;
      }
      believed = restored;
      rng = restoredRng;
    },
  };
}

/**
 * Refuses what a replicate might not bear, below the limits of every policy here however often it is drawn: refused by
 * one of them, an example would be learnt by those before.
 */
function checkSize({ context, armFeatures, reward, weight }: Example): void {
  let squares = reward * reward;
  for (const value of context) squares += value * value;
  for (const value of armFeatures) squares += value * value;
  if (squares * weight <= LARGEST && squares <= LARGEST && weight <= LARGEST_WEIGHT) return;
  throw new EdgewrightError(
    "invalid-argument",
    `bootstrapped: a weight of at most ${LARGEST_WEIGHT}, and squares of features and rewards that sum to at most ${LARGEST} with it, were expected, got ${weight} and ${squares}; scale them`,
  );
}

/** Adds a replicate's vote to the arm it finds best, or equal shares to those it finds equally good. */
function addVote(
  estimates: readonly Float64Array[],
  replicate: number,
  arms: number,
  votes: Float64Array,
): void {
  let best = -Infinity;
  let ties = 0;
  for (let i = 0; i < arms; i++) {
    const value = estimates[i]![replicate]!;
    if (value > best) {
      best = value;
      ties = 1;
    } else if (value === best) ties++;
  }
  for (let i = 0; i < arms; i++) {
    if (estimates[i]![replicate] === best) votes[i]! += 1 / ties;
  }
}

function summarize(values: Float64Array, i: number, out: Evaluation): void {
  let sum = 0;
  for (const value of values) sum += value;
  const mean = sum / values.length;
  let squares = 0;
  for (const value of values) squares += (value - mean) ** 2;
  out.means[i] = mean;
  out.widths[i] = values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : Number.NaN;
}

/** The quantile by linear interpolation between ordered values (definition 7 of Hyndman and Fan 1996). */
function quantileOf(values: Float64Array, quantile: number): number {
  const sorted = values.slice().sort();
  const place = quantile * (sorted.length - 1);
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below]! + (place - below) * (sorted[above]! - sorted[below]!);
}

/** Poisson with mean 1, by comparing one uniform with sums of 1 / (e k!). */
function drawPoisson(rng: Rng): number {
  const u = rng.uniform();
  let term = 1 / Math.E;
  let sum = term;
  let k = 0;
  // Ends at the latest when the terms are too small to change the sum.
  while (u >= sum && k < 30) {
    k++;
    term /= k;
    sum += term;
  }
  return k;
}

function drawDoubleOrNothing(rng: Rng): number {
  return rng.uniform() < 0.5 ? 2 : 0;
}

function makeRoom(arms: number): Evaluation {
  return {
    scores: new Float64Array(arms),
    probabilities: new Float64Array(arms),
    means: new Float64Array(arms),
    widths: new Float64Array(arms),
  };
}

function readBelieved(arms: readonly unknown[], count: number): Map<number, Believed> {
  const believed = new Map<number, Believed>();
  for (const entry of arms) {
    const { slot, rewards, counts } = (entry ?? {}) as Record<string, unknown>;
    if (!Number.isSafeInteger(slot) || (slot as number) < 0 || believed.has(slot as number)) {
      throw damaged(`a slot of its own was expected for every arm, got ${slot}`);
    }
    const at = `bootstrapped.restore: arm in slot ${slot}`;
    const weights = decodeFloat64(counts, count, at);
    if (weights.some((weight) => weight < 0)) throw damaged("weights from 0 were expected");
    believed.set(slot as number, { rewards: decodeFloat64(rewards, count, at), counts: weights });
  }
  return believed;
}

function isRngState(value: unknown): value is RngState {
  const { algorithm, key, drawn, splits } = (value ?? {}) as Record<string, unknown>;
  const isCount = (one: unknown): boolean => Number.isSafeInteger(one) && (one as number) >= 0;
  return (
    algorithm === "philox4x32-10" &&
    Array.isArray(key) &&
    key.length === 2 &&
    [...key, drawn, splits].every(isCount)
  );
}

function noMeans(name: string): EdgewrightError {
  return new EdgewrightError(
    "invalid-argument",
    `bootstrapped: a policy that estimates means was expected, got "${name}"`,
  );
}

function damaged(message: string): ValidationError {
  return new ValidationError(
    `bootstrapped.restore: ${message}; the snapshot is damaged or of another policy`,
  );
}
