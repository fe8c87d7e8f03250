import { createRng } from "@edgewright/core";

/** Contexts, and the reward of every arm in each: what both sides of a comparison see. */
export interface LinearStream {
  readonly dimension: number;
  readonly arms: number;
  readonly steps: number;
  /** [steps, dimension] */
  readonly contexts: Float64Array;
  /** [steps, arms] */
  readonly rewards: Float64Array;
}

/** Normal contexts, rewards linear in them with a standard deviation of 1 and noise of 0.1. */
export function makeLinearStream(
  dimension: number,
  arms: number,
  steps: number,
  seed: number,
): LinearStream {
  const rng = createRng(seed);
  const truth = Float64Array.from({ length: arms * dimension }, () =>
    rng.normal(0, 1 / Math.sqrt(dimension)),
  );
  const contexts = Float64Array.from({ length: steps * dimension }, () => rng.normal());
  const rewards = new Float64Array(steps * arms);
  for (let step = 0; step < steps; step++) {
    for (let arm = 0; arm < arms; arm++) {
      let reward = rng.normal(0, 0.1);
      for (let i = 0; i < dimension; i++) {
        reward += truth[arm * dimension + i]! * contexts[step * dimension + i]!;
      }
      rewards[step * arms + arm] = reward;
    }
  }
  return { dimension, arms, steps, contexts, rewards };
}
