import { createRng, type Rng } from "@edgewright/core";
import { indexOfBest } from "../policy/choose-best.js";
import type { Evaluation, Policy } from "../policy/policy.js";

/** What a policy without context thinks of some arms. */
export function evaluateArms(policy: Policy, slots: readonly number[], seed = 1): Evaluation {
  const out = emptyEvaluation(slots.length);
  policy.evaluate({ slots, context: NONE, armFeatures: NONE }, createRng(seed), out);
  return out;
}

/** Lets a policy without context learn one reward. */
export function teach(policy: Policy, slot: number, reward: number, weight = 1, rng = RNG()): void {
  policy.learn({ slot, context: NONE, armFeatures: NONE, reward, propensity: 0.5, weight }, rng);
}

/** A policy with arms in the slots 0 to `count` - 1. */
export function withArms(policy: Policy, count: number): Policy {
  for (let slot = 0; slot < count; slot++) policy.addArm(slot);
  return policy;
}

/** Means of the arms, at a round. */
export type World = (round: number) => readonly number[];

/** Plays Bernoulli arms and returns the regret: what the chosen arms' means lack to the best one's. */
export function playBernoulli(policy: Policy, world: World, rounds: number, seed: number): number {
  const rng = createRng(seed);
  const slots = world(0).map((_, slot) => slot);
  const out = emptyEvaluation(slots.length);
  const choices = { slots, context: NONE, armFeatures: NONE };
  let regret = 0;
  for (let round = 0; round < rounds; round++) {
    const means = world(round);
    policy.evaluate(choices, rng, out);
    const slot = rng.categorical(out.probabilities);
    const reward = rng.uniform() < means[slot]! ? 1 : 0;
    regret += means[indexOfBest(means, means.length)]! - means[slot]!;
    const propensity = out.probabilities[slot]!;
    policy.learn({ slot, context: NONE, armFeatures: NONE, reward, propensity, weight: 1 }, rng);
  }
  return regret;
}

/** Mean regret over seeds from 1 on, each with a policy of its own. */
export function meanRegret(
  create: () => Policy,
  world: World,
  rounds: number,
  seeds: number,
): number {
  let sum = 0;
  for (let seed = 1; seed <= seeds; seed++) {
    sum += playBernoulli(withArms(create(), world(0).length), world, rounds, seed);
  }
  return sum / seeds;
}

function emptyEvaluation(count: number): Evaluation {
  return {
    scores: new Float64Array(count),
    probabilities: new Float64Array(count),
    means: new Float64Array(count),
    widths: new Float64Array(count),
  };
}

const NONE = new Float64Array(0);
const RNG = (): Rng => createRng(9);
