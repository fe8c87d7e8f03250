import { EdgewrightError } from "@edgewright/core";
import type { ConstrainedChoice, Constraint } from "./constraint.js";

/** Lets every constraint reshape the probabilities in turn, and sees to it that they remain a distribution. */
export function applyConstraints(
  constraints: readonly Constraint[],
  choice: ConstrainedChoice,
  caller: string,
): void {
  for (const constraint of constraints) {
    if (!constraint.reshape) continue;
    constraint.reshape(choice);
    normalize(choice.probabilities, `${caller}: constraint "${constraint.name}"`);
  }
}

function normalize(probabilities: Float64Array, where: string): void {
  const sum = sumOfProbabilities(probabilities, where);
  if (!(sum > 0)) {
    throw new EdgewrightError(
      "limit-exceeded",
      `${where} left no arm to choose: a probability above 0 was expected`,
    );
  }
  // Rounding of the last bits is left alone: dividing would only move it elsewhere.
  if (Math.abs(sum - 1) > 1e-12) {
    for (let i = 0; i < probabilities.length; i++) probabilities[i]! /= sum;
  }
}

/**
 * The sum of probabilities, each of them checked.
 *
 * @param where names who made them, for the error
 */
export function sumOfProbabilities(probabilities: Float64Array, where: string): number {
  let sum = 0;
  for (let i = 0; i < probabilities.length; i++) {
    const probability = probabilities[i]!;
    if (!(probability >= 0 && probability < Infinity)) {
      throw new EdgewrightError(
        "diverged",
        `${where}: finite probabilities from 0 were expected, got ${probability} at ${i}`,
      );
    }
    sum += probability;
  }
  return sum;
}
