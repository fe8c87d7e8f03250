import { createRng } from "@edgewright/core";
import { describe, expect, it } from "vitest";
import { createBandit } from "../bandit/create-bandit.js";
import { ucb1 } from "../counting/ucb1.js";
import { createMemoryStore } from "../stores/memory-store.js";
import type { SnapshotStore } from "../stores/snapshot-store.js";
import {
  examplesOf,
  expectSameKnowledge,
  joinFleet as join,
  FLEET_KEY as key,
  type NamedExample,
  taughtBandit,
} from "./fleet.test-support.js";
import { readStatistics } from "./fleet-statistics.js";

describe("privacy of a fleet's member", () => {
  const bounds = { epsilon: 1, delta: 1e-6, featureBound: 4, rewardBound: 1 };

  it("adds noise to every arm of a push, and to none of what stays here", async () => {
    const store = createMemoryStore();
    const privacy = { ...bounds, rng: createRng(5) };
    const { bandit, fleet, learn } = join(store, "one", { privacy });
    const examples = examplesOf(1, ["a"]);
    learn(examples);
    expectSameKnowledge(bandit, taughtBandit(examples));
    await fleet.sync();
    const { arms } = (
      (await store.load(key))!.value as { statistics: ReturnType<typeof readStatistics> }
    ).statistics;
    const exact = readStatistics(taughtBandit(examples)).arms;
    expect(Object.keys(arms)).toEqual(["a", "b"]);
    for (const arm of ["a", "b"]) expect(arms[arm]).not.toBe(exact[arm]);
    expect(readStatistics(bandit).arms).toEqual(arms);
    // What is learnt after a push is exact until the next one.
    await fleet.sync();
    expect(readStatistics(bandit).arms).toEqual(arms);
  });

  it("sends the same noise again when the answer to a push was lost", async () => {
    const memory = createMemoryStore();
    let losing = true;
    const seen: string[] = [];
    const store: SnapshotStore = {
      ...memory,
      async save(where, value, options) {
        seen.push(JSON.stringify((value as { statistics: unknown }).statistics));
        if (losing) throw new Error("out of reach");
        return memory.save(where, value, options);
      },
    };
    const { fleet, learn } = join(store, "one", { privacy: { ...bounds, rng: createRng(5) } });
    learn(examplesOf(1));
    await expect(fleet.sync()).rejects.toThrow("out of reach");
    losing = false;
    await fleet.sync();
    expect(seen[1]).toBe(seen[0]);
  });

  it("keeps a fleet able to learn: noise of many members averages out", async () => {
    const store = createMemoryStore();
    const rng = createRng(8);
    const members = Array.from({ length: 40 }, (_, i) => {
      const privacy = { ...bounds, epsilon: 8, featureBound: 1.8, rng: createRng(100 + i) };
      return join(store, `m${i}`, { privacy });
    });
    for (const { fleet, learn } of members) {
      learn(
        Array.from({ length: 200 }, (): NamedExample => {
          const context = [rng.uniform() * 2 - 1, rng.uniform() * 2 - 1, 1];
          const arm = rng.uniform() < 0.5 ? "a" : "b";
          return {
            arm,
            context,
            reward: arm === "a" ? 0.5 + 0.5 * context[0]! : 0.5 - 0.5 * context[0]!,
          };
        }),
      );
      await fleet.sync();
    }
    const { bandit, fleet } = members[0]!;
    await fleet.sync();
    const { means } = bandit.estimate([0.8, 0, 1]);
    expect(means[0]).toBeGreaterThan(0.75);
    expect(means[1]).toBeLessThan(0.25);
  });

  it("is refused where it means nothing", () => {
    const privacy = { ...bounds, rng: createRng(5) };
    const counting = createBandit({ policy: ucb1(), arms: ["a"], seed: 1 });
    const store = createMemoryStore();
    expect(() => join(store, "one", { bandit: counting, privacy })).toThrow(/two vectors of sums/);
    expect(() => join(store, "one", { privacy: { ...privacy, epsilon: 0 } })).toThrow(/epsilon/);
  });
});
