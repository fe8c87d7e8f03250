import { describe, expect, it } from "vitest";
import type { Example } from "../policy/policy.js";
import { createBandit } from "./create-bandit.js";
import { createFixedPolicy } from "./test-policies.test-support.js";

describe("onLearn", () => {
  it("tells all listeners of all examples, whatever one of them throws", () => {
    const bandit = createBandit({ policy: createFixedPolicy([1, 2]), arms: ["a", "b"], seed: 1 });
    const heard: number[] = [];
    bandit.onLearn(({ reward }) => {
      throw new Error(`no ${reward}`);
    });
    bandit.onLearn(({ reward }) => heard.push(reward));
    const ids = [bandit.decide().id, bandit.decide().id];
    const batch = ids.map((id, i) => ({ id, reward: i }));
    expect(() => bandit.updateBatch(batch)).toThrow("no 0");
    expect(heard).toEqual([0, 1]);
    expect(bandit.pending).toBe(0);
  });

  it("may decide from within, in the middle of a decision that pushes another out", () => {
    const bandit = createBandit({
      policy: createFixedPolicy([1, 2]),
      arms: ["a", "b"],
      seed: 1,
      feedback: { capacity: 2, onExpire: { reward: 0 } },
    });
    const ids: string[] = [];
    let within = false;
    bandit.onLearn(() => {
      if (within) return;
      within = true;
      ids.push(bandit.decide().id);
    });
    for (let i = 0; i < 3; i++) ids.push(bandit.decide().id);
    expect(ids.sort()).toEqual(["d0", "d1", "d2", "d3"]);
    expect(bandit.pending).toBe(2);
  });

  it("hands on every example until it is stopped", () => {
    const bandit = createBandit({
      policy: createFixedPolicy([1, 2]),
      arms: ["a", "b"],
      seed: 1,
      clock: () => 0,
      feedback: { capacity: 1, onExpire: { reward: 0 } },
    });
    const heard: [string, number][] = [];
    const listener = (example: Example, arm: string) => {
      expect(bandit.slotOf(arm as "a")).toBe(example.slot);
      heard.push([arm, example.reward]);
    };
    const stop = bandit.onLearn(listener);
    const first = bandit.decide();
    bandit.update(first.id, 1);
    bandit.learn({ arm: "b", reward: 0.5 });
    const crowdedOut = bandit.decide();
    const last = bandit.decide();
    stop();
    bandit.update(last.id, 1);
    expect(heard).toEqual([
      [first.arm, 1],
      ["b", 0.5],
      [crowdedOut.arm, 0],
    ]);
  });
});
