import { EdgewrightError } from "@edgewright/core";
import { CholeskyDecomposition, Matrix } from "ml-matrix";
import type { DesignRows } from "./grouped-linear-model.js";

/**
 * Solves (sum of weight z z^T over the design rows z + penalty I) x = right, the intercept without penalty.
 *
 * Each row has one arm at most, so the arms' block of the matrix is diagonal and is eliminated first: what is left is
 * as large as contexts and features are, and thousands of arms cost no more than their rows.
 *
 * @param weights of the rows, [rows]; 1 where undefined
 * @param right [columns]
 *
 * @returns [columns]
 */
export function solveNormalEquations(
  design: DesignRows,
  weights: Float64Array | undefined,
  penalty: number,
  right: Float64Array,
): Float64Array {
  const { columns, starts, places, values, armStart, arms } = design;
  const size = columns - arms;
  const denseOf = (column: number): number => (column < armStart ? column : column - arms);
  const dense = new Float64Array(size * size); // lower half
  const diagonal = new Float64Array(arms).fill(penalty);
  const border = new Float64Array(arms * size);
  const isArm = (column: number): boolean => column >= armStart && column < armStart + arms;
  for (let j = 1; j < size; j++) dense[j * size + j] = penalty;
  for (let row = 0; row + 1 < starts.length; row++) {
    const weight = weights ? weights[row]! : 1;
    const begin = starts[row]!;
    const end = starts[row + 1]!;
    let arm = -1;
    for (let a = begin; a < end; a++) if (isArm(places[a]!)) arm = places[a]! - armStart;
    if (arm >= 0) diagonal[arm]! += weight;
    for (let a = begin; a < end; a++) {
      if (isArm(places[a]!)) continue;
      const scaled = weight * values[a]!;
      const place = denseOf(places[a]!);
      if (arm >= 0) border[arm * size + place]! += scaled;
      for (let b = begin; b <= a; b++) {
        if (!isArm(places[b]!)) dense[place * size + denseOf(places[b]!)]! += scaled * values[b]!;
      }
    }
  }
  const rest = new Float64Array(size);
  for (let j = 0; j < size; j++) rest[j] = right[j < armStart ? j : j + arms]!;
  for (let arm = 0; arm < arms; arm++) {
    const own = border.subarray(arm * size, (arm + 1) * size);
    for (let i = 0; i < size; i++) {
      if (own[i] === 0) continue;
      const factor = own[i]! / diagonal[arm]!;
      rest[i]! -= factor * right[armStart + arm]!;
      for (let j = 0; j <= i; j++) dense[i * size + j]! -= factor * own[j]!;
    }
  }
  const solved = solvePositiveDefinite(dense, rest);
  const out = new Float64Array(columns);
  for (let j = 0; j < size; j++) out[j < armStart ? j : j + arms] = solved[j]!;
  for (let arm = 0; arm < arms; arm++) {
    let sum = right[armStart + arm]!;
    for (let j = 0; j < size; j++) sum -= border[arm * size + j]! * solved[j]!;
    out[armStart + arm] = sum / diagonal[arm]!;
  }
  return out;
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

// Solves with a symmetric positive definite matrix of which the lower half is given, row by row.
function solvePositiveDefinite(lower: Float64Array, right: Float64Array): Float64Array {
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
