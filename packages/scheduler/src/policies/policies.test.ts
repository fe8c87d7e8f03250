import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Task } from "../tasks/task.js";
import { createPolicy } from "./create-policy.js";
import { type PlainName, plainRules } from "./slow-queues.test-support.js";

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

const LAYERS = 4;
// Two models of one isolated time, so that equal scores come up, and one of another.
const MODELS = [
  { name: "a", latencies: [0.25, 0.5, 0.25, 1] },
  { name: "b", latencies: [1, 0.25, 0.5, 0.25] },
  { name: "c", latencies: [0.1, 0.3, 0.2, 0.1] },
] as const;

/** What happens next: a request comes, or a task runs a layer, or one that waits is withdrawn. */
const step = fc.oneof(
  { weight: 5, arbitrary: arrival() },
  { weight: 6, arbitrary: layer() },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("withdraw" as const), which: fc.nat() }) },
);

function arrival() {
  return fc.record({
    kind: fc.constant("arrive" as const),
    gap: fc.oneof(
      fc.constant(0),
      fc.constantFrom(0.125, 0.25, 1),
      fc.double({ min: 0, max: 0.5, noNaN: true }),
    ),
    model: fc.nat({ max: MODELS.length - 1 }),
    priority: fc.constantFrom(1, 3, 9),
    allowance: fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(2, 5, 20, Infinity) },
      { weight: 1, arbitrary: fc.double({ min: 0, max: 30, noNaN: true }) },
    ),
    truth: fc.constantFrom(0.5, 0.75, 1, 1.5),
  });
}

function layer() {
  return fc.record({
    kind: fc.constant("run" as const),
    slowdown: fc.constantFrom(0.5, 1, 1, 1.25),
    ratio: fc.oneof(fc.constantFrom(0.8, 1, 1.25), fc.double({ min: 0.5, max: 2, noNaN: true })),
  });
}

describe.each(Object.keys(plainRules()) as PlainName[])("%s", (name) => {
  test("takes what its rule says, whatever comes and goes", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const policy = createPolicy(name);
        const queue = policy.createQueue();
        const rule = plainRules()[name]();
        const waiting: Mutable<Task>[] = []; // by id
        let now = 0;
        let admitted = 0;
        for (const one of [...steps, ...steps.map(() => RUN)]) {
          if (one.kind === "arrive") {
            now += one.gap;
            const task = createTask(admitted++, now, one, policy.averages === "pattern");
            waiting.push(task);
            queue.put(task, now);
          } else if (one.kind === "withdraw") {
            if (waiting.length === 0) continue;
            const [task] = waiting.splice(one.which % waiting.length, 1);
            expect(queue.remove(task!)).toBe(true);
            expect(queue.remove(task!)).toBe(false);
          } else if (waiting.length === 0) {
            expect(queue.take(now)).toBe(undefined);
          } else {
            const expected = rule(waiting, now) as Mutable<Task>;
            expect(queue.take(now)?.id).toBe(expected.id);
            now += expected.nextLatency * one.slowdown;
            runLayer(expected, now, policy.watchesSparsity ? one.ratio : 1);
            if (expected.layersRun < LAYERS) queue.put(expected, now);
            else waiting.splice(waiting.indexOf(expected), 1);
          }
          expect(queue.size).toBe(waiting.length);
        }
      }),
      { seed: 20231028, numRuns: 120 },
    );
  });

  test("holds many that come at once", () => {
    const policy = createPolicy(name);
    const queue = policy.createQueue();
    const rule = plainRules()[name]();
    const waiting: Mutable<Task>[] = [];
    for (let id = 0; id < 300; id++) {
      const task = createTask(
        id,
        Math.floor(id / 50),
        { model: id % 3, priority: [1, 3, 9][id % 3]!, allowance: 20, truth: 1 },
        false,
      );
      waiting.push(task);
    }
    for (const task of waiting) queue.put(task, 6);
    let now = 6;
    for (let i = 0; i < 150; i++) {
      const expected = rule(waiting, now) as Mutable<Task>;
      expect(queue.take(now)?.id).toBe(expected.id);
      now += expected.nextLatency;
      runLayer(expected, now, policy.watchesSparsity ? 1 + (expected.id % 7) / 10 : 1);
      if (expected.layersRun < LAYERS) queue.put(expected, now);
      else waiting.splice(waiting.indexOf(expected), 1);
    }
  });
});

const RUN = { kind: "run", slowdown: 1, ratio: 1 } as const;

function createTask(
  id: number,
  now: number,
  request: { model: number; priority: number; allowance: number; truth: number },
  scaled: boolean,
): Mutable<Task> {
  const { name, latencies } = MODELS[request.model]!;
  const scale = scaled ? 1.1 : 1;
  const isolated = latencies.reduce((sum, latency) => sum + latency * scale, 0);
  return {
    ...{ id, model: name, arrival: now, deadline: now + request.allowance },
    ...{ priority: request.priority, isolated, remaining: isolated },
    ...{ nextLatency: latencies[0]! * scale, ratio: 1, lastRun: now, layersRun: 0 },
    ...{ trueRemaining: isolated * request.truth, trueIsolated: isolated * request.truth },
  };
}

function runLayer(task: Mutable<Task>, now: number, ratio: number): void {
  const { latencies } = MODELS.find(({ name }) => name === task.model)!;
  task.layersRun++;
  task.lastRun = now;
  task.ratio = ratio;
  task.remaining = latencies.slice(task.layersRun).reduce((sum: number, one) => sum + one, 0);
  task.trueRemaining = (task.trueIsolated! * (LAYERS - task.layersRun)) / LAYERS;
  task.nextLatency = latencies[task.layersRun] ?? 0;
}

test("an unknown name is refused with those that there are", () => {
  expect(() => createPolicy("toString" as "fcfs")).toThrow(
    /createPolicy: no policy is named "toString"; there are fcfs, sjf, .*dysta-oracle/,
  );
  expect(() => createPolicy("dysta", { beta: -1 })).toThrow(/beta must be a number from 0, got -1/);
  expect(() => createPolicy("sdrm3", { alpha: Number.NaN })).toThrow(/alpha .* got NaN/);
});
