import { EdgewrightError, ValidationError } from "@edgewright/core";
import { indexOfBest, putAllOn } from "../policy/choose-best.js";
import type { Constraint } from "./constraint.js";

/** Options of {@link costBudget}. */
export interface CostBudgetOptions {
  /** What choosing an arm costs, from 0: by its name, or worked out from it (for arms that come later). */
  readonly costs: { readonly [arm: string]: number } | ((arm: string) => number);
  /** Cost that all decisions together never exceed. @default Infinity */
  readonly total?: number;
  /** Cost per decision that is held on average in the long run. @default Infinity */
  readonly perDecision?: number;
  /**
   * How fast the price of cost moves, in units of the reward: by `step` when a decision costs `perDecision` more
   * than it may. @default 0.05, for rewards from 0 to 1
   */
  readonly step?: number;
}

/** A {@link Constraint} that keeps accounts. */
export interface CostBudget extends Constraint {
  /** Cost of all decisions so far. */
  readonly spent: number;
  /** What one unit of cost is worth at present, in units of the reward; 0 while costs stay below `perDecision`. */
  readonly price: number;
}

/**
 * Holds costs (energy, money, megabytes) within a budget, as a bandit with knapsacks does (Badanidiyuru, Kleinberg,
 * Slivkins: Bandits with Knapsacks, FOCS 2013; Agrawal and Devanur: Linear Contextual Bandits with Knapsacks,
 * NeurIPS 2016).
 *
 * `total` is hard: arms that no longer fit into what is left do not stand for choice, and when none fits the
 * decision is refused ("limit-exceeded"); an arm that costs nothing always fits.
 *
 * `perDecision` is held on average, by the primal-dual scheme of those papers: cost has a price, which rises after
 * decisions that cost more than `perDecision` and falls after others. Where the policy is sure of one arm, the one
 * with the best score less the price of its cost takes its place; where it draws among several, their probabilities
 * are multiplied by exp(-price cost), which is the nearest distribution (by Kullback-Leibler divergence) at that
 * price. A policy that is sure of an arm must give the scores of all: `scores: "needed"` of linear ones does not. The steps of the price are constant, a simplification: the papers set them from the horizon.
 *
 * @throws EdgewrightError when an option is out of range
 *
 * @example
 * const budget = costBudget({ costs: { small: 1, large: 10 }, perDecision: 4 });
 * const bandit = createBandit({
 *   policy: ucb1(),
 *   arms: ["small", "large"],
 *   seed: 1,
 *   constraints: [budget],
 * });
 * for (let i = 0; i < 1000; i++) {
 *   const { id, arm } = bandit.decide();
 *   bandit.update(id, arm === "large" ? 0.9 : 0.6);
 * }
 * console.log(Math.round(budget.spent / 1000)); // 4
 */
export function costBudget(options: CostBudgetOptions): CostBudget {
  const { costs, total = Infinity, perDecision = Infinity, step = 0.05 } = options;
  for (const [name, value] of Object.entries({ total, perDecision, step })) {
    if (!(value > 0)) throw refusal(`a ${name} above 0 was expected, got ${value}`);
  }
  const costOf = (arm: string): number => {
    const own = typeof costs === "function" ? costs(arm) : Object.hasOwn(costs, arm) && costs[arm];
    if (typeof own === "number" && own >= 0 && own < Infinity) return own;
    throw refusal(`a finite cost from 0 was expected of the arm "${arm}", got ${own || "none"}`);
  };
  if (typeof costs === "object") Object.keys(costs).forEach(costOf);

  let spent = 0;
  // The price of `perDecision` units of cost: so steps do not depend on the unit.
  let price = 0;
  return {
    name: "costBudget",
    get spent() {
      return spent;
    },
    get price() {
      return price / perDecision;
    },
    admits: (arm) => spent + costOf(arm) <= total,
    reshape({ arms, scores, probabilities }) {
      const sure = probabilities.indexOf(1);
      // Some scores and not others: with those left out, no price would ever change the choice.
      if (perDecision < Infinity && scores[sure]! > -Infinity && scores.some(Number.isNaN)) {
        throw refusal(
          `perDecision needs the scores of all arms, got NaN; make the policy without scores: "needed", or set only a total`,
        );
      }
      if (price === 0) return;
      const relative = arms.map((arm) => costOf(arm) / perDecision);
      const scored = scores.every(Number.isFinite);
      if (sure >= 0 && scored) {
        const worth = scores.map((score, i) => score - price * relative[i]!);
        putAllOn(indexOfBest(worth, worth.length), probabilities, arms.length);
        return;
      }
      // Costs above the lowest: a shared factor cancels, and what is left cannot vanish altogether.
      const reachable = relative.filter((_, i) => probabilities[i]! > 0);
      const lowest = Math.min(...reachable);
      for (let i = 0; i < arms.length; i++) {
        if (probabilities[i]! > 0) probabilities[i]! *= Math.exp(-price * (relative[i]! - lowest));
      }
    },
    decided({ arms }, chosen) {
      const cost = costOf(arms[chosen]!);
      spent += cost;
      if (perDecision < Infinity) {
        // While the price is bounded, so is its sum of steps: what was spent too much, in units of perDecision.
        price = Math.max(0, price + step * (cost / perDecision - 1));
      }
      return 0;
    },
    state: () => ({ spent, price }),
    restore(state) {
      const saved = (state ?? {}) as { readonly spent?: unknown; readonly price?: unknown };
      if (!(isAmount(saved.spent) && isAmount(saved.price))) {
        throw new ValidationError(
          "costBudget: what was spent and the price were expected; the snapshot is damaged or of another constraint",
        );
      }
      spent = saved.spent;
      price = saved.price;
    },
  };
}

function isAmount(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && value < Infinity;
}

function refusal(message: string): EdgewrightError {
  return new EdgewrightError("invalid-argument", `costBudget: ${message}`);
}
