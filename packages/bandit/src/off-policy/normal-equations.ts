import { EdgewrightError } from "@edgewright/core";
import { CholeskyDecomposition, Matrix } from "ml-matrix";
import type { DesignRows } from "./grouped-linear-model.js";

/** Adds `weight(row)` times the outer product of every design row with itself to `out`, [columns, columns], lower half. */
export function addWeightedGram(
  design: DesignRows,
  weights: Float64Array | undefined,
  out: Float64Array,
): void {
  const { columns, starts, places, values } = design;
  for (let row = 0; row + 1 < starts.length; row++) {
    const weight = weights ? weights[row]! : 1;
    const end = starts[row + 1]!;
    for (let a = starts[row]!; a < end; a++) {
      const scaled = weight * values[a]!;
      const base = places[a]! * columns;
      for (let b = starts[row]!; b <= a; b++) out[base + places[b]!]! += scaled * values[b]!;
    }
  }
}

/** What every design row gives with `coefficients`, [rows]. */
export function multiplyDesign(design: DesignRows, coefficients: Float64Array): Float64Array {
  const { starts, places, values } = design;
  const out = new Float64Array(starts.length - 1);
  for (let row = 0; row < out.length; row++) {
    let sum = 0;
    for (let a = starts[row]!; a < starts[row + 1]!; a++) {
      sum += values[a]! * coefficients[places[a]!]!;
    }
    out[row] = sum;
  }
  return out;
}

/** The sum of design rows, each times its value, [columns]. */
export function multiplyTransposed(design: DesignRows, perRow: Float64Array): Float64Array {
  const { starts, places, values } = design;
  const out = new Float64Array(design.columns);
  for (let row = 0; row < perRow.length; row++) {
    for (let a = starts[row]!; a < starts[row + 1]!; a++) {
      out[places[a]!]! += values[a]! * perRow[row]!;
    }
  }
  return out;
}

/** Solves with a symmetric positive definite matrix of which the lower half is given, row by row. */
export function solvePositiveDefinite(lower: Float64Array, right: Float64Array): Float64Array {
  const n = right.length;
  const full = new Matrix(n, n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      full.set(i, j, lower[i * n + j]!);
      full.set(j, i, lower[i * n + j]!);
    }
  }
  const factor = new CholeskyDecomposition(full);
  if (!factor.isPositiveDefinite()) {
    throw new EdgewrightError(
      "diverged",
      "reward model: the normal equations are singular; scale the features to a like size or use a stronger penalty",
    );
  }
  return Float64Array.from(factor.solve(Matrix.columnVector(right)).to1DArray());
}
