import type { Rng } from "@edgewright/core";
import type { AdditiveSums } from "../policy/additive-sums.js";
import type { ChoiceSet, Evaluation, Example } from "../policy/policy.js";
import type { ExplorationRule } from "./exploration-rule.js";
import type { JointFeatures } from "./joint-features.js";
import { LinearModels } from "./linear-models.js";
import type { CheckedLinearOptions } from "./linear-options.js";
import type { LinearPolicy, LinearWeights } from "./linear-policy.js";
import { NeededWidths } from "./needed-widths.js";
import { dotProduct } from "./packed-triangle.js";
import { readWeights } from "./read-weights.js";
import type { RidgeModel } from "./ridge-model.js";
import { addToRidgeSums, checkSums, ridgeSumsLength } from "./ridge-sums.js";

/** What shapes a {@link SharedLinear} besides its {@link CheckedLinearOptions}. */
export interface SharedShape {
  readonly contextDimension: number;
  readonly armDimension: number;
  readonly features: JointFeatures;
  /** Name of the joint features, by which sums can be told apart. */
  readonly joint: string;
}

/** One linear model for all arms, over features of context and arm together, explored by a rule. */
export class SharedLinear implements LinearPolicy {
  readonly name: string;
  readonly contextDimension: number;
  readonly armDimension: number;
  readonly rewards = "real";
  readonly sums?: AdditiveSums;
  readonly #models: LinearModels;
  readonly #rule: ExplorationRule;
  readonly #features: JointFeatures;
  readonly #needed: NeededWidths | undefined;
  #rows: Float64Array[] = [];

  constructor(
    shape: SharedShape,
    options: CheckedLinearOptions,
    rule: ExplorationRule,
    scores: "all" | "needed",
  ) {
    this.name = rule.name;
    this.contextDimension = shape.contextDimension;
    this.armDimension = shape.armDimension;
    this.#features = shape.features;
    this.#models = new LinearModels(`shared linear, ${shape.joint}`, options);
    this.#models.add(0);
    this.#rule = rule;
    if (scores === "needed") this.#needed = new NeededWidths(rule);
    if (!this.#models.forgets) this.sums = this.#describeSums(shape);
  }

  /** Nothing to do: all that is known is known of arms by their features. */
  addArm(): void {}

  /** Nothing to do: what was learnt from the arm is of use to the others. */
  removeArm(): void {}

  evaluate({ slots, context, armFeatures }: ChoiceSet, rng: Rng, out: Evaluation): void {
    const count = slots.length;
    const { means, widths } = out;
    const models = this.#models;
    const rows = this.#rowsFor(count);
    for (let i = 0; i < count; i++) {
      const start = i * this.armDimension;
      const own = armFeatures.subarray(start, start + this.armDimension);
      this.#features.write(context, own, rows[i]!);
      models.load(rows[i]!);
      means[i] = models.mean(0);
      if (!this.#needed) widths[i] = models.width(0);
    }
    if (this.#needed) {
      this.#needed.workOut(means, widths, count, {
        bound: (i) => models.boundWidth(0, lengthOf(rows[i]!)),
        width(i) {
          models.load(rows[i]!);
          return models.width(0);
        },
      });
    }
    this.#rule.explore(out, count, models.learned, rng, () => this.#covariances(count));
  }

  learn({ context, armFeatures, reward, weight }: Example): void {
    const row = this.#rowsFor(1)[0]!;
    this.#features.write(context, armFeatures, row);
    this.#models.learn(0, row, reward, weight);
  }

  state(): unknown {
    return this.#models.state();
  }

  restore(state: unknown): void {
    this.#models.restore(state, this.name, [0]);
  }

  weights(): LinearWeights {
    return readWeights(this.#models.at(0));
  }

  drift(): number {
    return this.#models.drift();
  }

  #rowsFor(count: number): Float64Array[] {
    while (this.#rows.length < count) {
      this.#rows.push(new Float64Array(this.#features.dimension));
    }
    return this.#rows;
  }

  // Covariances z_i' A^-1 z_j of the arms' estimated means, as a packed triangle.
  #covariances(count: number): Float64Array {
    const model = this.#models.at(0);
    const covariances = new Float64Array((count * (count + 1)) / 2);
    for (let i = 0, at = 0; i < count; i++) {
      const image = model.applyInverse(this.#rows[i]!);
      for (let j = 0; j <= i; j++) {
        covariances[at++] = dotProduct(image, this.#rows[j]!, model.dimension);
      }
    }
    return covariances;
  }

  #describeSums({ joint, contextDimension, armDimension, features }: SharedShape): AdditiveSums {
    const model = (): RidgeModel => this.#models.at(0);
    const sharedLength = ridgeSumsLength(features.dimension);
    return {
      kind: `shared linear, ${joint}, dimensions ${contextDimension}, ${armDimension}, ${features.dimension}`,
      sharedLength,
      armLength: 0,
      readShared: () => model().readSums(),
      readArm: () => new Float64Array(0),
      writeShared(sums) {
        checkSums(sums, sharedLength);
        model().writeSums(sums);
      },
      writeArm: (_slot, sums) => checkSums(sums, 0),
      addExample({ context, armFeatures, reward, weight }, shared) {
        const row = new Float64Array(features.dimension);
        features.write(context, armFeatures, row);
        addToRidgeSums(shared, row, reward, weight);
      },
    };
  }
}

function lengthOf(row: Float64Array): number {
  return Math.sqrt(dotProduct(row, row, row.length));
}
