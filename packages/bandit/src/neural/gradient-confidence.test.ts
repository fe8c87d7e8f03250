import { createRng } from "@edgewright/core";
import { inverse, Matrix } from "ml-matrix";
import { expect, test } from "vitest";
import { diagonalConfidence, fullConfidence } from "./gradient-confidence.js";

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
