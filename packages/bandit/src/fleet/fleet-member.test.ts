import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createBandit } from "../bandit/create-bandit.js";
import { ucb1 } from "../counting/ucb1.js";
import { linUcb } from "../linear/lin-ucb.js";
import { createIndexedDbStore } from "../stores/indexed-db-store.js";
import { createMemoryStore } from "../stores/memory-store.js";
import type { SnapshotStore } from "../stores/snapshot-store.js";
import {
  DIMENSION,
  dyadicExamples,
  examplesOf,
  expectSameKnowledge,
  joinFleet as join,
  FLEET_KEY as key,
  learnTogether,
  type NamedExample,
  taughtBandit,
} from "./fleet.test-support.js";
import { addPushes, createFleetKnowledge } from "./fleet-document.js";
import { createFleetMember } from "./fleet-member.js";
import { readStatistics } from "./fleet-statistics.js";

describe("createFleetMember", () => {
  it("lets members over one store in memory know what a pooled bandit does", async () => {
    const store = createMemoryStore();
    await learnTogether(async () => ({ ...store, close: async () => undefined }));
  });

  it.skipIf(typeof indexedDB === "undefined")("works over IndexedDB", async () => {
    const name = `fleet-${crypto.randomUUID()}`;
    await learnTogether(async () => createIndexedDbStore({ name }));
    indexedDB.deleteDatabase(name);
  });

  it("says what it brought, who is there, and what waits", async () => {
    const store = createMemoryStore();
    const [one, two] = [join(store, "one"), join(store, "two")];
    expect(await one.fleet.sync()).toEqual({ pushed: 0, members: 0, revision: undefined });
    one.learn(examplesOf(1));
    expect(one.fleet.waiting).toBe(10);
    expect(await one.fleet.sync()).toMatchObject({ pushed: 10, members: 1 });
    expect(one.fleet.waiting).toBe(0);
    const first = await two.fleet.sync();
    expect(first).toMatchObject({ pushed: 0, members: 1 });
    two.learn(examplesOf(2).slice(0, 3));
    const second = await two.fleet.sync();
    expect(second).toMatchObject({ pushed: 3, members: 2 });
    expect(second.revision).toBeGreaterThan(first.revision!);
  });

  it("loses nothing of members that sync all at once, and learn meanwhile", async () => {
    const store = createMemoryStore();
    const members = [0, 1, 2, 3, 4].map((i) => join(store, `m${i}`));
    const all: NamedExample[] = [];
    const teach = (seed: number): void => {
      members.forEach(({ learn }, i) => {
        const examples = examplesOf(10 * seed + i);
        all.push(...examples);
        learn(examples);
      });
    };
    for (let round = 1; round <= 3; round++) {
      teach(round);
      const syncs = members.flatMap(({ fleet }) => [fleet.sync(), fleet.sync()]);
      await Promise.resolve();
      teach(10 + round);
      await Promise.all(syncs);
    }
    for (let i = 0; i < 2; i++) await Promise.all(members.map(({ fleet }) => fleet.sync()));
    const pooled = taughtBandit(all);
    for (const { bandit } of members) expectSameKnowledge(bandit, pooled);
  });

  it("knows what was learnt during a sync as soon as that is through", async () => {
    const memory = createMemoryStore();
    const [before, meanwhile] = [examplesOf(1), examplesOf(2)];
    const store: SnapshotStore = {
      ...memory,
      save(...args) {
        learn(meanwhile);
        return memory.save(...args);
      },
    };
    const { bandit, fleet, learn } = join(store, "one");
    learn(before);
    expect((await fleet.sync()).pushed).toBe(10);
    expectSameKnowledge(bandit, taughtBandit([...before, ...meanwhile]));
    expect(fleet.waiting).toBe(10);
  });

  it("counts nothing twice when the answer to a push is lost, nor loses it when the push is", async () => {
    const memory = createMemoryStore();
    let fate: "lost-answer" | "lost-push" | "fine" = "fine";
    const store: SnapshotStore = {
      ...memory,
      async save(...args) {
        if (fate === "lost-push") throw new Error("out of reach");
        const revision = await memory.save(...args);
        if (fate === "lost-answer") throw new Error("no answer");
        return revision;
      },
    };
    const { bandit, fleet, learn } = join(store, "one");
    const all: NamedExample[] = [];
    for (const [i, next] of (
      ["lost-answer", "lost-push", "lost-answer", "fine"] as const
    ).entries()) {
      fate = next;
      all.push(...examplesOf(i));
      learn(examplesOf(i));
      if (next === "fine") {
        expect((await fleet.sync()).pushed).toBe(40);
      } else {
        await expect(fleet.sync()).rejects.toThrow(/out of reach|no answer/);
        expect(fleet.waiting).toBe(10 * (i + 1));
      }
      expectSameKnowledge(bandit, taughtBandit(all));
    }
    const other = join(memory, "two");
    await other.fleet.sync();
    expectSameKnowledge(other.bandit, taughtBandit(all));
  });

  it("stays exact over any sequence of crashes, lost answers and old snapshots", async () => {
    // Each step: learn, sync, save state and bandit, or die and go back to the last save (or to nothing).
    const steps = fc.array(
      fc.constantFrom("learn", "learn", "learn", "sync", "lose", "save", "die"),
      { maxLength: 25, size: "max" },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (sequence) => {
        const memory = createMemoryStore();
        let losing = false;
        const store: SnapshotStore = {
          ...memory,
          async save(...args) {
            const revision = await memory.save(...args);
            if (losing) throw new Error("no answer");
            return revision;
          },
        };
        let seed = 0;
        let { bandit, fleet } = join(store, "one");
        // What must be in the store in the end: what was pushed, and what the living process knows of.
        let saved:
          | {
              state: ReturnType<typeof fleet.state>;
              bandit: ReturnType<typeof bandit.snapshot>;
              waiting: NamedExample[];
            }
          | undefined;
        const inStore: NamedExample[] = [];
        let waiting: NamedExample[] = [];
        const push = (): void => {
          for (const example of waiting) if (!inStore.includes(example)) inStore.push(example);
        };
        for (const step of sequence) {
          if (step === "learn") {
            const [example] = dyadicExamples(1, ["a", "b"], seed++) as [NamedExample];
            bandit.learn(example);
            waiting.push(example);
          } else if (step === "sync") {
            await fleet.sync();
            push();
            waiting = [];
          } else if (step === "lose") {
            losing = true;
            await fleet.sync().catch(() => undefined);
            losing = false;
            push();
          } else if (step === "save") {
            saved = {
              state: JSON.parse(JSON.stringify(fleet.state())),
              bandit: bandit.snapshot(),
              waiting: [...waiting],
            };
          } else {
            fleet.close();
            bandit = createBandit({
              ...{ policy: linUcb({ dimension: DIMENSION }), arms: ["a", "b"], seed: 1 },
              snapshot: saved?.bandit,
            });
            fleet = createFleetMember({ bandit, store, key, member: "one", state: saved?.state });
            waiting = [...(saved?.waiting ?? [])];
          }
        }
        await fleet.sync();
        push();
        if (inStore.length > 0) expectSameKnowledge(bandit, taughtBandit(inStore));
      }),
      {
        ...{ seed: 6, numRuns: 80 },
        examples: [
          [["learn", "sync", "die", "learn"]],
          [["learn", "save", "learn", "sync", "die", "learn", "learn", "sync", "die", "learn"]],
          [["learn", "save", "learn", "lose", "die", "learn", "save", "sync", "die", "learn"]],
        ],
      },
    );
  });

  it("joins members with different arms by name, and knows arms that come later", async () => {
    const store = createMemoryStore();
    const one = join(store, "one", { bandit: taughtBandit([], ["a", "b", "c"]) });
    const two = join(store, "two", { bandit: taughtBandit([], ["x", "b", "a"]) });
    const [left, right] = [examplesOf(1, ["a", "b", "c"]), examplesOf(2, ["x", "b", "a"])];
    one.learn(left);
    two.learn(right);
    await one.fleet.sync();
    two.bandit.removeArm("x"); // the fleet still gets what was learnt of it
    await two.fleet.sync();
    await one.fleet.sync();
    one.bandit.addArm("x");
    await one.fleet.sync();
    const pooled = taughtBandit([...left, ...right], ["a", "b", "c", "x"]);
    expectSameKnowledge(one.bandit, pooled);
    expect(two.bandit.arms).toEqual(["b", "a"]);
  });

  it("lets an arm keep what it took over from another until the fleet knows it", async () => {
    const store = createMemoryStore();
    const { bandit, fleet, learn } = join(store, "one");
    const examples = examplesOf(1);
    learn(examples);
    bandit.addArm("new", { like: "a" });
    await fleet.sync();
    const { arms } = readStatistics(bandit);
    expect(arms.new).toBe(arms.a);
    const own = examplesOf(2, ["new"]);
    learn(own);
    await fleet.sync();
    const pooled = taughtBandit([...examples, ...own], ["a", "b", "new"]);
    expect(readStatistics(bandit)).toEqual(readStatistics(pooled));
  });

  it("asks what a bandit knows that knows something already", async () => {
    const examples = examplesOf(1);
    const store = createMemoryStore();
    const knowing = taughtBandit(examples);
    expect(() => join(store, "one", { bandit: knowing })).toThrow(/"knowledge".*"own".*"fleet"/);
    const own = join(store, "one", { bandit: knowing, knowledge: "own" });
    await own.fleet.sync();
    const newcomer = join(store, "two");
    await newcomer.fleet.sync();
    expectSameKnowledge(newcomer.bandit, taughtBandit(examples));
    const again = join(store, "one", { bandit: taughtBandit(examples), knowledge: "fleet" });
    await again.fleet.sync();
    expectSameKnowledge(again.bandit, taughtBandit(examples));
  });

  it("refuses damaged documents with a typed error; the bandit stays, and what waits is not lost", async () => {
    const store = createMemoryStore();
    const seedling = join(store, "seed");
    seedling.learn(examplesOf(7));
    await seedling.fleet.sync();
    const whole = JSON.parse(JSON.stringify((await store.load(key))!.value));
    const { bandit, fleet, learn } = join(store, "one");
    const examples = examplesOf(1);
    learn(examples);
    const before = readStatistics(bandit);
    const paths = fc.constantFrom(
      ...[
        [],
        ["format"],
        ["version"],
        ["statistics"],
        ["statistics", "kind"],
        ["statistics", "arms"],
      ],
      ...[["statistics", "arms", "a"], ["statistics", "shared"], ["members"], ["members", "seed"]],
      ["members", "seed", "0"],
    ) as fc.Arbitrary<string[]>;
    await fc.assert(
      fc.asyncProperty(paths, fc.jsonValue({ maxDepth: 2 }), async (path, junk) => {
        let damaged = structuredClone(whole);
        if (path.length === 0) damaged = junk;
        else {
          const holder = path.slice(0, -1).reduce((part, name) => part[name], damaged);
          holder[path.at(-1)!] = junk;
        }
        // Objects without arms or members are whole, as far as anyone can see.
        fc.pre(!(typeof junk === "object" && junk !== null && JSON.stringify(junk).length === 2));
        await store.save(key, damaged, { revision: "any" });
        await expect(fleet.sync()).rejects.toMatchObject({ code: "invalid-data" });
        expect(readStatistics(bandit)).toEqual(before);
        expect((await store.load(key))!.value).toEqual(JSON.parse(JSON.stringify(damaged)));
      }),
      { seed: 6, numRuns: 150 },
    );
    await store.save(key, whole, { revision: "any" });
    await fleet.sync();
    expectSameKnowledge(bandit, taughtBandit([...examplesOf(7), ...examples]));
  });

  it("refuses another policy's fleet, wrong names and damaged states", async () => {
    const store = createMemoryStore();
    const { fleet, learn } = join(store, "one");
    learn(examplesOf(1));
    await fleet.sync();
    const counting = createBandit({ policy: ucb1(), arms: ["a"], seed: 1 });
    const other = createFleetMember({ bandit: counting, store, key, member: "two" });
    await expect(other.sync()).rejects.toThrow(/key "fleet".*only policies with the same options/);
    expect(() => join(store, "")).toThrow(/member: a key of 1 to 128/);
    const fading = createBandit({
      policy: linUcb({ dimension: 1, discount: 0.5 }),
      arms: ["a"],
      seed: 1,
    });
    expect(() => join(store, "two", { bandit: fading })).toThrow(/not a sum/);
    learn(examplesOf(2));
    const state = fleet.state();
    expect(() => join(store, "two", { state })).toThrow(
      /member "two" was expected, got that of "one"/,
    );
    const damaged = [
      null,
      {},
      { ...state, version: 2 },
      { ...state, pushes: [{}] },
      { ...state, learnt: 5 },
      { ...state, learnt: { ...state.learnt!, examples: -1 } },
    ];
    damaged.push({ ...state, learnt: { ...state.learnt!, sequence: 0 } });
    for (const one of damaged) {
      expect(() => join(store, "one", { state: one as never })).toThrowError(
        expect.objectContaining({ code: "invalid-data" }),
      );
    }
  });

  it("stops when told so, and pushes nothing more after close", async () => {
    const store = createMemoryStore();
    const { fleet, learn } = join(store, "one");
    learn(examplesOf(1));
    const signal = AbortSignal.abort();
    await expect(fleet.sync({ signal })).rejects.toMatchObject({ code: "aborted" });
    expect((await fleet.sync()).pushed).toBe(10);
    fleet.close();
    learn(examplesOf(2));
    expect(fleet.waiting).toBe(0);
  });

  it("counts nothing twice that many lifetimes without a connection learnt, when the answer is lost", async () => {
    const memory = createMemoryStore();
    let losing = true;
    const store: SnapshotStore = {
      ...memory,
      async save(...args) {
        const revision = await memory.save(...args);
        if (losing) throw new Error("no answer");
        return revision;
      },
    };
    const all: NamedExample[] = [];
    let { bandit, fleet, learn } = join(store, "one");
    for (let life = 0; life < 12; life++) {
      all.push(...examplesOf(life));
      learn(examplesOf(life));
      const [state, snapshot] = [fleet.state(), bandit.snapshot()];
      fleet.close();
      const policy = linUcb({ dimension: DIMENSION });
      bandit = createBandit({ policy, arms: ["a", "b"], seed: 1, snapshot });
      ({ fleet, learn } = join(store, "one", { bandit, state }));
    }
    expect(fleet.waiting).toBe(all.length);
    await expect(fleet.sync()).rejects.toThrow("no answer");
    losing = false;
    expect((await fleet.sync()).pushed).toBe(all.length);
    expect(fleet.waiting).toBe(0);
    expectSameKnowledge(bandit, taughtBandit(all));
  });

  it("gathers one push while the store is out of reach", async () => {
    const memory = createMemoryStore();
    let away = true;
    const store: SnapshotStore = {
      ...memory,
      load: (where) => (away ? Promise.reject(new Error("out of reach")) : memory.load(where)),
    };
    const { bandit, fleet, learn } = join(store, "one");
    for (let i = 0; i < 5; i++) {
      learn(examplesOf(i));
      await expect(fleet.sync()).rejects.toThrow("out of reach");
    }
    expect(fleet.state()).toMatchObject({ pushes: [], learnt: { sequence: 1 } });
    expect(fleet.waiting).toBe(50);
    away = false;
    expect((await fleet.sync()).pushed).toBe(50);
    expectSameKnowledge(bandit, taughtBandit([0, 1, 2, 3, 4].flatMap((i) => examplesOf(i))));
  });

  it("refuses sums beyond float64 before they reach the store", () => {
    const shape = { kind: "test", sharedLength: 1, armLength: 0 };
    const push = (session: string) => ({
      ...{ session, sequence: 1 },
      sums: { shared: Float64Array.of(1e308), arms: new Map() },
    });
    const once = addPushes(createFleetKnowledge(shape), "one", [push("s")], shape)!;
    expect(() => addPushes(once, "one", [push("t")], shape)).toThrowError(
      expect.objectContaining({ code: "diverged" }),
    );
    expect(addPushes(once, "one", [push("s")], shape)).toBeUndefined();
  });

  it("remembers the last eight lifetimes of a member", () => {
    const shape = { kind: "test", sharedLength: 1, armLength: 0 };
    let knowledge = createFleetKnowledge(shape);
    for (let i = 0; i < 20; i++) {
      const sums = { shared: Float64Array.of(1), arms: new Map<string, Float64Array>() };
      knowledge = addPushes(knowledge, "one", [{ session: `s${i}`, sequence: 1, sums }], shape)!;
    }
    expect(knowledge.members.get("one")).toEqual(
      [...Array(8).keys()].map((i) => [`s${12 + i}`, 1]),
    );
    expect(knowledge.sums.shared).toEqual(Float64Array.of(20));
  });
});
