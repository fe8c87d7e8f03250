import { createRng } from "@edgewright/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { hypervolume } from "./hypervolume.js";
import { paretoFront } from "./pareto-front.js";

// Few levels, so that ties and equal points are common.
const level = fc.integer({ min: 0, max: 6 });

test("the front is what comparing all pairs leaves", () => {
  const cases = fc.integer({ min: 1, max: 4 }).chain((objectives) =>
    fc.record({
      points: fc.array(fc.array(level, { minLength: objectives, maxLength: objectives }), {
        minLength: 1,
        maxLength: 60,
      }),
      directions: fc.array(fc.constantFrom("max" as const, "min" as const), {
        minLength: objectives,
        maxLength: objectives,
      }),
    }),
  );
  fc.assert(
    fc.property(cases, ({ points, directions }) => {
      const cost = (point: number[], c: number): number =>
        directions[c] === "max" ? -point[c]! : point[c]!;
      const dominates = (a: number[], b: number[]): boolean =>
        directions.every((_, c) => cost(a, c) <= cost(b, c)) &&
        directions.some((_, c) => cost(a, c) < cost(b, c));
      const expected = points.flatMap((point, i) =>
        points.some((other) => dominates(other, point)) ? [] : [i],
      );
      const columns = directions.map((_, c) => points.map((point) => point[c]!));
      expect(paretoFront(columns, directions)).toEqual(expected);
    }),
    { seed: 4, numRuns: 300 },
  );
});

test("hypervolume equals the number of unit cells that the points dominate", () => {
  const cases = fc
    .integer({ min: 1, max: 3 })
    .chain((objectives) =>
      fc
        .array(fc.array(level, { minLength: objectives, maxLength: objectives }), { maxLength: 12 })
        .map((points) => ({ points, objectives })),
    );
  fc.assert(
    fc.property(cases, ({ points, objectives }) => {
      const reference = new Array(objectives).fill(5);
      let cells = 0;
      for (let cell = 0; cell < 5 ** objectives; cell++) {
        const corner = reference.map((_, c) => Math.floor(cell / 5 ** c) % 5);
        if (points.some((point) => point.every((cost, c) => cost <= corner[c]!))) cells++;
      }
      expect(hypervolume(points, reference)).toBeCloseTo(cells, 9);
    }),
    { seed: 5, numRuns: 200 },
  );
  expect(hypervolume([], [1, 1])).toBe(0);
});

test("what has no order or no volume is refused", () => {
  expect(() => paretoFront([[1, 2], [1]], ["min", "min"])).toThrow(
    /2 points .* objective 1, got 1/,
  );
  expect(() => paretoFront([[1]], ["min", "max"])).toThrow(/1 directions were expected, got 2/);
  expect(() => paretoFront([[Number.NaN]], ["min"])).toThrow(/got NaN in objective 0 of point 0/);
  expect(() => hypervolume([[1]], [2, 2])).toThrow(/2 costs were expected of point 0, got \[1\]/);
  expect(() => hypervolume([], [])).toThrow(/at least one cost/);
});

test("a hundred thousand points of three objectives take no quadratic time", () => {
  const rng = createRng(1);
  const columns = [0, 1, 2].map(() => Float64Array.from({ length: 1e5 }, () => rng.uniform()));
  const front = paretoFront(columns, ["min", "max", "min"]);
  // Expected size for independent points: ln(n)^2 / 2, about 66.
  expect(front.length).toBeGreaterThan(20);
  expect(front.length).toBeLessThan(300);
});
