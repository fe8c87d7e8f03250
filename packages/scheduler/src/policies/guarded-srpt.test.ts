import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Task } from "../tasks/task.js";
import { guardedSrpt } from "./guarded-srpt.js";

function taskOf(id: number, values: Partial<Task>): Task {
  const { remaining = 1, arrival = 0 } = values;
  return {
    ...{
      id,
      model: "m",
      arrival,
      deadline: Number.POSITIVE_INFINITY,
      priority: 1,
      isolated: remaining,
    },
    ...{ remaining, nextLatency: remaining, ratio: 1, lastRun: arrival, layersRun: 0 },
    ...values,
  };
}

/** The rule again, with sorting and searching where the queue has heaps and scratch. */
function chooseSlowly(waiting: readonly Task[], now: number): Task {
  const [reserve, hopelessWeight, price] = [0.015, 1.25, 0.3];
  const restOf = ({ ratio, remaining }: Task) => ratio * remaining;
  const byDeadline = [...waiting].sort((a, b) => a.deadline - b.deadline || a.id - b.id);
  let set: Task[] = [];
  const endOf = (tasks: readonly Task[]) => tasks.reduce((sum, task) => sum + restOf(task), now);
  for (const task of byDeadline) {
    set.push(task);
    if (endOf(set) <= task.deadline) continue;
    const longest = set.reduce((a, b) => (restOf(b) > restOf(a) ? b : a));
    set = set.filter((other) => other !== longest);
  }
  const keyOf = (task: Task) => (set.includes(task) ? 1 : hopelessWeight) * restOf(task);
  // Of equals those of the set come first.
  const inOrder = [...set, ...byDeadline.filter((task) => !set.includes(task))];
  const shortestOf = (tasks: readonly Task[]) =>
    tasks.length === 0 ? undefined : tasks.reduce((a, b) => (keyOf(b) < keyOf(a) ? b : a));
  const mayRun = byDeadline.filter((task, at) =>
    (set.includes(task) ? byDeadline.slice(0, at) : byDeadline).every((other) => {
      if (!set.includes(other) || other.deadline === Number.POSITIVE_INFINITY) return true;
      const ahead = set.slice(0, set.indexOf(other) + 1);
      const slack = other.deadline - now - (endOf(ahead) - now);
      return restOf(task) <= slack - reserve * (other.deadline - other.arrival);
    }),
  );
  const best = shortestOf(inOrder.filter((task) => mayRun.includes(task)));
  const shortest = shortestOf(byDeadline)!;
  if (best === undefined) return shortest;
  if (best === shortest || set.length === waiting.length) return best;
  const shorter = waiting.filter((task) => keyOf(task) < restOf(best)).length;
  return shorter * restOf(best) > price * (best.deadline - best.arrival) ? shortest : best;
}

describe("guardedSrpt", () => {
  it("runs the shortest while nobody is pressed", () => {
    const queue = guardedSrpt().createQueue();
    queue.put(taskOf(0, { remaining: 3, deadline: 100 }), 0);
    queue.put(taskOf(1, { remaining: 1, deadline: 200 }), 0);
    queue.put(taskOf(2, { remaining: 2 }), 0);
    expect([0, 1, 3].map((now) => queue.take(now)?.id)).toEqual([1, 2, 0]);
    expect(queue.take(6)).toBeUndefined();
  });

  it("lets nobody overtake a request whose slack does not bear it", () => {
    const queue = guardedSrpt().createQueue();
    queue.put(taskOf(0, { remaining: 3, deadline: 3.9 }), 0);
    queue.put(taskOf(1, { remaining: 1, deadline: 200 }), 0);
    expect(queue.take(0)?.id).toBe(0);
  });

  it("does not pay for a request that cannot be in time", () => {
    const queue = guardedSrpt().createQueue();
    queue.put(taskOf(0, { remaining: 3, deadline: 2 }), 0);
    queue.put(taskOf(1, { remaining: 2.9, deadline: 4 }), 0);
    expect(queue.take(0)?.id).toBe(1);
    expect(queue.take(2.9)?.id).toBe(0);
  });

  it("takes out what is withdrawn, once", () => {
    const queue = guardedSrpt().createQueue();
    const tasks = [taskOf(0, { deadline: 5 }), taskOf(1, { deadline: 5 }), taskOf(2, {})];
    for (const task of tasks) queue.put(task, 0);
    expect(queue.remove(tasks[1]!)).toBe(true);
    expect(queue.remove(tasks[1]!)).toBe(false);
    expect(queue.size).toBe(2);
  });

  const time = fc.integer({ min: 1, max: 60 }).map((eighths) => eighths / 8);
  const request = fc.record({
    remaining: time,
    deadline: fc.oneof(fc.constant(Number.POSITIVE_INFINITY), fc.integer({ min: 1, max: 200 })),
    arrival: fc.constant(0),
    ratio: fc.constantFrom(0.5, 1, 1, 2),
  });

  it("chooses as the slow and obvious rule does", () => {
    fc.assert(
      fc.property(fc.array(request, { minLength: 1, maxLength: 12 }), time, (requests, now) => {
        const queue = guardedSrpt().createQueue();
        const waiting = requests.map((values, id) => taskOf(id, values));
        for (const task of waiting) queue.put(task, now);
        while (waiting.length > 0) {
          const chosen = queue.take(now)!;
          expect(chosen.id).toBe(chooseSlowly(waiting, now).id);
          waiting.splice(waiting.indexOf(chosen), 1);
        }
      }),
      { seed: 11, numRuns: 300 },
    );
  });

  it("misses no deadline that the earliest-deadline order keeps, when predictions are exact", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(time, time), { minLength: 1, maxLength: 10 }), (pairs) => {
        let end = 0;
        const tasks = pairs.map(([remaining, spare], id) => {
          end += remaining;
          return taskOf(id, { remaining, deadline: end + spare });
        });
        // Sorted by deadline they may still be late: keep what is feasible.
        const sorted = [...tasks].sort((a, b) => a.deadline - b.deadline);
        let work = 0;
        const feasible = sorted.every((task) => {
          work += task.remaining;
          return work <= task.deadline;
        });
        fc.pre(feasible);
        const queue = guardedSrpt().createQueue();
        for (const task of tasks) queue.put(task, 0);
        let now = 0;
        for (let task = queue.take(now); task; task = queue.take(now)) {
          // Layer by layer, in eighths of a second.
          now += 1 / 8;
          task.remaining -= 1 / 8;
          if (task.remaining > 0) queue.put(task, now);
          else expect(now).toBeLessThanOrEqual(task.deadline);
        }
      }),
      { seed: 12, numRuns: 100 },
    );
  });

  it("refuses options out of range", () => {
    expect(() => guardedSrpt({ reserve: 1 })).toThrow(
      '"reserve" from 0 to below 1 was expected, got 1',
    );
    expect(() => guardedSrpt({ price: Number.NaN })).toThrow('"price" from 0');
    expect(() => guardedSrpt({ accelerators: 0 })).toThrow('"accelerators" from 1');
  });
});
