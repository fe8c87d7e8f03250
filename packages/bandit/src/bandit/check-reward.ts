import { EdgewrightError } from "@edgewright/core";
import type { Policy } from "../policy/policy.js";
import { describe } from "./read-numbers.js";

/** Refuses rewards that the policy cannot learn from. */
export function checkReward(reward: number, policy: Policy, caller: string): void {
  if (!Number.isFinite(reward)) {
    throw new EdgewrightError(
      "invalid-argument",
      `${caller}: a finite reward was expected, got ${describe(reward)}; forget(id) when none will come`,
    );
  }
  if (policy.rewards === "unit" && !(reward >= 0 && reward <= 1)) {
    throw new EdgewrightError(
      "invalid-argument",
      `${caller}: ${policy.name} expects a reward from 0 to 1, got ${reward}; scale rewards to that range`,
    );
  }
}

/** Refuses weights with which an example cannot count. */
export function checkWeight(weight: number, caller: string): void {
  if (!(weight > 0 && weight < Infinity)) {
    throw new EdgewrightError(
      "invalid-argument",
      `${caller}: a finite weight above 0 was expected, got ${describe(weight)}`,
    );
  }
}
