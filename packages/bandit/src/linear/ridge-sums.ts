import { ShapeError } from "@edgewright/core";
import { requireOption } from "./linear-options.js";
import { addOuterProduct, triangleLength } from "./packed-triangle.js";

/**
 * Elements of the sums of a ridge regression: the lower triangle of sum w x x', row after row; sum w r x; sum w;
 * sum w r^2.
 */
export function ridgeSumsLength(dimension: number): number {
  return triangleLength(dimension) + dimension + 2;
}

/** Adds what one example contributes to such sums. */
export function addToRidgeSums(
  sums: Float64Array,
  x: Float64Array,
  reward: number,
  weight: number,
): void {
  const dimension = x.length;
  const triangle = triangleLength(dimension);
  addOuterProduct(sums, weight, x, dimension);
  for (let i = 0; i < dimension; i++) sums[triangle + i]! += weight * reward * x[i]!;
  sums[triangle + dimension]! += weight;
  sums[triangle + dimension + 1]! += weight * reward * reward;
}

/** What elements of sums may be at most: a matrix of larger ones overflows before a ridge makes it definite. */
const LARGEST_SUM = 1e300;

/** Throws unless sums have the length that a policy's have, and elements that can be worked with. */
export function checkSums(sums: Float64Array, length: number): void {
  if (sums.length !== length) {
    throw new ShapeError(`sums: ${length} numbers were expected, got ${sums.length}`);
  }
  for (const sum of sums) {
    requireOption(Math.abs(sum) <= LARGEST_SUM, "sums", "of", "finite numbers", sum);
  }
}
