import { createRng, EdgewrightError, type Rng, ShapeError } from "@edgewright/core";
import type { Evaluation, Policy } from "../policy/policy.js";
import type { ArmOffer, Decision } from "./decision.js";

/** Options of {@link createBandit}. */
export interface BanditOptions<Arm extends string, Context> {
  /** Chooses and learns; every bandit needs its own. */
  readonly policy: Policy;
  /** The arms to begin with, with their features where the policy looks at features of arms. */
  readonly arms: ArmOffer<Arm>;
  /** Seed of all random choices: a whole number from 0. */
  readonly seed: number;
  /** Turns a context into the features that the policy wants. @default the context itself, an array of numbers */
  readonly features?: (context: Context) => ArrayLike<number>;
}

/** Chooses arms in contexts and learns from rewards that may come later. */
export interface Bandit<Arm extends string = string, Context = ArrayLike<number>> {
  readonly policy: Policy;
  /** The arms there are now. */
  readonly arms: readonly Arm[];
  /** Chooses an arm. */
  decide(context?: Context, arms?: ArmOffer<Arm>): Decision<Arm>;
  /** Learns from the reward of a decision. */
  update(id: string, reward: number): void;
}

interface Pending {
  readonly slot: number;
  readonly context: Float64Array;
  readonly armFeatures: Float64Array;
  readonly propensity: number;
}

/** Makes a bandit. (First version: the whole of it follows.) */
export function createBandit<Arm extends string = string, Context = ArrayLike<number>>(
  options: BanditOptions<Arm, Context>,
): Bandit<Arm, Context> {
  const { policy, seed, features } = options;
  const rng: Rng = createRng(seed);
  const slots = new Map<Arm, number>();
  const ownFeatures = new Map<Arm, ArrayLike<number>>();
  for (const entry of options.arms) {
    const [arm, armFeatures] = typeof entry === "string" ? [entry, []] : entry;
    policy.addArm(slots.size);
    slots.set(arm, slots.size);
    ownFeatures.set(arm, armFeatures);
  }
  const pending = new Map<string, Pending>();
  let decided = 0;

  return {
    policy,
    get arms() {
      return [...slots.keys()];
    },
    decide(context, offer) {
      const names = offer
        ? [...offer.keys()].map((key) =>
            typeof key === "number" ? (offer as readonly Arm[])[key]! : key,
          )
        : [...slots.keys()];
      const count = names.length;
      const vector = Float64Array.from(
        context === undefined ? [] : features ? features(context) : (context as ArrayLike<number>),
      );
      if (policy.contextDimension > 0 && vector.length !== policy.contextDimension) {
        throw new ShapeError(
          `decide: ${policy.contextDimension} context features were expected, got ${vector.length}`,
        );
      }
      const width = policy.armDimension;
      const armFeatures = new Float64Array(count * width);
      names.forEach((name, i) => {
        const given =
          offer && !Array.isArray(offer)
            ? (offer as ReadonlyMap<Arm, ArrayLike<number>>).get(name)
            : ownFeatures.get(name);
        if (width > 0) armFeatures.set(given ?? [], i * width);
      });
      const evaluation: Evaluation = {
        scores: new Float64Array(count),
        probabilities: new Float64Array(count),
        means: new Float64Array(count),
        widths: new Float64Array(count),
      };
      const slotList = names.map((name) => slots.get(name)!);
      policy.evaluate({ slots: slotList, context: vector, armFeatures }, rng, evaluation);
      const certain = evaluation.probabilities.indexOf(1);
      const chosen = certain >= 0 ? certain : rng.categorical(evaluation.probabilities);
      const id = `d${(decided++).toString(36)}`;
      const propensity = evaluation.probabilities[chosen]!;
      pending.set(id, {
        slot: slotList[chosen]!,
        context: vector,
        armFeatures: armFeatures.slice(chosen * width, (chosen + 1) * width),
        propensity,
      });
      return {
        id,
        arm: names[chosen]!,
        propensity,
        arms: names,
        scores: evaluation.scores,
        probabilities: evaluation.probabilities,
        mean: evaluation.means[chosen]!,
        width: evaluation.widths[chosen]!,
      };
    },
    update(id, reward) {
      const found = pending.get(id);
      if (!found) throw new EdgewrightError("invalid-argument", `update: unknown decision "${id}"`);
      pending.delete(id);
      policy.learn({ ...found, reward, weight: 1 }, rng);
    },
  };
}
