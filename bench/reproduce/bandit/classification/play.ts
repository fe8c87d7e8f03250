import { createBandit } from "@edgewright/bandit";
import { nextTurn, throwIfAborted } from "@edgewright/core";
import type { Contender } from "./policies.js";
import type { Problem } from "./read-problem.js";

/**
 * Plays a problem once, decision after decision, as an application would; the first is made among the first arm alone,
 * as the reference forces it, and learnt from like any other.
 *
 * @returns rounds whose arm was not the one of the label
 */
export async function playProblem(
  problem: Problem,
  contender: Contender,
  seed: number,
  signal?: AbortSignal,
): Promise<number> {
  const { contexts, best, arms, dimension } = problem;
  const policy = contender.create(dimension, seed);
  // Where a policy looks at features of arms there are none but a constant.
  const offer = new Map(arms.map((arm) => [arm, new Float64Array(policy.armDimension).fill(1)]));
  const bandit = createBandit({ policy, arms: offer, seed });
  let regret = 0;
  for (let round = 0; round < contexts.length; round++) {
    const context = policy.contextDimension > 0 ? contexts[round]! : [];
    const { id, arm } = bandit.decide(context, round === 0 ? [arms[0]!] : undefined);
    const reward = arm === arms[best[round]!] ? 1 : 0;
    bandit.update(id, reward);
    regret += 1 - reward;
    if (round % 1000 === 999) {
      await nextTurn();
      throwIfAborted(signal, "playProblem");
    }
  }
  return regret;
}
