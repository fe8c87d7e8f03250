import { createRng, nextTurn } from "@edgewright/core";
import { createSession, type Outputs } from "@edgewright/graph";
import { loadKernels } from "@edgewright/kernels";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createExecutor } from "./executor.js";
import {
  anyone,
  denseModel,
  earliestDeadline,
  fakeModel,
  feedsOf,
  firstCome,
  lastCome,
  listPolicy,
  randomFeeds,
  testClock,
} from "./executor.test-support.js";
import type { ExecutorEvent } from "./executor-options.js";

const numberOf = (outputs: Outputs): number => outputs.y!.data[0] as number;

describe("real sessions", () => {
  test("interleaved in any order give what each gives alone, bit for bit", async () => {
    const kernels = await loadKernels();
    const models = [denseModel(8, 3, 1), denseModel(12, 5, 2), denseModel(4, 2, 3)];
    const widths = [8, 12, 4];
    const session = (i: number) => createSession(models[i]!, { kernels });
    const alone = await Promise.all(models.map((_, i) => session(i)));
    const own = await Promise.all([session(0), session(0), session(1), session(2)]);
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            model: fc.constantFrom(0, 1, 2),
            rows: fc.constantFrom(1, 3),
            seed: fc.integer({ min: 0, max: 99 }),
            pause: fc.boolean(),
          }),
          { minLength: 1, maxLength: 12 },
        ),
        fc.integer({ min: 0, max: 1000 }),
        async (requests, seed) => {
          const executor = createExecutor({
            policy: anyone(createRng(seed)),
            models: {
              0: { session: [own[0]!, own[1]!] },
              1: { session: own[2]! },
              2: { session: own[3]! },
            },
          });
          const results: Promise<Outputs>[] = [];
          const expected: Outputs[] = [];
          for (const { model, rows, seed: input, pause } of requests) {
            const feeds = randomFeeds([rows, widths[model]!], input);
            expected.push(alone[model]!.runSync(feeds));
            const name = `${model}` as "0" | "1" | "2";
            results.push(executor.submit(name, feeds).then(({ outputs }) => outputs));
            if (pause) await nextTurn();
          }
          expect(await Promise.all(results)).toEqual(expected);
          expect(executor.size).toBe(0);
        },
      ),
      { seed: 5, numRuns: 40 },
    );
    for (const one of [...own, ...alone]) one.dispose();
    expect(kernels.arena.used).toBe(0);
    kernels.dispose();
  });

  test("are predicted from layer times and zeros, and learn while they run", async () => {
    const session = await createSession(denseModel(16, 4, 7));
    const executor = createExecutor({ policy: lastCome(true), models: { dense: { session } } });
    const feeds = randomFeeds([4, 16], 1);
    const { dense } = await executor.prepare({ dense: [feeds] }, { rounds: 3 });
    const [shape] = dense.shapes;
    expect(shape!.shapes).toEqual({ x: [4, 16] });
    expect(shape!.layers.map(({ opType }) => opType)).toEqual(Array(4).fill("MatMul"));
    for (const { ms, zeros } of shape!.layers) {
      expect(ms).toBeGreaterThanOrEqual(0);
      expect(zeros).toBeGreaterThan(0.1);
      expect(zeros).toBeLessThan(0.9);
    }
    await executor.submit("dense", feeds);
    expect(executor.profiles().dense.shapes[0]!.runs).toBe(4);
    const again = createExecutor({
      policy: firstCome(),
      models: {
        dense: { session, profile: JSON.parse(JSON.stringify(executor.profiles().dense)) },
      },
    });
    expect(again.profiles()).toEqual(executor.profiles());
    session.dispose();
  });

  test("reject what they cannot run, and only that", async () => {
    const session = await createSession(denseModel(8, 3, 1));
    const executor = createExecutor({ policy: lastCome(), models: { dense: { session } } });
    const [good, bad, also] = await Promise.allSettled([
      executor.submit("dense", randomFeeds([1, 8], 1)),
      executor.submit("dense", randomFeeds([1, 9], 1)),
      executor.submit("dense", randomFeeds([2, 8], 1)),
    ]);
    expect([good.status, also.status]).toEqual(["fulfilled", "fulfilled"]);
    expect(bad).toMatchObject({ status: "rejected", reason: { code: "shape-mismatch" } });
    const feeds = randomFeeds([1, 8], 1);
    await expect(executor.submit("dense", feeds, { outputs: ["z"] })).rejects.toThrow(
      'the model has no output "z"',
    );
    expect((await executor.submit("dense", feeds, { outputs: [] })).outputs).toEqual({});
    session.dispose();
  });
});

describe("who runs", () => {
  test("an urgent request runs between two layers of another", async () => {
    const clock = testClock();
    const order: string[] = [];
    let executor!: ReturnType<typeof make>;
    const make = () =>
      createExecutor({
        policy: earliestDeadline(),
        models: {
          long: {
            session: fakeModel(clock, [10, 10, 10], {
              onLayer: (layer) => {
                order.push(`long ${layer}`);
                if (layer === 0) void executor.submit("short", feedsOf(1), { deadlineMs: 15 });
              },
            }),
            deadlineMs: 1000,
          },
          short: {
            session: fakeModel(clock, [1, 1], { onLayer: (i) => order.push(`short ${i}`) }),
          },
        },
        now: clock,
        keepSegments: true,
      });
    executor = make();
    const { completed } = await executor.submit("long", feedsOf(0));
    expect(order).toEqual(["long 0", "short 0", "short 1", "long 1", "long 2"]);
    expect(completed).toMatchObject({ arrival: 0, start: 0, outcome: "finished", deadline: 1 });
    expect(completed.finish).toBeCloseTo(0.032, 12);
    expect(completed.isolated).toBeCloseTo(0.03, 12);
    expect(completed.segments).toEqual([
      { accelerator: 0, start: 0, end: 0.01, firstLayer: 0, layers: 1 },
      {
        accelerator: 0,
        start: expect.closeTo(0.012),
        end: expect.closeTo(0.032),
        firstLayer: 1,
        layers: 2,
      },
    ]);
  });

  test("a request of a model whose one session is taken lends its turn to the holder", async () => {
    const clock = testClock();
    const order: string[] = [];
    const model = (name: string, layers: readonly number[]) =>
      fakeModel(clock, layers, { onLayer: (layer) => order.push(`${name} ${layer}`) });
    const executor = createExecutor({
      policy: earliestDeadline(),
      models: { a: { session: model("a", [1, 1]) }, b: { session: model("b", [1, 1]) } },
      now: clock,
    });
    const lax = executor.submit("a", feedsOf(0), { deadlineMs: 900 });
    await nextTurn();
    order.push("submitted");
    const [, , urgent] = await Promise.all([
      lax,
      executor.submit("b", feedsOf(0), { deadlineMs: 500 }),
      executor.submit("a", feedsOf(7), { deadlineMs: 100 }),
    ]);
    expect(numberOf(urgent.outputs)).toBe(9);
    // Without lending, b would come before the lax a that the urgent a waits for.
    expect(order.indexOf("b 0")).toBeGreaterThan(order.lastIndexOf("a 1"));
  });

  test("nobody waits for ever under any policy, in any order, with any pool", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.constantFrom("a", "b", "c"), fc.boolean(), fc.nat(6)), {
          minLength: 1,
          maxLength: 25,
        }),
        fc.constantFrom("first", "last", "any", "edf"),
        fc.integer({ min: 1, max: 3 }),
        fc.nat(1000),
        async (requests, kind, pool, seed) => {
          const clock = testClock();
          const rng = createRng(seed);
          const sessions = {
            a: Array.from({ length: pool }, () => fakeModel(clock, [1, 2, 3])),
            b: [fakeModel(clock, [5])],
            c: [fakeModel(clock, [])],
          };
          const policies = {
            first: firstCome,
            last: lastCome,
            edf: earliestDeadline,
            any: () => anyone(rng),
          };
          const events: ExecutorEvent[] = [];
          const executor = createExecutor({
            policy: policies[kind as keyof typeof policies](),
            models: {
              a: { session: sessions.a, deadlineMs: 30 },
              b: { session: sessions.b, deadlineMs: 20 },
              c: { session: sessions.c },
            },
            turnMs: rng.integer(0, 5),
            now: clock,
            onEvent: (event) => events.push(event),
          });
          const aborts: AbortController[] = [];
          const results: Promise<PromiseSettledResult<unknown>[]>[] = [];
          for (const [model, pause, cancel] of requests) {
            const abort = new AbortController();
            const request = executor.submit(model as "a", feedsOf(1), { signal: abort.signal });
            results.push(Promise.allSettled([request]));
            if (cancel === 0) aborts.push(abort);
            if (pause) await nextTurn();
            if (cancel === 1) aborts.pop()?.abort();
          }
          for (const abort of aborts) abort.abort();
          const settled = (await Promise.all(results)).flat();
          expect(executor.size).toBe(0);
          for (const one of Object.values(sessions).flat()) expect(one.open).toBe(0);
          checkEvents(events, requests.length);
          const finished = settled.filter(({ status }) => status === "fulfilled").length;
          const left = events.filter((event) => event.type === "left");
          expect(left.filter(({ request }) => request.outcome === "finished").length).toBe(
            finished,
          );
        },
      ),
      { seed: 6, numRuns: 150 },
    );
  });
});

/** Every request comes once and leaves once, layers run in order in between, and never two at a time. */
function checkEvents(events: readonly ExecutorEvent[], requests: number): void {
  const layers = new Map<number, number>();
  const left = new Set<number>();
  let end = 0;
  for (const event of events) {
    if (event.type === "submitted") layers.set(event.id, 0);
    else if (event.type === "layer") {
      expect(left.has(event.id)).toBe(false);
      expect(event.layer).toBe(layers.get(event.id));
      layers.set(event.id, event.layer + 1);
      expect(event.start).toBeGreaterThanOrEqual(end);
      expect(event.end).toBeGreaterThanOrEqual(event.start);
      end = event.end;
    } else {
      const { id, outcome, arrival, finish, model } = event.request;
      expect(left.has(id)).toBe(false);
      left.add(id);
      expect(finish).toBeGreaterThanOrEqual(arrival);
      if (outcome === "finished") expect(layers.get(id)).toBe({ a: 3, b: 1, c: 0 }[model]);
    }
  }
  expect(left.size).toBe(requests);
}

describe("a policy", () => {
  test("sees of a request what the contract says, and nothing moves while it waits", async () => {
    const clock = testClock();
    const seen: Record<string, number>[] = [];
    const session = fakeModel(clock, [1000, 3000, 4000], { zeros: [0.5, 0, 0.5] });
    const policy = listPolicy(
      "spy",
      ([task]) => {
        const { arrival, deadline, priority, isolated, remaining, nextLatency } = task!;
        const { ratio, lastRun, layersRun } = task!;
        const given = { arrival, deadline, priority, isolated };
        seen.push({ ...given, remaining, nextLatency, ratio, lastRun, layersRun });
        return 0;
      },
      true,
    );
    const layers = [1000, 3000, 4000].map((ms, i) => {
      return { name: `${i}`, opType: "Fake", ms, zeros: i === 1 ? 0 : 0.75 };
    });
    const executor = createExecutor({
      policy,
      models: {
        m: { session, profile: { shapes: [{ shapes: { x: [1] }, runs: 9, layers }] }, priority: 3 },
      },
      predictor: "sparsity",
      now: clock,
    });
    await executor.submit("m", feedsOf(1), { deadlineMs: 20_000 });
    const given = { arrival: 0, deadline: 20, priority: 3, isolated: 8 };
    // The first layer is twice as dense as it is on average: 1 - 0.5 over 1 - 0.75.
    expect(seen).toEqual([
      { ...given, remaining: 8, nextLatency: 1, ratio: 1, lastRun: 0, layersRun: 0 },
      { ...given, remaining: 7, nextLatency: 3, ratio: 2, lastRun: 1, layersRun: 1 },
      { ...given, remaining: 4, nextLatency: 4, ratio: 2, lastRun: 4, layersRun: 2 },
    ]);
  });

  test("sees a guess where nothing is known, which never runs out", async () => {
    const clock = testClock();
    const remaining: number[] = [];
    const policy = listPolicy("spy", ([task]) => {
      remaining.push(task!.remaining / task!.isolated);
      return 0;
    });
    const executor = createExecutor({
      policy,
      models: { m: { session: fakeModel(clock, [50, 50, 50]) } },
      now: clock,
    });
    await executor.submit("m", feedsOf(1));
    expect(remaining[0]).toBe(1);
    expect(Math.min(...remaining)).toBeGreaterThan(0);
  });
});
