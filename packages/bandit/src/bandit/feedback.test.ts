import { describe, expect, it } from "vitest";
import type { LogRecord } from "../log/log-record.js";
import type { Policy } from "../policy/policy.js";
import type { BanditOptions } from "./bandit-options.js";
import { createBandit } from "./create-bandit.js";
import { FeedbackError } from "./feedback-error.js";
import { createFixedPolicy } from "./test-policies.test-support.js";

function setUp(more: Partial<BanditOptions<string, ArrayLike<number>>> = {}) {
  const policy = createFixedPolicy([1, 1, 1]);
  const records: LogRecord[] = [];
  const clock = { now: 0 };
  const bandit = createBandit<string>({
    policy,
    arms: ["a", "b", "c"],
    seed: 1,
    clock: () => clock.now,
    log: (record) => records.push(record),
    ...more,
  });
  const rewards = () => policy.examples.map(({ reward, weight }) => [reward, weight]);
  const decideAll = (count: number) => Array.from({ length: count }, () => bandit.decide().id);
  return { policy, records, clock, bandit, rewards, decideAll };
}

function reasonOf(call: () => void): string {
  try {
    call();
  } catch (error) {
    if (error instanceof FeedbackError) return error.reason;
    throw error;
  }
  return "none";
}

describe("update", () => {
  it("says why a decision takes no reward", () => {
    const { bandit, clock, decideAll } = setUp({ feedback: { timeToLiveMs: 10, capacity: 4 } });
    const decideA = () => bandit.decide(undefined, ["a"]).id;
    const [answered, forgotten, outdated] = [decideA(), decideA(), decideA()];
    bandit.update(answered, 1);
    bandit.forget(forgotten);
    const gone = bandit.decide(undefined, ["c"]).id;
    bandit.removeArm("c");
    expect(reasonOf(() => bandit.update(answered, 1))).toBe("answered");
    expect(reasonOf(() => bandit.update(forgotten, 1))).toBe("forgotten");
    expect(reasonOf(() => bandit.update(gone, 1))).toBe("arm-removed");
    expect(reasonOf(() => bandit.update("d99", 1))).toBe("unknown");
    for (const id of ["", "x0", "d", "d-1", "d00", "d0 ", "D0", "d0.5", 5, null, undefined]) {
      expect(reasonOf(() => bandit.update(id as string, 1))).toBe("unknown");
    }
    clock.now = 11;
    const before = bandit.snapshot();
    expect(reasonOf(() => bandit.update(outdated, 1))).toBe("expired");
    expect(bandit.snapshot()).toEqual(before);
    const late = decideAll(9)[0]!;
    expect(reasonOf(() => bandit.update(late, 1))).toBe("expired");
    expect(() => bandit.update(late, 1)).toThrow(
      /^update: the id of a waiting decision was expected, got "d4", which waits no longer/,
    );
  });

  it("refuses rewards and weights that are no numbers in range, and stays as it was", () => {
    const { bandit, decideAll } = setUp();
    const [id] = decideAll(1) as [string];
    const before = bandit.snapshot();
    const bad = [Number.NaN, Infinity, -Infinity, "1", null, undefined] as number[];
    for (const reward of bad) {
      expect(() => bandit.update(id, reward)).toThrow(/a finite reward was expected, got/);
    }
    for (const reward of [-0.01, 1.01]) {
      expect(() => bandit.update(id, reward)).toThrow(/fixed expects a reward from 0 to 1/);
    }
    for (const weight of [0, -1, Infinity, Number.NaN, "2" as unknown as number]) {
      expect(() => bandit.update(id, 1, { weight })).toThrow(/a finite weight above 0/);
    }
    for (const options of [{ expected: Number.NaN }, { best: Infinity }]) {
      expect(() => bandit.update(id, 1, options)).toThrow(/finite expected and best rewards/);
    }
    expect(bandit.snapshot()).toEqual(before);
    bandit.update(id, 1);
  });

  it("writes what a simulation knows into the log", () => {
    const { bandit, records, decideAll } = setUp();
    const [a, b] = decideAll(2) as [string, string];
    bandit.update(a, 1, { expected: 0.5, best: 0.75 });
    bandit.updateBatch([{ id: b, reward: 0, best: 0.25 }]);
    expect(records.slice(2)).toEqual([
      { type: "reward", id: a, time: 0, reward: 1, expected: 0.5, best: 0.75 },
      { type: "reward", id: b, time: 0, reward: 0, best: 0.25 },
    ]);
  });

  it("takes any finite reward where the policy does", () => {
    const policy = createFixedPolicy([1], { rewards: "real" });
    const bandit = createBandit({ policy, arms: ["a"], seed: 1 });
    bandit.update(bandit.decide().id, -1e9);
    expect(policy.examples[0]?.reward).toBe(-1e9);
  });

  it("keeps the decision, and the random numbers, when the policy fails", () => {
    let fails = true;
    const policy: Policy = {
      ...createFixedPolicy([1]),
      learn(_, rng) {
        rng.uniform();
        if (fails) throw new Error("no memory");
      },
    };
    const bandit = createBandit({ policy, arms: ["a"], seed: 1 });
    const { id } = bandit.decide();
    const before = bandit.snapshot();
    expect(() => bandit.update(id, 1)).toThrow("no memory");
    expect(bandit.snapshot()).toEqual(before);
    fails = false;
    bandit.update(id, 1);
    expect(bandit.pending).toBe(0);
  });
});

describe("updateBatch", () => {
  it("learns from all rewards in order", () => {
    const { bandit, rewards, decideAll } = setUp();
    const [a, b, c] = decideAll(3) as [string, string, string];
    bandit.updateBatch(
      new Set([
        { id: c, reward: 0.25 },
        { id: a, reward: 1, weight: 2 },
      ]),
    );
    expect(rewards()).toEqual([
      [0.25, 1],
      [1, 2],
    ]);
    expect(bandit.pending).toBe(1);
    bandit.update(b, 0);
  });

  it("learns from none when one of them is refused", () => {
    const { bandit, rewards, decideAll } = setUp();
    const [a, b] = decideAll(2) as [string, string];
    const before = bandit.snapshot();
    const good = { id: a, reward: 1 };
    const refused = [
      [good, { id: "d9", reward: 1 }],
      [good, { id: b, reward: Number.NaN }],
      [good, { id: b, reward: 3 }],
      [good, { id: b, reward: 1, weight: -1 }],
      [good, { id: b, reward: 1 }, good],
    ];
    for (const batch of refused) {
      expect(() => bandit.updateBatch(batch)).toThrow(/^updateBatch: /);
      expect(bandit.snapshot()).toEqual(before);
    }
    expect(reasonOf(() => bandit.updateBatch([good, good]))).toBe("answered");
    expect(rewards()).toEqual([]);
  });
});

describe("updateAggregate", () => {
  it.each([
    ["mean", [[0.5, 0.25]]],
    ["each", [[0.5, 1]]],
    ["total", [[0.125, 1]]],
  ] as const)("shares a figure as %s", (share, [expected]) => {
    const { bandit, rewards, decideAll } = setUp();
    bandit.updateAggregate(decideAll(4), 0.5, { share });
    expect(rewards()).toEqual(Array(4).fill(expected));
    expect(bandit.pending).toBe(0);
  });

  it("takes a total above 1 where the parts are not, and refuses others", () => {
    const { bandit, rewards, decideAll } = setUp();
    const ids = decideAll(4);
    const before = bandit.snapshot();
    expect(() => bandit.updateAggregate(ids, 5, { share: "total" })).toThrow(/got 1.25/);
    expect(() => bandit.updateAggregate(ids, 3)).toThrow(/got 3/);
    expect(() => bandit.updateAggregate([...ids, "d9"], 1)).toThrow(/"d9"/);
    expect(() => bandit.updateAggregate([...ids, ids[0]!], 1)).toThrow(/twice in one call/);
    expect(() => bandit.updateAggregate(ids, 1, { share: "some" as never })).toThrow(/got "some"/);
    expect(bandit.snapshot()).toEqual(before);
    bandit.updateAggregate(ids, 3, { share: "total" });
    expect(rewards()).toEqual(Array(4).fill([0.75, 1]));
    bandit.updateAggregate([], 0.5);
    expect(rewards()).toHaveLength(4);
  });
});

describe("feedback that does not come", () => {
  it("expires after the time to live, at decisions, updates and on demand", () => {
    const { bandit, clock, records, decideAll } = setUp({ feedback: { timeToLiveMs: 10 } });
    decideAll(2);
    clock.now = 5;
    const [fresh, other] = decideAll(2) as [string, string];
    clock.now = 9;
    expect(bandit.expire()).toBe(0);
    clock.now = 10;
    expect(bandit.expire()).toBe(2);
    expect(bandit.pending).toBe(2);
    expect(records.slice(-2)).toEqual([
      { type: "expired", id: "d0", time: 10 },
      { type: "expired", id: "d1", time: 10 },
    ]);
    clock.now = 12;
    const third = bandit.decide().id;
    clock.now = 15;
    bandit.update(third, 1);
    expect(bandit.pending).toBe(0);
    for (const id of [fresh, other]) expect(reasonOf(() => bandit.update(id, 1))).toBe("expired");
    decideAll(1);
    clock.now = 40;
    decideAll(1);
    expect(bandit.pending).toBe(1);
  });

  it("drops the oldest decisions beyond the capacity, and memory stays bounded", () => {
    const { bandit, records, decideAll } = setUp({ feedback: { capacity: 3 } });
    const ids = decideAll(5);
    expect(bandit.pending).toBe(3);
    expect(records.filter((record) => record.type === "expired").map(({ id }) => id)).toEqual(
      ids.slice(0, 2),
    );
    expect(reasonOf(() => bandit.update(ids[0]!, 1))).toBe("expired");
    bandit.update(ids[2]!, 1);
    decideAll(1000);
    expect(bandit.pending).toBe(3);
    expect(bandit.snapshot().pending.waiting).toHaveLength(3);
  });

  it("never draws the same random numbers twice, not even when the log fails at an expiry", () => {
    let fails = false;
    const { bandit, clock, decideAll } = setUp({
      feedback: { timeToLiveMs: 10 },
      log: ({ type }) => {
        if (fails && type === "expired") throw new Error("disk full");
      },
    });
    decideAll(1);
    clock.now = 10;
    fails = true;
    const { drawn } = bandit.snapshot().rng;
    expect(() => bandit.decide()).toThrow("disk full");
    expect(bandit.snapshot().rng.drawn).toBe(drawn + 2);
    expect(bandit.pending).toBe(2);
    fails = false;
    expect(bandit.expire()).toBe(1);
  });

  it("teaches a reward in its place where it is told to", () => {
    const { bandit, clock, records, rewards, decideAll } = setUp({
      feedback: { timeToLiveMs: 10, capacity: 2, onExpire: { reward: 0.25 } },
    });
    const [first] = decideAll(3) as [string];
    expect(rewards()).toEqual([[0.25, 1]]);
    clock.now = 10;
    expect(bandit.expire()).toBe(2);
    expect(rewards()).toEqual(Array(3).fill([0.25, 1]));
    expect(records.at(-1)).toEqual({
      type: "reward",
      id: "d2",
      time: 10,
      reward: 0.25,
      assumed: true,
    });
    expect(reasonOf(() => bandit.update(first, 1))).toBe("expired");
  });

  it("counts time in decisions for the log where there is no clock, and never expires by it", () => {
    const policy = createFixedPolicy([1]);
    const records: LogRecord[] = [];
    const log = (record: LogRecord) => records.push(record);
    const bandit = createBandit({ policy, arms: ["a"], seed: 1, log, idPrefix: "device-7/" });
    bandit.decide();
    const { id } = bandit.decide();
    bandit.update(id, 1, { weight: 2 });
    expect(bandit.expire()).toBe(0);
    expect(records.map(({ type, id: logged, time }) => [type, logged, time])).toEqual([
      ["decision", "device-7/0", 0],
      ["decision", "device-7/1", 1],
      ["reward", "device-7/1", 2],
    ]);
    expect(records[2]).toMatchObject({ weight: 2 });
  });
});

describe("solicitation", () => {
  it("marks decisions worth a question, in the log as well", () => {
    const { bandit, records } = setUp({
      solicitation: {
        name: "every other",
        wants: () => bandit.decided % 2 === 0,
        decided() {},
        state: () => null,
        restore() {},
      },
    });
    expect([bandit.decide().ask, bandit.decide().ask, bandit.decide().ask]).toEqual([
      true,
      false,
      true,
    ]);
    expect(records.map((record) => record.type === "decision" && record.asked)).toEqual([
      true,
      false,
      true,
    ]);
  });

  it("always asks where there is none, and needs a clock where it says so", () => {
    const { bandit, records } = setUp();
    expect(bandit.decide().ask).toBe(true);
    expect(records[0]).not.toHaveProperty("asked");
    const policy = createFixedPolicy([1]);
    const solicitation = {
      name: "hourly",
      needsClock: true,
      wants: () => true,
      decided() {},
      state: () => null,
      restore() {},
    };
    expect(() => createBandit({ policy, arms: ["a"], seed: 1, solicitation })).toThrow(
      /solicitation needs a clock/,
    );
  });
});
