import type { Rng } from "@edgewright/core";
import { dotProduct, triangleLength } from "../linear/packed-triangle.js";

/**
 * Probability with which each of some correlated normal variables is the largest, estimated from draws: the share of
 * draws in which it was, mixed with one even draw, so that none is 0.
 *
 * @param means [count]
 * @param directions [count, dimension]: the covariance of variables i and j is the inner product of rows i and j
 */
export function estimateShares(
  means: ArrayLike<number>,
  directions: readonly Float64Array[],
  count: number,
  draws: number,
  rng: Rng,
  out: Float64Array,
): void {
  const factor = factorCovariance(directions, count);
  const noise = new Float64Array(count);
  out.fill(1 / (count * (draws + 1)), 0, count);
  for (let draw = 0; draw < draws; draw++) {
    let best = 0;
    let bestValue = -Infinity;
    for (let i = 0, at = 0; i < count; i++) {
      noise[i] = rng.normal();
      let value = means[i]!;
      for (let k = 0; k <= i; k++) value += factor[at++]! * noise[k]!;
      if (value > bestValue) {
        best = i;
        bestValue = value;
      }
    }
    out[best]! += 1 / (draws + 1);
  }
}

/**
 * Cholesky factor of the covariance, packed: as many normals a draw as there are variables, however long their
 * directions. The covariance may be singular, of arms alike for instance: what depends on earlier variables up to
 * rounding gets no deviation of its own.
 */
function factorCovariance(directions: readonly Float64Array[], count: number): Float64Array {
  const factor = new Float64Array(triangleLength(count));
  for (let i = 0; i < count; i++) {
    const row = triangleLength(i);
    const variance = dotProduct(directions[i]!, directions[i]!, directions[i]!.length);
    for (let j = 0; j <= i; j++) {
      const other = triangleLength(j);
      let rest =
        i === j ? variance : dotProduct(directions[i]!, directions[j]!, directions[i]!.length);
      for (let k = 0; k < j; k++) rest -= factor[row + k]! * factor[other + k]!;
      if (i === j) factor[row + j] = rest > variance * 2 ** -40 ? Math.sqrt(rest) : 0;
      else factor[row + j] = factor[other + j]! > 0 ? rest / factor[other + j]! : 0;
    }
  }
  return factor;
}
