import type { Policy } from "../policy/policy.js";
import { invalidArgument } from "./invalid-argument.js";

const claimed = /*@__PURE__*/ new WeakSet<Policy>();

/**
 * Refuses a policy that serves another bandit: the arms of both would lie in the same slots, and a new bandit would
 * begin with making the other forget its own.
 */
export function checkUnclaimed(policy: Policy): void {
  if (!claimed.has(policy)) return;
  throw invalidArgument(
    `createBandit: a policy of its own was expected, but this ${policy.name} serves another bandit; make one for each`,
  );
}

/** From now on the policy serves a bandit. */
export function claimPolicy(policy: Policy): void {
  claimed.add(policy);
}
