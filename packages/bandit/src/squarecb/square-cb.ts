import { type Rng, ValidationError } from "@edgewright/core";
import { requireOption } from "../linear/linear-options.js";
import { indexOfBest } from "../policy/choose-best.js";
import type { Example, Policy } from "../policy/policy.js";

/** Options of {@link squareCb}. */
export interface SquareCbOptions {
  /**
   * Predicts the mean rewards: any policy that estimates means, whose own way to explore is not asked. Linear
   * regression is `linGreedy`, logistic regression `logisticUcb`; networks are in `@edgewright/bandit/neural`.
   */
  readonly oracle: Policy;
  /**
   * How strongly probabilities fall off with the gap to the best prediction, as a function of the examples learnt and
   * of the arms that stand for choice.
   *
   * @default gammaScale * examples ^ gammaExponent
   */
  readonly gamma?: (examples: number, arms: number) => number;
  /** Factor of the default gamma, for rewards of about 1. @default 10 */
  readonly gammaScale?: number;
  /** Exponent of the default gamma, from 0: 0.5 for any world, larger where arms differ clearly. @default 0.5 */
  readonly gammaExponent?: number;
}

/**
 * SquareCB: turns a regression of rewards into a policy by inverse-gap weighting. With K arms every arm but the one
 * predicted best has probability 1 / (K + gamma gap), that one the rest (Foster, Rakhlin: Beyond UCB: Optimal and
 * Efficient Contextual Bandits with Regression Oracles; ICML 2020, algorithm 1, with mu = K). Probabilities are exact.
 *
 * Their gamma is sqrt(K T / (the oracle's regret + log(2 / delta))) for a known number of rounds T; the default,
 * 10 sqrt(t), is the anytime schedule of Vowpal Wabbit's `--squarecb`. `scores` are the probabilities.
 *
 * @throws EdgewrightError when an option is out of its range
 *
 * @example
 * ```ts
 * const policy = squareCb({ oracle: linGreedy({ dimension: 2 }) });
 * const bandit = createBandit({ policy, arms: ["small", "medium", "large"], seed: 1 });
 * const { id, propensity } = bandit.decide([1, 0.5]); // propensity 1/3 before anything is known
 * bandit.update(id, 0.7);
 * ```
 */
export function squareCb(options: SquareCbOptions): Policy {
  const { oracle, gammaScale = 10, gammaExponent = 0.5 } = options;
  const fits = (value: number): boolean => value >= 0 && value < Infinity;
  requireOption(fits(gammaScale), "squareCb", "gammaScale", "a finite number from 0", gammaScale);
  const grows = fits(gammaExponent);
  requireOption(grows, "squareCb", "gammaExponent", "a finite number from 0", gammaExponent);
  const { gamma = (examples: number) => gammaScale * examples ** gammaExponent } = options;
  const kind = `square-cb over ${oracle.name}`;
  let examples = 0;

  return {
    name: "square-cb",
    contextDimension: oracle.contextDimension,
    armDimension: oracle.armDimension,
    rewards: oracle.rewards,
    addArm: (slot, like) => oracle.addArm(slot, like),
    removeArm: (slot) => oracle.removeArm(slot),
    evaluate(choices, rng, out) {
      const count = choices.slots.length;
      oracle.evaluate(choices, rng, out);
      const { means, probabilities, scores } = out;
      const strength = gamma(examples, count);
      const finite = fits(strength);
      requireOption(finite, "squareCb", "gamma", "that returns finite numbers from 0", strength);
      for (let i = 0; i < count; i++) {
        const estimated = Number.isFinite(means[i]);
        requireOption(estimated, "squareCb", "oracle", "that estimates means", oracle.name);
      }
      weighByInverseGap(means, count, strength, probabilities);
      for (let i = 0; i < count; i++) scores[i] = probabilities[i]!;
    },
    learn(example: Example, rng: Rng) {
      oracle.learn(example, rng);
      examples++;
    },
    state: () => ({ kind, examples, oracle: oracle.state() }),
    restore(state) {
      const given = (state ?? {}) as { kind?: unknown; examples?: unknown; oracle?: unknown };
      if (
        given.kind !== kind ||
        !Number.isSafeInteger(given.examples) ||
        (given.examples as number) < 0
      ) {
        throw new ValidationError(
          `square-cb.restore: the state of a policy "${kind}" was expected, got "${given.kind}" after ${given.examples} examples; restore with the options it was saved with`,
        );
      }
      oracle.restore(given.oracle);
      examples = given.examples as number;
    },
  };
}

/**
 * Inverse-gap weighting: 1 / (count + gamma gap) for every arm but the first with the largest mean, the rest for that.
 *
 * @param means [count]
 * @param gamma from 0, where all arms are equally likely
 * @param out takes the probabilities, [count]
 */
export function weighByInverseGap(
  means: ArrayLike<number>,
  count: number,
  gamma: number,
  out: Float64Array,
): void {
  const best = indexOfBest(means, count);
  let rest = 1;
  for (let i = 0; i < count; i++) {
    if (i === best) continue;
    out[i] = 1 / (count + gamma * (means[best]! - means[i]!));
    rest -= out[i]!;
  }
  out[best] = rest;
}
