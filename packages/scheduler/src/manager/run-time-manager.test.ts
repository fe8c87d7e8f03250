import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Assignment, Design } from "../planning/design.js";
import { changeBetween } from "../planning/design-change.js";
import type { DesignSet } from "../planning/design-set.js";
import type { RunTimeManagerOptions } from "./manager-options.js";
import { createRunTimeManager } from "./run-time-manager.js";
import type { Signal } from "./signal.js";

function designOf(model: string, processor: string): Design {
  const assignment = { task: "see", model, precision: "fp32", engine: `${processor}-1`, processor };
  return { assignments: [assignment], metrics: {}, optimality: 1 };
}

const designs = [designOf("large", "gpu"), designOf("large", "cpu"), designOf("small", "gpu")];

/** d0 on the GPU, d1 on the CPU, dm and dw small on the GPU. */
const designSet: DesignSet = {
  ...{ version: 1, designs, roles: { d0: 0, d1: 1, dm: 2, dw: 2 }, engines: ["gpu", "cpu"] },
  table: [0, 1, 0, 2, 2, 1, 2, 2].map((design) => ({
    ...{ design, change: changeBetween(designs[0]!, designs[design]!) },
  })),
};

const limits = { enter: 0.8, exit: 0.5 };
const signals: Signal[] = [
  { name: "gpu load", troubles: ["gpu"], limits },
  { name: "cpu load", troubles: ["cpu"], limits },
  { name: "memory", troubles: "memory", limits },
];

/** Loads nothing, and keeps account of what would lie in memory. */
function createMemory() {
  const alive = new Set<string>();
  let most = 0;
  return {
    alive,
    get most() {
      return most;
    },
    async load({ model, processor }: Assignment) {
      await Promise.resolve();
      const name = `${model}@${processor}`;
      expect(alive.has(name)).toBe(false);
      alive.add(name);
      most = Math.max(most, alive.size);
      return { name };
    },
    unload({ name }: { name: string }) {
      expect(alive.delete(name)).toBe(true);
    },
  };
}

type Loaded = { name: string };

function start(options: Partial<RunTimeManagerOptions<Loaded>> = {}) {
  let time = 0;
  const clock = { now: () => time, pass: (ms: number) => (time += ms) };
  const memory = createMemory();
  const made = createRunTimeManager<Loaded>({
    ...{ designSet, signals, now: clock.now, load: memory.load, unload: memory.unload },
    ...options,
  });
  return { made, clock, memory };
}

const nameOf = ({ name }: Loaded): string => name;

describe("createRunTimeManager", () => {
  it("serves d0 first, another processor when its own is overloaded, and d0 again", async () => {
    const { made, memory, clock } = start();
    const manager = await made;
    expect(await manager.use("see", nameOf)).toBe("large@gpu");
    clock.pass(10);
    manager.observe("gpu load", 0.9);
    await manager.settled();
    expect(await manager.use("see", nameOf)).toBe("large@cpu");
    expect([...memory.alive]).toEqual(["large@cpu"]);
    clock.pass(10);
    manager.observe("gpu load", 0.1);
    await manager.settled();
    expect(await manager.use("see", nameOf)).toBe("large@gpu");
    expect(manager.events.map(({ kind, at }) => [kind, at])).toEqual([
      ...[["switch", 0] as const, ["trouble", 10] as const, ["switch", 10] as const],
      ...[["trouble", 20] as const, ["switch", 20] as const],
    ]);
    expect(manager.events[2]).toMatchObject({ from: 0, to: 1, change: "CP" });
    await manager.dispose();
    expect(memory.alive.size).toBe(0);
  });

  it("never holds old and new models together when memory is short", async () => {
    const { made, memory } = start();
    const manager = await made;
    manager.observe("memory", 0.95);
    await manager.settled();
    expect(await manager.use("see", nameOf)).toBe("small@gpu");
    expect(memory.most).toBe(1);
    await manager.dispose();
  });

  it("does not unload a model that is in use, and lets its user wait for the switch", async () => {
    const { made, memory } = start();
    const manager = await made;
    const seen = await manager.use("see", async ({ name }) => {
      manager.observe("memory", 0.95);
      const inner = await manager.use("see", nameOf);
      return [name, inner, [...memory.alive].sort()];
    });
    expect(seen).toEqual(["large@gpu", "small@gpu", ["large@gpu", "small@gpu"]]);
    await manager.dispose();
    expect(memory.alive.size).toBe(0);
  });

  it("goes round a processor that fails, and tries it again after a while", async () => {
    const { made, clock } = start({ failureMs: 100 });
    const manager = await made;
    manager.reportFailure("gpu", new Error("context lost"));
    await manager.settled();
    expect(await manager.use("see", nameOf)).toBe("large@cpu");
    clock.pass(100);
    manager.observe("cpu load", 0);
    await manager.settled();
    expect(await manager.use("see", nameOf)).toBe("large@gpu");
    expect(manager.events.map(({ kind }) => kind)).toContain("processor-back");
    await manager.dispose();
  });

  it("keeps serving what it has when the design that the table names cannot be loaded", async () => {
    const memory = createMemory();
    const { made } = start({
      load: (assignment) =>
        assignment.processor === "cpu"
          ? Promise.reject(new Error("no room"))
          : memory.load(assignment),
      unload: memory.unload,
    });
    const manager = await made;
    manager.observe("gpu load", 1);
    await manager.settled();
    expect(await manager.use("see", nameOf)).toBe("large@gpu");
    expect(manager.events.at(-1)).toMatchObject({
      kind: "load-failed",
      design: 1,
      message: "no room",
    });
    await manager.dispose();
  });

  it("begins with another design when the first cannot be loaded, and refuses when none can", async () => {
    const memory = createMemory();
    const { made } = start({
      load: (assignment) =>
        assignment.model === "large"
          ? Promise.reject(new Error("no room"))
          : memory.load(assignment),
      unload: memory.unload,
    });
    const manager = await made;
    expect(await manager.use("see", nameOf)).toBe("small@gpu");
    await manager.dispose();
    const none = start({ load: () => Promise.reject(new Error("no room")) });
    await expect(none.made).rejects.toThrow("none of 3 designs could be loaded: no room; no room");
  });

  it("says what it does not know, and that it was disposed of", async () => {
    const { made } = start();
    const manager = await made;
    expect(() => manager.observe("moon", 1)).toThrow('"memory" was expected, got "moon"');
    expect(() => manager.observe("memory", "1" as never)).toThrow("a number was expected");
    expect(() => manager.reportFailure("npu", "gone")).toThrow(
      'one of gpu, cpu was expected, got "npu"',
    );
    await expect(manager.use("hear", nameOf)).rejects.toThrow('"see" was expected, got "hear"');
    await manager.dispose();
    await expect(manager.use("see", nameOf)).rejects.toThrow("disposed");
  });

  it("reads its signals by itself, a broken sensor notwithstanding", async () => {
    let load = 0;
    const read = () => load;
    const broken = () => {
      throw new Error("no such file");
    };
    const { made } = start({
      intervalMs: 1,
      signals: [
        { ...signals[1]!, read: broken },
        { ...signals[0]!, read },
      ],
    });
    const manager = await made;
    load = 1;
    await expect.poll(() => manager.design).toBe(1);
    await manager.dispose();
  });

  it("hears its other sensors while one does not answer, and notes once that one fails", async () => {
    let works = false;
    const { made } = start({
      intervalMs: 1,
      signals: [
        { ...signals[1]!, read: () => new Promise<number>(() => {}) },
        {
          ...signals[2]!,
          read: () => (works ? 0 : Promise.reject(new Error("no such file"))),
        },
        { ...signals[0]!, read: () => 1 },
      ],
    });
    const manager = await made;
    await expect.poll(() => manager.design).toBe(1);
    const failures = () => manager.events.filter(({ kind }) => kind === "signal-failed");
    expect(failures()).toMatchObject([{ signal: "memory", message: "no such file" }]);
    works = true;
    await new Promise((resolve) => setTimeout(resolve, 20));
    works = false;
    await expect.poll(() => failures().length).toBe(2);
    await manager.dispose();
  });

  it("gives up a first load when its signal fires, and unloads what still comes of it", async () => {
    const abort = new AbortController();
    const memory = createMemory();
    let finish = () => {};
    let told: AbortSignal | undefined;
    const { made } = start({
      signal: abort.signal,
      load: async (assignment, signal) => {
        told = signal;
        await new Promise<void>((resolve) => {
          finish = resolve;
        });
        return memory.load(assignment);
      },
      unload: memory.unload,
    });
    setTimeout(() => abort.abort(), 1);
    await expect(made).rejects.toMatchObject({ code: "aborted" });
    expect(told?.aborted).toBe(true);
    finish();
    await expect.poll(() => memory.most).toBe(1);
    await expect.poll(() => memory.alive.size).toBe(0);
  });

  it("ends although a load never does, and so do those who wait for it", async () => {
    const memory = createMemory();
    const { made } = start({
      load: (assignment) =>
        assignment.model === "small" ? new Promise<Loaded>(() => {}) : memory.load(assignment),
      unload: memory.unload,
    });
    const manager = await made;
    manager.observe("memory", 1);
    const waiting = manager.use("see", nameOf);
    const refused = expect(waiting).rejects.toMatchObject({ code: "disposed" });
    await Promise.all([manager.dispose(), manager.dispose(), refused]);
    expect(memory.alive.size).toBe(0);
  });

  it("takes a load, or an unload, that lasts too long for one that failed", async () => {
    const never = new Promise<Loaded>(() => {});
    const { made } = start({
      loadTimeoutMs: 5,
      load: ({ model, processor }) =>
        processor === "cpu" ? never : Promise.resolve({ name: model }),
      unload: () => never,
    });
    const manager = await made;
    manager.observe("gpu load", 1);
    await manager.settled();
    expect(await manager.use("see", nameOf)).toBe("large");
    expect(manager.events.at(-1)).toMatchObject({
      kind: "load-failed",
      message: 'load of "large" fp32 on cpu-1 did not end within 5 ms',
    });
    manager.observe("gpu load", 0);
    manager.observe("memory", 1);
    await manager.settled();
    expect(await manager.use("see", nameOf)).toBe("small");
    expect(manager.events.map(({ kind }) => kind)).toContain("unload-failed");
    await manager.dispose();
  });

  it("is not disturbed by a listener that throws", async () => {
    const { made } = start({
      onEvent: () => {
        throw new Error("full disk");
      },
    });
    const manager = await made;
    manager.observe("gpu load", 1);
    await manager.settled();
    expect(await manager.use("see", nameOf)).toBe("large@cpu");
    expect(manager.events[1]).toMatchObject({ kind: "listener-failed", message: "full disk" });
    await manager.dispose();
  });

  it.each([
    [{ intervalMs: Number.NaN }, /"intervalMs" must be above 0 ms .* got NaN/],
    [{ loadTimeoutMs: Infinity }, /"loadTimeoutMs" must be .* at most 2147483647, got Infinity/],
    [{ failureMs: -1 }, /"failureMs" must be a time from 0 ms, got -1/],
    [{ maxEvents: 0 }, /"maxEvents" must be a count from 1, got 0/],
    [{ signals: [signals[0]!, signals[0]!] }, /named each in its own way, got "gpu load" twice/],
  ])("refuses %j", async (options, message) => {
    await expect(start(options).made).rejects.toThrow(message);
  });

  it("ends where the table says, leaks nothing and never fails a user, whatever comes", async () => {
    const step = fc.record({
      signal: fc.constantFrom("gpu load", "cpu load", "memory"),
      value: fc.constantFrom(0, 0.6, 1),
      uses: fc.integer({ min: 0, max: 3 }),
      waits: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
        const { made, memory, clock } = start();
        const manager = await made;
        const users: Promise<unknown>[] = [];
        for (const { signal, value, uses, waits } of steps) {
          clock.pass(1);
          manager.observe(signal, value);
          for (let i = 0; i < uses; i++) {
            users.push(
              manager.use("see", async ({ name }) => {
                await Promise.resolve();
                expect(memory.alive.has(name)).toBe(true);
              }),
            );
          }
          if (waits) await manager.settled();
        }
        await Promise.all(users);
        await manager.settled();
        const bits = ["gpu load", "cpu load", "memory"].map((name) =>
          Number(manager.troubledSignals.includes(name)),
        );
        const state = bits.reduce((sum, bit, i) => sum + bit * 2 ** i, 0);
        expect(manager.design).toBe(designSet.table[state]!.design);
        await manager.dispose();
        expect(memory.alive.size).toBe(0);
      }),
      { seed: 3, numRuns: 60 },
    );
  });
});
