import { describe, expect, it } from "vitest";
import { createBandit } from "../bandit/create-bandit.js";
import { expectSameKnowledge, taughtBandit } from "../fleet/fleet.test-support.js";
import { createFleetMember } from "../fleet/fleet-member.js";
import { linThompson } from "../linear/lin-thompson.js";
import { linUcb } from "../linear/lin-ucb.js";
import { createMemoryStore } from "./memory-store.js";
import { loadBandit, saveBandit } from "./stored-bandit.js";

describe("saveBandit and loadBandit", () => {
  it("go on bit for bit", async () => {
    const store = createMemoryStore();
    const open = async () => {
      const saved = await loadBandit(store, "key");
      const policy = linThompson({ dimension: 2 });
      return createBandit({ policy, arms: ["a", "b", "c"], seed: 4, snapshot: saved?.snapshot });
    };
    const play = (bandit: Awaited<ReturnType<typeof open>>, rounds: number) =>
      Array.from({ length: rounds }, (_, i) => {
        const { id, arm, propensity } = bandit.decide([1, (i % 5) / 4]);
        bandit.update(id, arm === "b" ? 0.7 : 0.2);
        return [arm, propensity];
      });
    const first = await open();
    play(first, 20);
    await saveBandit(store, "key", first);
    const second = await open();
    expect(second.decided).toBe(20);
    expect(play(second, 20)).toEqual(play(first, 20));
  });

  it("save a fleet's member at the same moment as its bandit", async () => {
    const store = createMemoryStore();
    const open = async () => {
      const saved = await loadBandit(store, "device");
      const bandit = saved
        ? createBandit({
            ...{ policy: linUcb({ dimension: 3 }), arms: ["a", "b"], seed: 1 },
            snapshot: saved.snapshot,
          })
        : taughtBandit();
      const state = saved?.member;
      return {
        bandit,
        fleet: createFleetMember({ bandit, store, key: "fleet", member: "m", state }),
      };
    };
    const example = { arm: "a", context: [1, 0.5, 0], reward: 0.25 };
    const first = await open();
    first.bandit.learn(example);
    const saving = saveBandit(store, "device", first.bandit, { member: first.fleet });
    first.bandit.learn(example); // after the moment of the call: lost with the process
    await saving;
    const second = await open();
    second.bandit.learn({ ...example, arm: "b" });
    await second.fleet.sync();
    expectSameKnowledge(second.bandit, taughtBandit([example, { ...example, arm: "b" }]));
  });

  it("find who was faster, and refuse what is no bandit", async () => {
    const store = createMemoryStore();
    const bandit = taughtBandit();
    const revision = await saveBandit(store, "key", bandit, { revision: undefined });
    expect((await loadBandit(store, "key"))?.revision).toBe(revision);
    await expect(saveBandit(store, "key", bandit, { revision: undefined })).rejects.toMatchObject({
      code: "conflict",
    });
    await saveBandit(store, "key", bandit);
    await expect(saveBandit(store, "key", bandit, { revision })).rejects.toThrow(
      /"key" was expected/,
    );
    expect(await loadBandit(store, "absent")).toBeUndefined();
    for (const value of [null, 5, {}, [], { format: "edgewright-stored-bandit", version: 2 }]) {
      await store.save("other", value, { revision: "any" });
      await expect(loadBandit(store, "other")).rejects.toMatchObject({ code: "invalid-data" });
    }
  });
});
