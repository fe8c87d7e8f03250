import { EdgewrightError, type Rng, ValidationError } from "@edgewright/core";
import { requireOption } from "../linear/linear-options.js";
import type { Evaluation, Policy } from "../policy/policy.js";
import { LogisticModel, logistic } from "./logistic-model.js";

/** What the logistic policies have in common. */
export interface LogisticOptions {
  /** Features of a context; add one that is always 1 where rewards have a level of their own. */
  readonly dimension: number;
  /** Precision of every weight before anything is learnt, above 0. @default 1 */
  readonly ridge?: number;
  /**
   * Whether to keep the covariances of the weights, at d^2 / 2 numbers and products an arm, or their variances alone,
   * at d.
   *
   * @default "full"
   */
  readonly covariance?: "full" | "diagonal";
}

/** Turns logits (`means`) and their standard deviations (`widths`) into scores and probabilities. */
type Rank = (out: Evaluation, count: number, rng: Rng) => void;

/** Features and weights larger than this would overflow once they are multiplied with each other. */
const LARGEST = 1e100;

/** A logistic regression for every arm, explored by a rule on the logits. */
export function createLogisticPolicy(
  name: string,
  where: string,
  options: LogisticOptions,
  rank: Rank,
): Policy {
  const { dimension, ridge = 1, covariance = "full" } = options;
  const whole = Number.isSafeInteger(dimension) && dimension >= 1 && dimension <= 20_000;
  requireOption(whole, where, "dimension", "a whole number from 1 to 20,000", dimension);
  requireOption(ridge > 0 && ridge < Infinity, where, "ridge", "a number above 0", ridge);
  const known = covariance === "full" || covariance === "diagonal";
  requireOption(known, where, "covariance", `"full" or "diagonal"`, covariance);
  const kind = `${name}, ${covariance}, dimension ${dimension}`;
  const create = (): LogisticModel => new LogisticModel(dimension, ridge, covariance === "full");
  let models = new Map<number, LogisticModel>();

  return {
    name,
    contextDimension: dimension,
    armDimension: 0,
    rewards: "unit",
    addArm(slot, like) {
      const model = create();
      if (like !== undefined) model.copyFrom(models.get(like)!);
      models.set(slot, model);
    },
    removeArm(slot) {
      models.delete(slot);
    },
    evaluate({ slots, context }, rng, out) {
      const count = slots.length;
      for (let i = 0; i < count; i++) {
        const model = models.get(slots[i]!)!;
        out.means[i] = model.logit(context);
        out.widths[i] = Math.sqrt(model.variance(context));
      }
      rank(out, count, rng);
      for (let i = 0; i < count; i++) {
        const probability = logistic(out.means[i]!);
        out.means[i] = probability;
        // From the logit to the reward by the slope there.
        out.widths[i]! *= probability * (1 - probability);
      }
    },
    learn({ slot, context, reward, weight }) {
      if (!context.every((value) => Math.abs(value) <= LARGEST) || !(weight <= LARGEST)) {
        throw new EdgewrightError(
          "invalid-argument",
          `${name}: features and weights of at most ${LARGEST} in size were expected; scale them`,
        );
      }
      models.get(slot)!.add(context, reward, weight);
    },
    state: () => ({
      kind,
      models: [...models].map(([slot, model]) => ({ slot, ...model.state() })),
    }),
    restore(state) {
      const given = (state ?? {}) as { kind?: unknown; models?: unknown };
      if (given.kind !== kind || !Array.isArray(given.models)) {
        throw new ValidationError(
          `${name}.restore: the state of a policy "${kind}" was expected, got "${given.kind}"; restore with the options it was saved with`,
        );
      }
      const restored = new Map<number, LogisticModel>();
      for (const entry of given.models as ({ slot?: unknown } | null)[]) {
        const slot = entry?.slot;
        if (!Number.isSafeInteger(slot) || (slot as number) < 0 || restored.has(slot as number)) {
          throw new ValidationError(
            `${name}.restore: a slot of its own was expected for every model, got ${slot}; the snapshot is damaged`,
          );
        }
        const model = create();
        model.restore(entry, `${name}.restore: model of slot ${slot}`);
        restored.set(slot as number, model);
      }
      models = restored;
    },
  };
}
