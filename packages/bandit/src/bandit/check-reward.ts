import type { Policy } from "../policy/policy.js";
import type { UpdateOptions } from "./bandit.js";
import { invalidArgument } from "./invalid-argument.js";
import { describe } from "./read-numbers.js";

/** Refuses rewards that the policy cannot learn from. */
export function checkReward(reward: number, policy: Policy, caller: string): void {
  if (!Number.isFinite(reward)) {
    throw invalidArgument(
      `${caller}: a finite reward was expected, got ${describe(reward)}; forget(id) when none will come`,
    );
  }
  if (policy.rewards === "unit" && !(reward >= 0 && reward <= 1)) {
    throw invalidArgument(
      `${caller}: ${policy.name} expects a reward from 0 to 1, got ${reward}; scale rewards to that range`,
    );
  }
}

/** Refuses rewards and their options. */
export function checkFeedback(
  reward: number,
  { weight = 1, expected = 0, best = 0 }: UpdateOptions,
  policy: Policy,
  caller: string,
): void {
  checkReward(reward, policy, caller);
  if (!(Number.isFinite(weight) && weight > 0)) {
    throw invalidArgument(
      `${caller}: a finite weight above 0 was expected, got ${describe(weight)}`,
    );
  }
  if (!(Number.isFinite(expected) && Number.isFinite(best))) {
    throw invalidArgument(
      `${caller}: finite expected and best rewards were expected, got ${describe(expected)}, ${describe(best)}`,
    );
  }
}
