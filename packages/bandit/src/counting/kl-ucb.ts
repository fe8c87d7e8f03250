import { EdgewrightError } from "@edgewright/core";
import { indexOfBest, putAllOn } from "../policy/choose-best.js";
import type { Policy } from "../policy/policy.js";
import { type CountingOptions, createCountingPolicy } from "./counting-policy.js";
import { estimateMeans } from "./empirical-mean.js";

/** Options of {@link klUcb}. */
export interface KlUcbOptions extends CountingOptions {
  /**
   * Factor of ln ln n in the exploration term ln n + c ln ln n: 3 for the proof of the bound, 0 for what the authors
   * recommend in practice.
   *
   * @default 0
   */
  readonly c?: number;
}

/**
 * KL-UCB for rewards from 0 to 1: an arm's score is the largest mean q that its examples do not speak against,
 * n_a kl(mean, q) <= ln n + c ln ln n, with kl the divergence of Bernoulli distributions. No other policy that is right
 * for all Bernoulli arms has less regret in the long run
 * (Garivier & Cappé: The KL-UCB Algorithm for Bounded Stochastic Bandits and Beyond, 2011, algorithm 1).
 *
 * Arms that were never tried come first, in their order.
 *
 * @throws EdgewrightError "invalid-argument" for a c below 0
 *
 * @example
 * const bandit = createBandit({ policy: klUcb(), arms: ["a", "b"], seed: 1 });
 * for (let i = 0; i < 100; i++) {
 *   const { id, arm } = bandit.decide();
 *   bandit.update(id, arm === "b" ? 1 : 0);
 * }
 * console.log(bandit.decide().arm); // "b"
 */
export function klUcb(options: KlUcbOptions = {}): Policy {
  const { c = 0 } = options;
  if (!(c >= 0 && c < Infinity)) {
    throw new EdgewrightError("invalid-argument", `klUcb: a c from 0 was expected, got ${c}`);
  }
  return createCountingPolicy(
    {
      name: "kl-ucb",
      rewards: "unit",
      evaluate(statistics, choices, out) {
        const { slots } = choices;
        estimateMeans(statistics, choices, out);
        const logTotal = Math.log(Math.max(1, statistics.total));
        const exploration = logTotal + (c > 0 ? c * Math.log(Math.max(1, logTotal)) : 0);
        for (let i = 0; i < slots.length; i++) {
          const tries = statistics.count(slots[i]!);
          // Sums of weighted rewards may miss the edges by a rounding.
          const mean = Math.min(1, Math.max(0, out.means[i]!));
          out.scores[i] = tries > 0 ? klUpperBound(mean, exploration / tries) : Infinity;
        }
        putAllOn(indexOfBest(out.scores, slots.length), out.probabilities, slots.length);
      },
    },
    options,
  );
}

/** Divergence of the Bernoulli distribution of mean q from that of mean p, in nats. */
export function bernoulliDivergence(p: number, q: number): number {
  const ones = p > 0 ? p * Math.log(p / q) : 0;
  const zeros = p < 1 ? (1 - p) * Math.log((1 - p) / (1 - q)) : 0;
  return Math.max(0, ones + zeros);
}

/**
 * Largest q from p to 1 with kl(p, q) at most `budget`.
 *
 * kl(p, q) rises with q and curves upwards, so Newton's method comes down from Pinsker's bound, p + sqrt(budget / 2),
 * without overshooting; where that bound is above 1 it starts just below, and halves the way down where it leaves.
 */
export function klUpperBound(p: number, budget: number): number {
  if (!(budget > 0) || p >= 1) return p;
  if (p <= 0) return -Math.expm1(-budget); // kl(0, q) = -ln(1 - q)
  let low = p;
  let high = Math.min(1, p + Math.sqrt(budget / 2));
  let q = high < 1 ? high : (p + 1) / 2;
  for (let step = 0; step < 60; step++) {
    const excess = bernoulliDivergence(p, q) - budget;
    if (excess > 0) high = q;
    else low = q;
    const slope = (q - p) / (q * (1 - q));
    const newton = q - excess / slope;
    const next = newton > low && newton < high ? newton : (low + high) / 2;
    if (Math.abs(next - q) <= 1e-15 * q) break;
    q = next;
  }
  return q;
}
