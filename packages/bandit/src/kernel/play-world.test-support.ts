import { createRng, type Rng } from "@edgewright/core";
import type { Evaluation, Policy } from "../policy/policy.js";

/** Room for what a policy thinks of so many arms. */
export function roomFor(count: number): Evaluation {
  return {
    scores: new Float64Array(count),
    probabilities: new Float64Array(count),
    means: new Float64Array(count),
    widths: new Float64Array(count),
  };
}

/** A world to learn in: contexts from 0 to 1, arms with features, and what each arm earns in a context. */
export interface World {
  readonly contextDimension: number;
  readonly arms: readonly Float64Array[];
  mean(context: Float64Array, arm: number): number;
}

/** Arms that are best where the context is near them: no linear function of both says which. */
export function nearestArmWorld(seed: number, arms: number): World {
  const rng = createRng(seed);
  const features = Array.from({ length: arms }, () =>
    Float64Array.of(rng.uniform(), rng.uniform()),
  );
  return {
    contextDimension: 2,
    arms: features,
    mean: (context, arm) => {
      const [x, y] = features[arm]!;
      return Math.max(0, 1 - 2 * Math.sqrt((context[0]! - x!) ** 2 + (context[1]! - y!) ** 2));
    },
  };
}

/** Runs a policy in a world for so many rounds, with rewards of deviation 0.1 around their
 * means, or 1 with their means as probability and else 0 where they must lie between. @returns the regret */
export function playRounds(
  policy: Policy,
  world: World,
  rounds: number,
  seed: number,
  rng: Rng,
): number {
  const count = world.arms.length;
  const nature = createRng(seed);
  const armFeatures = new Float64Array(count * policy.armDimension);
  if (policy.armDimension > 0) {
    world.arms.forEach((features, i) => {
      armFeatures.set(features, i * policy.armDimension);
    });
  }
  const out = roomFor(count);
  const slots = Array.from({ length: count }, (_, i) => i);
  let regret = 0;
  for (let t = 0; t < rounds; t++) {
    const context = Float64Array.from({ length: world.contextDimension }, () => nature.uniform());
    const noise = nature.normal(0, 0.1);
    const luck = nature.uniform();
    policy.evaluate({ slots, context, armFeatures }, rng, out);
    const slot = rng.categorical(out.probabilities);
    const means = slots.map((arm) => world.mean(context, arm));
    regret += Math.max(...means) - means[slot]!;
    policy.learn(
      {
        slot,
        context,
        armFeatures: armFeatures.slice(
          slot * policy.armDimension,
          (slot + 1) * policy.armDimension,
        ),
        reward: policy.rewards === "real" ? means[slot]! + noise : luck < means[slot]! ? 1 : 0,
        propensity: out.probabilities[slot]!,
        weight: 1,
      },
      rng,
    );
  }
  return regret;
}
