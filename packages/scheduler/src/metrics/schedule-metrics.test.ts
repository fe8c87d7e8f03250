import { describe, expect, test } from "vitest";
import type { CompletedTask } from "../tasks/completed-task.js";
import { scheduleMetrics } from "./schedule-metrics.js";

function task(fields: Partial<CompletedTask>): CompletedTask {
  return {
    ...{ id: 0, model: "a", priority: 1, arrival: 0, deadline: Infinity, outcome: "finished" },
    ...{ start: 0, finish: 1, isolated: 1 },
    ...fields,
  };
}

// By hand: turnarounds 2, 4 and 6 seconds of tasks that take 1, 1 and 3 alone: slowed down 2, 4 and 2 times.
const THREE = [
  task({ arrival: 1, finish: 3, deadline: 3 }),
  task({ arrival: 2, finish: 6, deadline: 5 }),
  task({ model: "b", arrival: 3, finish: 9, isolated: 3, deadline: 9.5 }),
];

describe("scheduleMetrics", () => {
  test("of three tasks, by hand", () => {
    const metrics = scheduleMetrics(THREE);
    expect(metrics).toMatchObject({ requests: 3, finished: 3, violations: 1, span: 8 });
    expect(metrics.violationRate).toBeCloseTo(1 / 3, 15); // a deadline met to the moment is met
    expect(metrics.antt).toBeCloseTo(8 / 3, 15);
    expect(metrics.throughput).toBe(3 / 8);
    expect(metrics.systemThroughput).toBe(0.5 + 0.25 + 0.5);
    expect(metrics.fairness).toBe(0.5);
    expect(metrics.utilization).toBe(5 / 8);
    expect(metrics.latency.p50).toBe(4);
    expect(metrics.normalizedTurnaround.p50).toBe(2);
    expect(metrics.normalizedTurnaround.p99).toBeCloseTo(3.96, 12);
    expect(metrics.models.b).toMatchObject({ requests: 1, violations: 0, antt: 2 });
    expect(metrics.models.a).toMatchObject({ requests: 2, violationRate: 0.5, antt: 3 });
  });

  test("what did not run to its end is a violation, and is in no mean", () => {
    const outcomes = ["cancelled", "rejected", "failed"] as const;
    const left = outcomes.map((outcome) => task({ outcome, finish: 2, isolated: 0.5 }));
    const metrics = scheduleMetrics([...THREE, ...left]);
    expect(metrics).toMatchObject({ requests: 6, finished: 3, violations: 4 });
    expect(metrics.antt).toBeCloseTo(8 / 3, 15);
    expect(metrics.span).toBe(9); // from their arrival on
    expect(scheduleMetrics(left)).toMatchObject({
      violationRate: 1,
      throughput: 0,
      utilization: 0,
    });
    expect(scheduleMetrics(left).antt).toBeNaN();
    expect(scheduleMetrics([])).toMatchObject({ requests: 0, violationRate: 0, throughput: 0 });
  });

  test("segments say how long accelerators were busy, and so may the caller", () => {
    const segment = { accelerator: 0, firstLayer: 0, layers: 2 };
    const segments = [
      { ...segment, start: 0, end: 0.5 },
      { ...segment, start: 0.75, end: 1 },
    ];
    expect(scheduleMetrics([task({ segments })]).utilization).toBe(0.75);
    expect(scheduleMetrics([task({ segments })], { accelerators: 2 }).utilization).toBe(0.375);
    expect(scheduleMetrics([task({ segments })], { busy: 1 }).utilization).toBe(1);
    expect(() => scheduleMetrics([], { accelerators: 0 })).toThrow(/from 1 was expected, got 0/);
  });
});
