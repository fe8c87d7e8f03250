import type { Rng } from "@edgewright/core";
import { probabilitiesOfBest } from "../policy/best-arm-probabilities.js";
import type { ExplorationRule } from "./exploration-rule.js";
import { requireOption } from "./linear-options.js";

/**
 * Thompson sampling: every arm with the probability that it is the best under the posterior, of which draws would be
 * taken. For independent arms that is an integral; for correlated ones it is estimated by `draws` draws.
 */
export function thompsonRule(
  name: string,
  where: string,
  alpha: number,
  draws: number,
): ExplorationRule {
  requireOption(alpha >= 0 && alpha < Infinity, where, "alpha", "a number from 0", alpha);
  const whole = Number.isSafeInteger(draws) && draws >= 1;
  requireOption(whole, where, "draws", "a whole number from 1", draws);
  let deviations = new Float64Array(16);
  return {
    name,
    explore({ scores, probabilities, means, widths }, count, _learned, rng, covariances) {
      if (deviations.length < count) deviations = new Float64Array(2 * count);
      for (let i = 0; i < count; i++) {
        scores[i] = means[i]!;
        deviations[i] = alpha * widths[i]!;
      }
      if (covariances === undefined) probabilitiesOfBest(means, deviations, count, probabilities);
      else shareDraws(means, covariances(), alpha, count, draws, rng, probabilities);
    },
  };
}

/**
 * Draws from N(means, alpha^2 covariances) and gives every arm (draws it was the best of + 1 / count) / (draws + 1).
 * The covariances, a packed triangle of which only rounding can have made eigenvalues negative, are overwritten.
 */
function shareDraws(
  means: Float64Array,
  covariances: Float64Array,
  alpha: number,
  count: number,
  draws: number,
  rng: Rng,
  probabilities: Float64Array,
): void {
  factorSemidefinite(covariances, count);
  const normals = new Float64Array(count);
  probabilities.fill(1 / count, 0, count);
  for (let draw = 0; draw < draws; draw++) {
    // Every other draw mirrors the one before: as likely, for half the random numbers, and their errors partly cancel.
    const mirrored = draw % 2 === 1;
    for (let i = 0; i < count; i++) normals[i] = mirrored ? -normals[i]! : rng.normal();
    let best = 0;
    let bestValue = -Infinity;
    for (let i = 0, at = 0; i < count; i++) {
      let deviation = 0;
      for (let j = 0; j <= i; j++) deviation += covariances[at++]! * normals[j]!;
      const value = means[i]! + alpha * deviation;
      if (value > bestValue) {
        bestValue = value;
        best = i;
      }
    }
    probabilities[best]! += 1;
  }
  for (let i = 0; i < count; i++) probabilities[i]! /= draws + 1;
}

// Cholesky's factor where rows may depend on one another, as those of two arms with the same features do: a pivot
// that is rounding alone has no column.
function factorSemidefinite(matrix: Float64Array, dimension: number): void {
  for (let i = 0, row = 0; i < dimension; i++, row += i) {
    const variance = matrix[row + i]!;
    for (let j = 0, other = 0; j <= i; j++, other += j) {
      let sum = matrix[row + j]!;
      for (let k = 0; k < j; k++) sum -= matrix[row + k]! * matrix[other + k]!;
      if (j === i) {
        matrix[row + i] = sum > 1e-12 * variance ? Math.sqrt(sum) : 0;
      } else {
        const pivot = matrix[other + j]!;
        matrix[row + j] = pivot > 0 ? sum / pivot : 0;
      }
    }
  }
}
