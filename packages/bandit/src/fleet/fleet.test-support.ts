import { createRng } from "@edgewright/core";
import { expect } from "vitest";
import type { Bandit } from "../bandit/bandit.js";
import { createBandit } from "../bandit/create-bandit.js";
import { linUcb } from "../linear/lin-ucb.js";
import type { SnapshotStore } from "../stores/snapshot-store.js";
import { createFleetMember, type FleetMember, type FleetMemberOptions } from "./fleet-member.js";
import { readStatistics } from "./fleet-statistics.js";

export const DIMENSION = 3;

/** An example, and the name of the arm that it is for. */
export interface NamedExample {
  readonly arm: string;
  readonly context: readonly number[];
  readonly reward: number;
}

/** Examples whose sums are exact in float64, in whatever order they are added. */
export function dyadicExamples(
  count: number,
  arms: readonly string[],
  seed: number,
): NamedExample[] {
  const rng = createRng(seed);
  return Array.from({ length: count }, () => ({
    arm: arms[rng.integer(0, arms.length)]!,
    context: Array.from({ length: DIMENSION }, () => rng.integer(-16, 17) / 8),
    reward: rng.integer(0, 9) / 8,
  }));
}

/** Examples of any numbers. */
export function normalExamples(
  count: number,
  arms: readonly string[],
  seed: number,
): NamedExample[] {
  const rng = createRng(seed);
  return Array.from({ length: count }, () => ({
    arm: arms[rng.integer(0, arms.length)]!,
    context: Array.from({ length: DIMENSION }, () => rng.normal()),
    reward: rng.uniform(),
  }));
}

/** A bandit that has learnt the examples. */
export function taughtBandit(
  examples: readonly NamedExample[] = [],
  arms: readonly string[] = ["a", "b"],
): Bandit {
  const bandit = createBandit({ policy: linUcb({ dimension: DIMENSION }), arms, seed: 1 });
  for (const example of examples) bandit.learn(example);
  return bandit;
}

/** Checks that two bandits know the same, to the last bit. */
export function expectSameKnowledge(bandit: Bandit, pooled: Bandit): void {
  expect(readStatistics(bandit)).toEqual(readStatistics(pooled));
  const context = [0.5, -1, 2];
  const [found, wanted] = [bandit, pooled].map((one) => one.estimate(context, ["a", "b"]));
  // The pooled bandit has updated its inverse step by step, the other has worked it out at once.
  found!.scores.forEach((score, i) => {
    expect(Math.abs(score - wanted!.scores[i]!)).toBeLessThan(1e-12 * (1 + Math.abs(score)));
  });
}

/** Three members that learn and sync by turns over one store know what one bandit does that saw everything. */
export async function learnTogether(open: () => Promise<SnapshotStore>): Promise<void> {
  const rng = createRng(9);
  const examples = dyadicExamples(60, ["a", "b"], 2);
  const stores = [await open(), await open(), await open()];
  try {
    const members = stores.map((store, i) => {
      const bandit = taughtBandit();
      return { bandit, fleet: createFleetMember({ bandit, store, key: "fleet", member: `m${i}` }) };
    });
    for (const example of examples) {
      const { bandit, fleet } = members[rng.integer(0, members.length)]!;
      bandit.learn(example);
      if (rng.uniform() < 0.3) await fleet.sync();
    }
    await Promise.all(members.map(({ fleet }) => fleet.sync()));
    await Promise.all(members.map(({ fleet }) => fleet.sync()));
    const pooled = taughtBandit(examples);
    for (const { bandit, fleet } of members) {
      expectSameKnowledge(bandit, pooled);
      expect(fleet.waiting).toBe(0);
    }
  } finally {
    for (const store of stores) await store.close();
  }
}

/** Where the fleet of the tests lies. */
export const FLEET_KEY = "fleet";
type Options = Partial<FleetMemberOptions<string, ArrayLike<number>>>;
/** A member with a bandit, and how to teach it. */
export function joinFleet(
  store: SnapshotStore,
  member: string,
  options: Options = {},
): { bandit: Bandit; fleet: FleetMember; learn(examples: readonly NamedExample[]): void } {
  const bandit = options.bandit ?? taughtBandit();
  const fleet = createFleetMember({ bandit, store, key: FLEET_KEY, member, ...options });
  const learn = (examples: readonly NamedExample[]): void => {
    for (const example of examples) bandit.learn(example);
  };
  return { bandit, fleet, learn };
}

/** Ten examples. */
export function examplesOf(seed: number, arms: readonly string[] = ["a", "b"]): NamedExample[] {
  return dyadicExamples(10, arms, seed);
}
