import { createRng } from "@edgewright/core";
import { inverse, Matrix } from "ml-matrix";
import { expect, test } from "vitest";
import { diagonalConfidence, fullConfidence } from "./gradient-confidence.js";
import { sketchedConfidence } from "./sketched-confidence.js";

const COUNT = 6;

function draw(seed: number): Float64Array[] {
  const rng = createRng(seed);
  return Array.from({ length: 40 }, () =>
    Float64Array.from({ length: COUNT }, () => (rng.uniform() < 0.3 ? 0 : rng.normal())),
  );
}

test("widths are those of Z written out and inverted", () => {
  const full = fullConfidence(COUNT, 0.5);
  const diagonal = diagonalConfidence(COUNT, 0.5);
  const z = Matrix.eye(COUNT).mul(0.5);
  draw(1).forEach((g, n) => {
    const weight = 1 + (n % 3);
    full.add(g, weight);
    diagonal.add(g, weight);
    const column = Matrix.columnVector(g);
    z.add(column.mmul(column.transpose()).mul(weight));
  });
  const [probe] = draw(2);
  const row = Matrix.rowVector(probe!);
  const square = row.mmul(inverse(z)).mmul(row.transpose()).get(0, 0);
  expect(full.width(probe!)).toBeCloseTo(Math.sqrt(square), 10);
  const byDiagonal = probe!.reduce((sum, g, i) => sum + (g * g) / z.get(i, i), 0);
  expect(diagonal.width(probe!)).toBeCloseTo(Math.sqrt(byDiagonal), 12);
});

test("parameters are forgotten and copied alone", () => {
  for (const make of [diagonalConfidence, fullConfidence]) {
    const one = make(COUNT, 2);
    for (const g of draw(3)) one.add(g, 1);
    const unit = (i: number): Float64Array =>
      Float64Array.from({ length: COUNT }, (_, k) => (k === i ? 1 : 0));
    one.reset([4, 5]);
    expect(one.width(unit(4))).toBeCloseTo(Math.sqrt(0.5), 12);
    // Without the directions it shared, what is left of parameter 0 is the width within the rest.
    const other = make(COUNT, 2);
    for (const g of draw(3))
      other.add(
        g.map((value, i) => (i < 4 ? value : 0)),
        1,
      );
    for (let i = 0; i < 4; i++) expect(one.width(unit(i))).toBeCloseTo(other.width(unit(i)), 10);
    // As a block of their own, the copies are as wide as the block they came from is by itself.
    one.copy([0, 1], [4, 5]);
    const alone = make(COUNT, 2);
    for (const g of draw(3))
      alone.add(
        g.map((value, i) => (i < 2 ? value : 0)),
        1,
      );
    for (const i of [0, 1]) expect(one.width(unit(4 + i))).toBeCloseTo(alone.width(unit(i)), 10);
  }
});

test("a sketch comes close to all of Z, and forgets parameters", () => {
  const count = 300;
  const full = fullConfidence(count, 0.5);
  const sketched = sketchedConfidence(count, 0.5, 200);
  const rng = createRng(4);
  const gradients = Array.from({ length: 25 }, () =>
    Float64Array.from({ length: count }, () => rng.normal()),
  );
  for (const g of gradients.slice(0, 20)) {
    full.add(g, 1);
    sketched.add(g, 1);
  }
  gradients.forEach((g, i) => {
    // What was seen is known well by both; of the rest, 20 of 200 hashed directions happen to be known.
    const ratio = sketched.width(g) / full.width(g);
    expect(Math.abs(ratio - 1)).toBeLessThan(i < 20 ? 0.02 : 0.2);
  });
  const seen = gradients[0]!;
  const forgotten = Array.from({ length: count }, (_, i) => i);
  sketched.reset(forgotten);
  expect(sketched.width(seen)).toBeGreaterThan(0.8 * full.width(gradients[24]!));
  const other = sketchedConfidence(count, 0.5, 200);
  other.prepare(JSON.parse(JSON.stringify(sketched.state())), "test")();
  for (const g of gradients) expect(other.width(g)).toBe(sketched.width(g));
  const fresh = sketchedConfidence(count, 0.5, 200);
  sketched.prepare(fresh.state(), "test")();
  for (const g of gradients) expect(fresh.width(g)).toBe(sketched.width(g));
  for (const redrawn of [
    [
      [0, 1],
      [0, 1],
    ],
    [[count, 1]],
    [[1]],
    null,
  ]) {
    const state = { ...(fresh.state() as object), redrawn };
    expect(() => sketched.prepare(state, "test")).toThrow("pairs of a parameter and a count");
  }
});
