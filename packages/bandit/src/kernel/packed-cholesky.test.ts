import { createRng } from "@edgewright/core";
import { expect, test } from "vitest";
import { factorCholesky } from "../linear/cholesky.js";
import { triangleLength } from "../linear/packed-triangle.js";
import {
  multiplyByTransposed,
  solveLower,
  solveLowerTransposed,
  updateCholesky,
} from "./packed-cholesky.js";

test("factors multiply back, also after many rank-one updates", () => {
  const rng = createRng(1);
  const rows = 7;
  const matrix = new Float64Array(triangleLength(rows));
  for (let i = 0; i < rows; i++) matrix[triangleLength(i) + i] = 0.5;
  const factor = matrix.slice();
  factorCholesky(factor, rows, 0);
  for (let n = 0; n < 200; n++) {
    const v = Float64Array.from({ length: rows }, (_, i) => (n % 3 === i % 3 ? 0 : rng.normal()));
    for (let i = 0; i < rows; i++) {
      for (let j = 0; j <= i; j++) matrix[triangleLength(i) + j]! += v[i]! * v[j]!;
    }
    updateCholesky(factor, rows, v);
  }
  const product = multiplyByTransposed(factor, rows);
  matrix.forEach((value, i) => {
    expect(product[i]).toBeCloseTo(value, 9);
  });
  const again = matrix.slice();
  factorCholesky(again, rows, 0);
  again.forEach((value, i) => {
    expect(factor[i]).toBeCloseTo(value, 9);
  });
});

test("forward and back substitution solve A x = b", () => {
  const rng = createRng(2);
  const rows = 5;
  const factor = Float64Array.from({ length: triangleLength(rows) }, () => rng.normal());
  for (let i = 0; i < rows; i++) factor[triangleLength(i) + i] = 1 + rng.uniform();
  const x = Float64Array.from({ length: rows }, () => rng.normal());
  const triangle = multiplyByTransposed(factor, rows);
  const at = (i: number, j: number): number =>
    triangle[triangleLength(Math.max(i, j)) + Math.min(i, j)]!;
  const b = x.map((_, i) => x.reduce((sum, value, j) => sum + at(i, j) * value, 0));
  solveLower(factor, rows, b, b);
  solveLowerTransposed(factor, rows, b, b);
  x.forEach((value, i) => {
    expect(b[i]).toBeCloseTo(value, 9);
  });
});
