import fc from "fast-check";
import { expect, test } from "vitest";
import { compileProblem } from "./design-columns.js";
import { describeStates } from "./design-set.js";
import { evaluateDesign } from "./evaluate-design.js";
import { exploreDesigns, rankDesigns } from "./explore-designs.js";
import { findBestDesign } from "./find-best-design.js";
import { measureDistance, scaleObjective } from "./optimality.js";
import { planDesigns } from "./plan-designs.js";
import type { PlanningProblem } from "./planning-problem.js";
import { createRandomProblem } from "./random-problem.test-support.js";

const SLOS = [
  "max accuracy; min latency; min memory x2; fairness >= 0.2",
  "max accuracy; min p95 latency for t0; latency <= 60ms; memory <= 120MB",
  "max stp; min antt; max fairness x0.5; accuracy >= 55",
  "min size; max throughput; max accuracy for t1; ntt <= 2.1",
  "max min throughput; latency <= 1ms",
];
const problems = fc
  .record({
    seed: fc.integer({ min: 0, max: 1e6 }),
    tasks: fc.constantFrom(2, 3),
    models: fc.integer({ min: 1, max: 4 }),
    engines: fc.integer({ min: 1, max: 4 }),
    coRuns: fc.constantFrom(0, 0, 5),
    slos: fc.constantFrom(...SLOS.slice(0, 4)),
  })
  .map(createRandomProblem);

// Every design by itself, no shared work.
function bruteForce(problem: PlanningProblem): { code: number; values: number[] }[] {
  const compiled = compileProblem(problem);
  const found: { code: number; values: number[] }[] = [];
  for (let code = 0; code < compiled.size; code++) {
    let rest = code;
    const choice = problem.candidates.map((list) => {
      const at = rest % list.length;
      rest = (rest - at) / list.length;
      return at;
    });
    const { slos, feasible } = evaluateDesign(compiled, choice);
    if (!feasible) continue;
    found.push({ code, values: slos.filter((_, j) => problem.slos[j]!.kind === "broad") });
  }
  return found;
}

test("enumeration equals the evaluation of every design by itself", () => {
  fc.assert(
    fc.property(problems, (problem) => {
      const space = exploreDesigns(problem);
      const expected = bruteForce(problem);
      expect(space.count).toBe(expected.length);
      const at = new Map([...space.codes].map((code, k) => [code, k]));
      for (const { code, values } of expected) {
        const k = at.get(code)!;
        values.forEach((value, i) => {
          const difference = Math.abs(space.values[i]![k]! - value);
          if (difference > 1e-12 * Math.abs(value)) expect(space.values[i]![k]).toBe(value);
        });
      }
      if (expected.length === 0) return;
      const scales = space.objectives.map((slo, i) => {
        return scaleObjective(
          slo,
          Float64Array.from(expected, ({ values }) => values[i]!),
        );
      });
      const least = Math.min(...expected.map(({ values }) => measureDistance(scales, values)));
      expect(space.distances[rankDesigns(space)[0]!]).toBeCloseTo(least, 9);
    }),
    { seed: 1, numRuns: 40 },
  );
});

test("branch and bound finds what enumeration finds, also off some processors", () => {
  fc.assert(
    fc.property(problems, fc.subarray(["cpu", "gpu"]), (problem, avoid) => {
      const space = exploreDesigns(problem);
      const names = problem.candidates;
      const least = [...space.codes].reduce((least, code, k) => {
        let rest = code;
        const free = names.every((list) => {
          const at = rest % list.length;
          rest = (rest - at) / list.length;
          return !avoid.includes(list[at]!.processor);
        });
        return free ? Math.min(least, space.distances[k]!) : least;
      }, Number.POSITIVE_INFINITY);
      for (const options of [{ avoid }, { avoid, scales: space.scales }]) {
        const best = findBestDesign(problem, options);
        if (least === Number.POSITIVE_INFINITY) expect(best).toBeUndefined();
        else expect(1 / best!.design.optimality).toBeCloseTo(least, 6);
      }
    }),
    { seed: 2, numRuns: 60 },
  );
});

test("branch and bound with known scales looks at few of many designs", () => {
  const problem = createRandomProblem({ seed: 7, tasks: 3, models: 15, engines: 4 });
  const space = exploreDesigns(problem);
  const best = findBestDesign(problem, { scales: space.scales })!;
  expect(space.size).toBe(60 ** 3);
  expect(best.visited).toBeLessThan(space.size / 5);
});

test("no state runs a troubled processor while a design of the set avoids it", () => {
  fc.assert(
    fc.property(problems, (problem) => {
      if (exploreDesigns(problem).count === 0) return;
      const { set } = planDesigns(problem);
      const used = set.designs.map(({ assignments }) =>
        assignments.map(({ processor }) => processor),
      );
      const { d0, dm, dw } = set.roles;
      expect(set.designs.length).toBeLessThanOrEqual(5);
      expect(set.table).toHaveLength(2 ** (set.engines.length + 1));
      expect(set.table[0]).toEqual({ design: d0, change: "none" });
      describeStates(set).forEach((_, state) => {
        const troubled = set.engines.filter((_, bit) => state & (1 << bit));
        const short = state >= 2 ** set.engines.length;
        const free = (index: number): boolean =>
          !used[index]!.some((name) => troubled.includes(name));
        const { design, change } = set.table[state]!;
        if (set.designs.some((_, index) => free(index))) expect(free(design)).toBe(true);
        else expect(design).toBe(short ? dm : dw);
        if (free(short ? dm : d0)) expect(design).toBe(short ? dm : d0);
        if (!short && free(design)) {
          set.designs.forEach(({ optimality }, index) => {
            if (free(index))
              expect(optimality).toBeLessThanOrEqual(set.designs[design]!.optimality);
          });
        }
        expect(change === "none").toBe(
          JSON.stringify(set.designs[design]!.assignments) ===
            JSON.stringify(set.designs[d0]!.assignments),
        );
      });
    }),
    { seed: 3, numRuns: 60 },
  );
});

test("above the limit enumeration refuses and says what to do", () => {
  const problem = createRandomProblem({ seed: 1 });
  expect(() => exploreDesigns(problem, { maxDesigns: 10 })).toThrow("12 x 12 = 144; leave");
});
