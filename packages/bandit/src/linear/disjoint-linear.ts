import type { Rng } from "@edgewright/core";
import type { AdditiveSums } from "../policy/additive-sums.js";
import type { ChoiceSet, Evaluation, Example } from "../policy/policy.js";
import type { ExplorationRule } from "./exploration-rule.js";
import { LinearModels } from "./linear-models.js";
import type { CheckedLinearOptions } from "./linear-options.js";
import type { LinearPolicy, LinearWeights } from "./linear-policy.js";
import { NeededWidths } from "./needed-widths.js";
import { dotProduct } from "./packed-triangle.js";
import { readWeights } from "./read-weights.js";
import { addToRidgeSums, checkSums, ridgeSumsLength } from "./ridge-sums.js";

/** A linear model for every arm, over the features of the context alone, explored by a rule. */
export class DisjointLinear implements LinearPolicy {
  readonly name: string;
  readonly contextDimension: number;
  readonly armDimension = 0;
  readonly rewards = "real";
  readonly sums?: AdditiveSums;
  readonly #models: LinearModels;
  readonly #rule: ExplorationRule;
  readonly #needed: NeededWidths | undefined;

  constructor(options: CheckedLinearOptions, rule: ExplorationRule, scores: "all" | "needed") {
    this.name = rule.name;
    this.contextDimension = options.dimension;
    this.#models = new LinearModels("disjoint linear", options);
    this.#rule = rule;
    if (scores === "needed") this.#needed = new NeededWidths(rule);
    if (!this.#models.forgets) this.sums = describeSums(this.#models);
  }

  addArm(slot: number, like?: number): void {
    this.#models.add(slot, like);
  }

  removeArm(slot: number): void {
    this.#models.remove(slot);
  }

  evaluate({ slots, context }: ChoiceSet, rng: Rng, out: Evaluation): void {
    const models = this.#models;
    const { means, widths } = out;
    const count = slots.length;
    models.load(context);
    for (let i = 0; i < count; i++) means[i] = models.mean(slots[i]!);
    if (this.#needed) {
      const length = Math.sqrt(dotProduct(context, context, context.length));
      const rough = models.roughVariances();
      this.#needed.workOut(means, widths, count, {
        bound: (i) => models.boundWidth(slots[i]!, length),
        width: (i) => models.width(slots[i]!),
        ...(rough && { rough: (i) => rough(slots[i]!) }),
      });
    } else {
      for (let i = 0; i < count; i++) widths[i] = models.width(slots[i]!);
    }
    this.#rule.explore(out, count, models.learned, rng);
  }

  learn({ slot, context, reward, weight }: Example): void {
    this.#models.learn(slot, context, reward, weight);
  }

  state(): unknown {
    return this.#models.state();
  }

  restore(state: unknown): void {
    this.#models.restore(state, this.name);
  }

  weights(slot: number): LinearWeights {
    return readWeights(this.#models.at(slot));
  }

  drift(): number {
    return this.#models.drift();
  }
}

function describeSums(models: LinearModels): AdditiveSums {
  const { dimension } = models.options;
  const armLength = ridgeSumsLength(dimension);
  return {
    kind: `disjoint linear, dimension ${dimension}`,
    sharedLength: 0,
    armLength,
    readShared: () => new Float64Array(0),
    readArm: (slot) => models.at(slot).readSums(),
    writeShared: (sums) => checkSums(sums, 0),
    writeArm(slot, sums) {
      checkSums(sums, armLength);
      models.at(slot).writeSums(sums);
    },
    addExample({ context, reward, weight }, _shared, arm) {
      addToRidgeSums(arm, context, reward, weight);
    },
  };
}
