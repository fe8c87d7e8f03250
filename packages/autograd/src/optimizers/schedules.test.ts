import { describe, expect, it } from "vitest";
import {
  chainSchedules,
  constantSchedule,
  cosineSchedule,
  stepSchedule,
  warmUp,
} from "./schedules.js";

describe("schedules", () => {
  it("cosine: half a wave down to the minimum, which stays", () => {
    const schedule = cosineSchedule(0.1, { steps: 100, minimum: 0.02 });
    expect(schedule(0)).toBe(0.1);
    expect(schedule(50)).toBeCloseTo(0.06, 12);
    expect(schedule(25) + schedule(75)).toBeCloseTo(0.12, 12);
    expect([schedule(100), schedule(1000)]).toEqual([0.02, 0.02]);
    for (let step = 1; step <= 100; step++) expect(schedule(step)).toBeLessThan(schedule(step - 1));
  });

  it("steps: multiplied at every change", () => {
    const schedule = stepSchedule(1, { every: 3, factor: 0.5 });
    expect([0, 1, 2, 3, 5, 6, 9].map(schedule)).toEqual([1, 1, 1, 0.5, 0.5, 0.25, 0.125]);
    expect(stepSchedule(1, { every: 1 })(1)).toBeCloseTo(0.1, 12);
  });

  it("warm-up: a straight line up, then the schedule from its beginning", () => {
    const schedule = warmUp(stepSchedule(1, { every: 2, factor: 0.5 }), { steps: 4 });
    expect([0, 1, 2, 3, 4, 5, 6].map(schedule)).toEqual([0.25, 0.5, 0.75, 1, 1, 1, 0.5]);
    expect([0, 1, 2, 9].map(warmUp(3, { steps: 2 }))).toEqual([1.5, 3, 3, 3]);
    expect(warmUp(3, { steps: 0 })(0)).toBe(3);
  });

  it("one after another, each from its own beginning", () => {
    const schedule = chainSchedules([
      { schedule: constantSchedule(5), steps: 2 },
      { schedule: (step) => step, steps: 3 },
      { schedule: (step) => -step, steps: 1 },
    ]);
    expect([0, 1, 2, 3, 4, 5, 6, 7].map(schedule)).toEqual([5, 5, 0, 1, 2, -0, -1, -2]);
  });

  it("refuses numbers out of range", () => {
    expect(() => constantSchedule(-1)).toThrow("constantSchedule: expected a rate of 0 or more");
    expect(() => cosineSchedule(1, { steps: 0 })).toThrow(
      "cosineSchedule: expected steps to be a whole number from 1, got 0",
    );
    expect(() => stepSchedule(1, { every: 1.5 })).toThrow("stepSchedule: expected every to be");
    expect(() => warmUp(1, { steps: -1 })).toThrow("warmUp: expected steps to be a whole number");
    expect(() => chainSchedules([])).toThrow("chainSchedules: expected at least one part");
  });
});
