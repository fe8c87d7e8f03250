import { createRng, nextTurn } from "@edgewright/core";
import { createSession, type Outputs } from "@edgewright/graph";
import { describe, expect, test } from "vitest";
import { createExecutor } from "./executor.js";
import {
  anyone,
  denseModel,
  fakeModel,
  feedsOf,
  firstCome,
  listPolicy,
  randomFeeds,
  testClock,
} from "./executor.test-support.js";

const numberOf = (outputs: Outputs): number => outputs.y!.data[0] as number;

describe("cancellation", () => {
  test("ends a request behind any of its layers, and the session is free again", async () => {
    for (let layer = 0; layer < 4; layer++) {
      const clock = testClock();
      const abort = new AbortController();
      const session = fakeModel(clock, [1, 1, 1, 1]);
      const executor = createExecutor({
        policy: firstCome(),
        models: { m: { session } },
        now: clock,
        turnMs: 0,
        onEvent: (event) => {
          if (event.type === "layer" && event.id === 0 && event.layer === layer)
            abort.abort("enough");
        },
      });
      const cancelled = executor.submit("m", feedsOf(1), { signal: abort.signal });
      const next = executor.submit("m", feedsOf(2));
      await expect(cancelled).rejects.toMatchObject({ code: "aborted", cause: "enough" });
      expect(numberOf((await next).outputs)).toBe(6);
      expect(session.layersRun).toBe(layer + 1 + 4);
    }
  });

  test("before the first layer runs nothing", async () => {
    const clock = testClock();
    const session = fakeModel(clock, [1]);
    const executor = createExecutor({
      policy: firstCome(),
      models: { m: { session } },
      now: clock,
    });
    const abort = new AbortController();
    const request = executor.submit("m", feedsOf(1), { signal: abort.signal });
    abort.abort();
    await expect(request).rejects.toThrow("aborted");
    await expect(executor.submit("m", feedsOf(1), { signal: abort.signal })).rejects.toThrow(
      "aborted",
    );
    await nextTurn();
    expect(session.layersRun).toBe(0);
  });

  test("lets timers through while layers run", async () => {
    const session = await createSession(denseModel(64, 12, 1));
    const executor = createExecutor({
      policy: firstCome(),
      models: { m: { session } },
      turnMs: 0.2,
    });
    const abort = new AbortController();
    const requests = Array.from({ length: 200 }, (_, i) =>
      executor.submit("m", randomFeeds([64, 64], i), { signal: abort.signal }),
    );
    setTimeout(() => abort.abort(), 3);
    const settled = await Promise.allSettled(requests);
    expect(settled.at(-1)!.status).toBe("rejected");
    session.dispose();
  });
});

describe("disposal", () => {
  test("rejects what waits and what is under way, and frees the sessions", async () => {
    const clock = testClock();
    const session = fakeModel(clock, [1, 1, 1]);
    const executor = createExecutor({
      policy: firstCome(),
      models: { m: { session } },
      now: clock,
      onEvent: (event) => {
        if (event.type === "layer" && event.layer === 1) executor.dispose();
      },
    });
    const requests = [executor.submit("m", feedsOf(1)), executor.submit("m", feedsOf(2))];
    const room = createExecutor({ policy: firstCome(), models: { m: { session } }, maxQueue: 1 });
    for (const request of requests)
      await expect(request).rejects.toMatchObject({ code: "disposed" });
    expect(session.open).toBe(0);
    expect(session.layersRun).toBe(2);
    await expect(executor.submit("m", feedsOf(1))).rejects.toMatchObject({ code: "disposed" });
    await expect(executor.ready()).rejects.toMatchObject({ code: "disposed" });
    await executor.whenIdle();
    room.dispose();
  });

  test("by a signal rejects as aborted", async () => {
    const clock = testClock();
    const abort = new AbortController();
    const executor = createExecutor({
      policy: firstCome(),
      models: { m: { session: fakeModel(clock, [1]) } },
      now: clock,
      maxQueue: 1,
      signal: abort.signal,
    });
    const request = executor.submit("m", feedsOf(1));
    const waiting = executor.ready("m");
    abort.abort();
    await expect(request).rejects.toMatchObject({ code: "aborted" });
    await expect(waiting).rejects.toMatchObject({ code: "aborted" });
  });
});

describe("back-pressure", () => {
  test("turns away what finds the queue full, and says how many wait", async () => {
    const clock = testClock();
    const executor = createExecutor({
      policy: firstCome(),
      models: { m: { session: fakeModel(clock, [1]) }, n: { session: fakeModel(clock, [1]) } },
      now: clock,
      maxQueue: 3,
      maxPerModel: 2,
    });
    const submit = (model: "m" | "n") => executor.submit(model, feedsOf(1));
    const accepted = [submit("m"), submit("m"), submit("n")];
    await expect(submit("n")).rejects.toMatchObject({
      name: "QueueFullError",
      code: "limit-exceeded",
      waiting: 3,
    });
    await Promise.all(accepted);
    const pair = [submit("m"), submit("m")];
    await expect(submit("m")).rejects.toThrow('2 requests of "m" wait already');
    await Promise.all(pair);
  });

  test("ready lets as many go on as there is room for", async () => {
    const clock = testClock();
    let most = 0;
    const executor = createExecutor({
      policy: anyone(createRng(1)),
      models: { m: { session: fakeModel(clock, [1, 1]) }, n: { session: fakeModel(clock, [3]) } },
      now: clock,
      maxQueue: 3,
      maxPerModel: 2,
      onEvent: () => {
        most = Math.max(most, executor.size);
      },
    });
    let finished = 0;
    const produce = async (model: "m" | "n") => {
      for (let i = 0; i < 10; i++) {
        await executor.ready(model);
        void executor.submit(model, feedsOf(i)).then(() => finished++);
      }
    };
    await Promise.all([produce("m"), produce("n"), produce("m")]);
    await executor.whenIdle();
    await nextTurn();
    expect(finished).toBe(30);
    expect(most).toBe(3);
  });
});

describe("deadlines", () => {
  const late = async (lateRequests: "run" | "drop-late" | "drop-hopeless") => {
    const clock = testClock();
    const session = fakeModel(clock, [10, 10]);
    const executor = createExecutor({
      policy: firstCome(),
      models: { m: { session, deadlineMs: 45 } },
      now: clock,
      turnMs: 0,
      lateRequests,
    });
    await executor.submit("m", feedsOf(0));
    const before = session.layersRun;
    const settled = await Promise.allSettled(
      [0, 1, 2].map((i) => executor.submit("m", feedsOf(i))),
    );
    return { settled, layers: session.layersRun - before };
  };

  test("are only noted unless asked for", async () => {
    const { settled, layers } = await late("run");
    expect(settled.every(({ status }) => status === "fulfilled")).toBe(true);
    expect(layers).toBe(6);
  });

  test("drop a request that is late", async () => {
    const { settled, layers } = await late("drop-late");
    expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected"]);
    expect(settled[2]).toMatchObject({
      reason: { name: "DeadlineMissedError", code: "unavailable", where: "m" },
    });
    // Its first layer began before the deadline.
    expect(layers).toBe(5);
  });

  test("drop a request that cannot be in time, before it takes time from others", async () => {
    const { settled, layers } = await late("drop-hopeless");
    expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected"]);
    expect(layers).toBe(4);
  });
});

describe("errors", () => {
  test("of a layer reject that request alone", async () => {
    const clock = testClock();
    let layers = 0;
    const session = fakeModel(clock, [1, 1], {
      onLayer: () => {
        if (++layers === 2) throw new Error("broken");
      },
    });
    const executor = createExecutor({
      policy: firstCome(),
      models: { m: { session } },
      now: clock,
    });
    const broken = executor.submit("m", feedsOf(1));
    const next = executor.submit("m", feedsOf(2));
    await expect(broken).rejects.toThrow("broken");
    expect(numberOf((await next).outputs)).toBe(4);
  });

  test("of a policy end the executor instead of letting everybody wait", async () => {
    const clock = testClock();
    for (const policy of [
      listPolicy("nobody", (tasks) => tasks.length),
      listPolicy("thrower", () => {
        throw new Error("no idea");
      }),
    ]) {
      const executor = createExecutor({
        policy,
        models: { m: { session: fakeModel(clock, [1]) } },
        now: clock,
      });
      await expect(executor.submit("m", feedsOf(1))).rejects.toThrow(
        `the policy "${policy.name}" failed`,
      );
    }
  });

  test("name what is wrong with options and requests", async () => {
    const clock = testClock();
    const session = fakeModel(clock, [1]);
    const make = (options: object, model: object = {}) =>
      createExecutor({ policy: firstCome(), models: { m: { session, ...model } }, ...options });
    expect(() => make({ maxQueue: 0 })).toThrow(
      "createExecutor: maxQueue must be a number from 1, got 0",
    );
    expect(() => make({ learningRate: 2 })).toThrow("learningRate must be from 0 to 1");
    expect(() => make({}, { session: [] })).toThrow("models.m.session must be a session or some");
    expect(() => make({}, { session: [session, session] })).toThrow("different ones");
    expect(() => make({}, { deadlineMs: -1 })).toThrow("models.m.deadlineMs");
    expect(() =>
      make(
        {},
        { profile: { shapes: [{ shapes: {}, runs: 1, layers: [{ ms: -1, zeros: null }] }] } },
      ),
    ).toThrow("models.m.profile.shapes[0].layers[0].ms must be a time from 0");
    const executor = make({});
    await expect(executor.submit("x" as "m", feedsOf(1))).rejects.toThrow(
      'there is no model "x"; there are m',
    );
    await expect(executor.submit("m", feedsOf(1), { deadlineMs: Number.NaN })).rejects.toThrow(
      "deadlineMs must be a time from 0",
    );
    const request = executor.submit("m", feedsOf(1));
    await expect(executor.prepare({ m: [feedsOf(1)] })).rejects.toMatchObject({
      code: "unavailable",
    });
    await request;
    await expect(executor.prepare({ m: [] })).rejects.toThrow("expected at least one sample");
  });
});
