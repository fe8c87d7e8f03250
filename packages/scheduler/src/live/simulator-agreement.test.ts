import { nextTurn } from "@edgewright/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { dysta } from "../policies/dysta.js";
import { edf } from "../policies/edf.js";
import { fcfs } from "../policies/fcfs.js";
import type { Policy } from "../policies/policy.js";
import { sjf } from "../policies/sjf.js";
import { createModelTable } from "../simulator/model-table.js";
import { simulate } from "../simulator/simulate.js";
import type { CompletedTask } from "../tasks/completed-task.js";
import { createExecutor } from "./executor.js";
import { fakeModel, feedsOf, testClock } from "./executor.test-support.js";

// Whole seconds add up without rounding, so that ties are ties on both sides.
const LAYERS = { a: [1, 2, 1], b: [5], c: [2, 2, 3, 1] } as const;
const NAMES = ["a", "b", "c"] as const;

interface Request {
  readonly model: (typeof NAMES)[number];
  readonly arrival: number;
  readonly deadline: number;
}

/** Runs requests through the executor on a clock that models move on. */
async function runLive(policy: Policy, requests: readonly Request[]): Promise<CompletedTask[]> {
  const clock = testClock();
  const origin = clock();
  const completed: CompletedTask[] = [];
  let next = 0;
  const submitDue = (): void => {
    while (next < requests.length && requests[next]!.arrival * 1000 <= clock() - origin) {
      const { model, arrival, deadline } = requests[next++]!;
      void executor.submit(model, feedsOf(0), { deadlineMs: (deadline - arrival) * 1000 });
    }
  };
  const model = (name: (typeof NAMES)[number]) => {
    const layers = LAYERS[name].map((seconds) => seconds * 1000);
    return {
      // As many sessions as requests: the simulator knows no sessions.
      session: requests.map(() => fakeModel(clock, layers, { onLayer: submitDue })),
      profile: {
        shapes: [
          {
            shapes: { x: [1] },
            runs: 10,
            layers: layers.map((ms, i) => ({ name: `${i}`, opType: "Fake", ms, zeros: 0.5 })),
          },
        ],
      },
    };
  };
  const executor = createExecutor({
    policy,
    models: { a: model("a"), b: model("b"), c: model("c") },
    predictor: "none",
    now: clock,
    onEvent: (event) => {
      if (event.type === "left") completed.push(event.request);
    },
  });
  while (next < requests.length) {
    clock.advance(Math.max(0, requests[next]!.arrival * 1000 - (clock() - origin)));
    submitDue();
    await executor.whenIdle();
    await nextTurn();
  }
  return completed;
}

test("live and simulated runs of a policy end every request at the same time", async () => {
  // Requests arrive when layers end: in between, the executor notes them when it gets to know of them.
  const request = fc.record({
    model: fc.constantFrom(...NAMES),
    gap: fc.integer({ min: 0, max: 6 }),
    slack: fc.integer({ min: 1, max: 40 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(request, { minLength: 1, maxLength: 12 }),
      fc.constantFrom(fcfs, sjf, edf, dysta),
      async (list, make) => {
        let arrival = 0;
        const wanted = list.map(({ model, gap, slack }): Request => {
          arrival += gap;
          return { model, arrival, deadline: arrival + slack };
        });
        const live = await runLive(make(), wanted);
        // Both see the arrivals as they were noted live.
        const noted = [...live].sort((a, b) => a.id - b.id);
        const requests = noted.map(({ arrival: at, model, deadline }) => ({
          arrival: at,
          model,
          deadline,
        }));
        const models = NAMES.map((name) => createModelTable({ name, latencies: [LAYERS[name]] }));
        const simulated = simulate({ policy: make(), models, requests });
        const times = (tasks: readonly CompletedTask[]) =>
          tasks.map(({ id, start, finish }) => ({ id, start, finish })).sort((a, b) => a.id - b.id);
        expect(times(live)).toEqual(times(simulated.completed));
      },
    ),
    { seed: 8, numRuns: 200 },
  );
});
