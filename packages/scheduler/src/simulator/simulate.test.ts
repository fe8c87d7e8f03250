import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createPolicy, type PolicyName, policyNames } from "../policies/create-policy.js";
import type { Policy } from "../policies/policy.js";
import { weightedFair } from "../policies/weighted-fair.js";
import { poissonArrivals } from "./arrivals.js";
import { createRequests, type SimulatedRequest } from "./create-requests.js";
import { createModelTable } from "./model-table.js";
import { type SimulatedLayer, simulate } from "./simulate.js";

const MODELS = [
  createModelTable({
    name: "net_a",
    architecture: "net",
    latencies: [
      [0.5, 1, 0.25],
      [1, 1.5, 0.5],
    ],
    sparsities: [
      [0.5, 0.5, 0.75],
      [0.25, 0.5, 0.5],
    ],
  }),
  createModelTable({ name: "net_b", architecture: "net", latencies: [[0.25, 0.75, 0.5]] }),
  createModelTable({ name: "small", latencies: [[0.125], [0.375]] }),
];

const anyRequest: fc.Arbitrary<SimulatedRequest> = fc
  .record({
    arrival: fc.oneof(fc.integer({ min: 0, max: 8 }), fc.double({ min: 0, max: 12, noNaN: true })),
    which: fc.constantFrom(0, 1, 2),
    sample: fc.constantFrom(0, 1),
    priority: fc.constantFrom(1, 3, 9),
    allowance: fc.constantFrom(1, 4, 20, Infinity),
  })
  .map(({ arrival, which, sample, priority, allowance }) => {
    const { name, samples } = MODELS[which]!;
    const deadline = arrival + allowance;
    return { arrival, model: name, sample: Math.min(sample, samples - 1), priority, deadline };
  });

describe.each(policyNames())("%s", (name) => {
  test("runs every layer of every request once, in order, and idles only while nothing waits", () => {
    fc.assert(
      fc.property(
        fc.array(anyRequest, { maxLength: 25 }),
        fc.constantFrom(1, 1, 2, 3),
        (requests, accelerators) => {
          const layers: SimulatedLayer[] = [];
          const layersRun: number[] = [];
          const { completed, metrics, decisions } = simulate({
            ...{ policy: createPolicy(name), models: MODELS, requests, accelerators },
            segments: true,
            onLayer: (layer) => {
              layers.push({ ...layer });
              layersRun.push(layer.task.layersRun);
            },
          });
          expect(completed.length).toBe(requests.length);
          expect(new Set(completed.map(({ id }) => id)).size).toBe(requests.length);
          expect(decisions).toBe(layers.length);
          expect(layers.map(({ layer }) => layer)).toEqual(layersRun);
          expect(metrics.finished).toBe(requests.length);
          for (const task of completed) {
            const { segments = [], model } = task;
            const table = MODELS.find((one) => one.name === model)!;
            expect(segments.reduce((sum, one) => sum + one.layers, 0)).toBe(table.layers);
            expect(segments[0]!.firstLayer).toBe(0);
            expect(segments[0]!.start).toBe(task.start);
            expect(segments.at(-1)!.end).toBe(task.finish);
            expect(task.start).toBeGreaterThanOrEqual(task.arrival);
            expect(task.finish - task.arrival).toBeGreaterThanOrEqual(task.isolated - 1e-9);
            for (const [i, segment] of segments.entries()) {
              if (i === 0) continue;
              const before = segments[i - 1]!;
              expect(segment.start).toBeGreaterThanOrEqual(before.end);
              expect(segment.firstLayer).toBe(before.firstLayer + before.layers);
            }
          }
          checkWork(layers, requests, accelerators);
        },
      ),
      { seed: 11, numRuns: 40 },
    );
  });

  test("is the same again for the same seed", () => {
    const arrivals = poissonArrivals({ rate: 1, count: 60, seed: 3 });
    const run = (seed: number) => {
      const requests = createRequests({ models: MODELS, arrivals, seed, sloMultiplier: 4 });
      return simulate({ policy: createPolicy(name), models: MODELS, requests }).completed;
    };
    expect(run(1)).toEqual(run(1));
    expect(run(1)).not.toEqual(run(2));
  });
});

// An accelerator runs one layer at a time, and none is free while a task waits.
function checkWork(
  layers: readonly SimulatedLayer[],
  requests: readonly SimulatedRequest[],
  accelerators: number,
): void {
  const freeAt = new Array<number>(accelerators).fill(0);
  for (const { accelerator, start, end } of layers) {
    expect(start).toBeGreaterThanOrEqual(freeAt[accelerator]!);
    freeAt[accelerator] = end;
  }
  // While a task waits, for its first layer or for another, every accelerator is busy.
  const readyAt = new Map<number, number>();
  for (const { task, start, end } of layers) {
    const ready = readyAt.get(task.id) ?? task.arrival;
    readyAt.set(task.id, end);
    if (start <= ready) continue;
    const between = (ready + start) / 2;
    const busy = layers.filter((one) => one.start <= between && one.end > between).length;
    expect(busy).toBe(accelerators);
  }
  expect(readyAt.size).toBe(requests.length);
}

describe("what single policies promise", () => {
  const options = { seed: 4, numRuns: 60 };
  const run = (name: PolicyName, requests: SimulatedRequest[]) =>
    simulate({ policy: createPolicy(name), models: MODELS, requests });

  test("FCFS ends tasks in order of arrival and never interrupts one", () => {
    fc.assert(
      fc.property(fc.array(anyRequest, { maxLength: 25 }), (requests) => {
        const { completed } = simulate({
          ...{ policy: createPolicy("fcfs"), models: MODELS, requests, segments: true },
        });
        expect(completed.map(({ id }) => id)).toEqual(completed.map((_, i) => i));
        for (const { segments } of completed) expect(segments!.length).toBe(1);
      }),
      options,
    );
  });

  test("EDF ends requests that came together in order of their deadlines", () => {
    fc.assert(
      fc.property(fc.array(anyRequest, { maxLength: 25 }), (requests) => {
        const together = requests.map((request) => ({ ...request, arrival: 1 }));
        const deadlines = run("edf", together).completed.map(({ deadline }) => deadline);
        expect(deadlines).toEqual([...deadlines].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
      }),
      options,
    );
  });

  test("EDF meets all deadlines of requests that came together where FCFS does (Jackson's rule)", () => {
    fc.assert(
      fc.property(fc.array(anyRequest, { maxLength: 12 }), (requests) => {
        const together = requests.map((request) => ({ ...request, arrival: 1 }));
        if (run("fcfs", together).metrics.violations > 0) return;
        expect(run("edf", together).metrics.violations).toBe(0);
      }),
      options,
    );
  });

  test("weighted fair gives time by priority", () => {
    const latencies = [new Array<number>(100).fill(0.25)];
    const models = [createModelTable({ name: "long", latencies })];
    const requests = [1, 3].map((priority) => ({ arrival: 0, model: "long", priority }));
    const counts = [0, 0];
    simulate({
      ...{ policy: createPolicy("weighted-fair"), models, requests },
      onLayer: ({ task, start }) => {
        if (start < 25) counts[task.id]!++;
      },
    });
    expect(counts).toEqual([25, 75]);
  });
});

test("Dysta, by hand: the shorter of two first, and a denser one gives way after its first layer", () => {
  const dense = createModelTable({
    name: "dense",
    latencies: [
      [2, 2],
      [1, 1],
    ],
    sparsities: [
      [0, 0],
      [0.75, 0.75],
    ],
  });
  const plain = createModelTable({ name: "plain", latencies: [[1.9]] });
  const order: string[] = [];
  simulate({
    policy: createPolicy("dysta"),
    models: [dense, plain],
    requests: [
      { arrival: 0, model: "dense", deadline: 100 },
      { arrival: 1, model: "plain", deadline: 100 },
    ],
    onLayer: ({ task, layer }) => order.push(`${task.model} ${layer}`),
  });
  // After one layer 1.5 s of the dense one are left on average, times 1 / 0.625 for its density: 2.4 s, above 1.9.
  expect(order).toEqual(["dense 0", "plain 0", "dense 1"]);
});

test("several accelerators share the work, and a task stays where it was", () => {
  const requests = [0, 0, 0, 0].map((arrival) => ({ arrival, model: "net_b" }));
  const one = simulate({ policy: createPolicy("fcfs"), models: MODELS, requests });
  const two = simulate({
    ...{ policy: createPolicy("fcfs"), models: MODELS, requests },
    ...{ accelerators: 2, segments: true },
  });
  expect(one.metrics.span).toBe(6);
  expect(two.metrics.span).toBe(3);
  expect(two.metrics.utilization).toBe(1);
  expect(two.completed.map(({ segments }) => segments!.length)).toEqual([1, 1, 1, 1]);
  expect(two.completed.map(({ segments }) => segments![0]!.accelerator)).toEqual([0, 1, 0, 1]);
});

describe("what cannot be run", () => {
  const policy = createPolicy("fcfs");
  const run =
    (requests: SimulatedRequest[], more = {}) =>
    () =>
      simulate({ policy, models: MODELS, requests, ...more });

  test.each([
    [{ arrival: 0, model: "big" }, /for the model "big", which has no table; there are net_a, /],
    [{ arrival: Number.NaN, model: "small" }, /an arrival in seconds, up to 1e12, got NaN/],
    [{ arrival: 1e300, model: "small" }, /up to 1e12, got 1e\+300/],
    [{ arrival: 0, model: "small", sample: 2 }, /a sample from 0 to 1, got 2/],
    [{ arrival: 0, model: "small", priority: 0 }, /a priority above 0, got 0/],
    [{ arrival: 0, model: "small", deadline: Number.NaN }, /a deadline in seconds, or Infinity/],
  ])("%j", (request, message) => {
    expect(run([request])).toThrow(message);
  });

  test("wrong options", () => {
    expect(run([], { accelerators: 0 })).toThrow(/whole number of accelerators from 1 .* got 0/);
    expect(run([], { accelerators: 2, compat: "reference" })).toThrow(
      /knows one accelerator, got 2/,
    );
    expect(run([], { compat: "exact" })).toThrow(/"fixed" or "reference" .* got "exact"/);
    expect(() => createPolicy("prema", { compat: "old" as "fixed" })).toThrow(/got "old"/);
    expect(run([], { models: [MODELS[0], MODELS[0]] })).toThrow(/two tables are named "net_a"/);
    expect(run([], { signal: AbortSignal.abort() })).toThrow(/aborted by the caller/);
  });

  test.each(policyNames())(
    "%s runs tasks that take no time, and any number of accelerators",
    (name) => {
      const none = createModelTable({ name: "none", latencies: [[0, 0]], sparsities: [[1, 1]] });
      const requests = Array.from({ length: 20 }, (_, i) => ({
        ...{ arrival: i % 3, model: i % 2 === 0 ? "none" : "net_a", deadline: i },
      }));
      const models = [...MODELS, none];
      for (const accelerators of [1, 2, Number.MAX_SAFE_INTEGER]) {
        const { completed, metrics } = simulate({
          ...{ policy: createPolicy(name), models, requests, accelerators },
        });
        expect(completed).toHaveLength(20);
        expect(metrics.antt).toBeGreaterThanOrEqual(1);
      }
      const at = requests.filter(({ model, arrival }) => model === "none" && arrival === 0);
      const { metrics } = simulate({ policy: createPolicy(name), models, requests: at });
      expect(metrics).toMatchObject({ utilization: 0, throughput: Infinity, antt: 1 });
    },
  );

  test("weights that are none are refused where a task comes", () => {
    const requests = [{ arrival: 0, model: "small" }];
    const policy = weightedFair({ weightOf: () => 0 });
    expect(run(requests, { policy })).toThrow(/weightOf must give a number above 0, got 0/);
  });

  test("a policy that gives back nothing is named", () => {
    const lazy: Policy = {
      ...{ name: "lazy", averages: "model", watchesSparsity: false },
      createQueue: () => ({ size: 1, put() {}, take: () => undefined, remove: () => false }),
    };
    const requests = [{ arrival: 0, model: "small" }];
    expect(() => simulate({ policy: lazy, models: MODELS, requests })).toThrow(
      /the policy "lazy" took nothing while tasks wait/,
    );
  });
});
