import type { Rng } from "@edgewright/core";
import type { AdditiveSums } from "../policy/additive-sums.js";
import { decodeFloat64, encodeFloat64 } from "../policy/float64-text.js";
import type { ChoiceSet, Evaluation, Example } from "../policy/policy.js";
import type { ExplorationRule } from "./exploration-rule.js";
import { HybridArm } from "./hybrid-arm.js";
import type { JointFeatures } from "./joint-features.js";
import type { LinearPolicy, LinearWeights } from "./linear-policy.js";
import { dotProduct, triangleLength } from "./packed-triangle.js";
import { PanelMemory } from "./panel-memory.js";
import { readHeader, readModels } from "./read-state.js";
import { RidgeModel } from "./ridge-model.js";
import { addToRidgeSums, checkSums, ridgeSumsLength } from "./ridge-sums.js";

/** What shapes a {@link HybridLinear}. */
export interface HybridShape {
  readonly contextDimension: number;
  readonly armDimension: number;
  readonly features: JointFeatures;
  /** Name of the shared features, by which sums can be told apart. */
  readonly joint: string;
  readonly ridge: number;
}

/**
 * Rewards as beta' z + theta_a' x: a part that all arms share and a part of every arm's own.
 *
 * The arms' own coefficients are eliminated from the joint system, which leaves A0 beta = b0 for the shared ones. With
 * u = A_a^-1 x and v = z - B_a' u, an example adds w / (1 + w x' u) v v' to A0 and as often (r - b_a' u) v to b0,
 * which is what algorithm 2 of the paper comes to; the mean is b_a' u + v' beta and the variance x' u + v' A0^-1 v.
 */
export class HybridLinear implements LinearPolicy {
  readonly name: string;
  readonly contextDimension: number;
  readonly armDimension: number;
  readonly rewards = "real";
  readonly sums: AdditiveSums;
  readonly #shape: HybridShape;
  readonly #rule: ExplorationRule;
  #arms: (HybridArm | undefined)[] = [];
  /** Memory of the arms' own regressions. */
  #memory: PanelMemory;
  /** A0 and b0. */
  #shared: RidgeModel;
  /** Sums over the examples' z alone, of which A0 is what the arms do not explain. */
  #plain: Float64Array;
  /** Whether sums were written, so that A0 must be worked out from them again. */
  #stale = false;
  #learned = 0;
  readonly #row: Float64Array;
  readonly #rest: Float64Array;

  constructor(shape: HybridShape, rule: ExplorationRule) {
    this.name = rule.name;
    this.contextDimension = shape.contextDimension;
    this.armDimension = shape.armDimension;
    this.#shape = shape;
    this.#rule = rule;
    const { dimension } = shape.features;
    this.#shared = new RidgeModel(dimension, shape.ridge);
    this.#plain = new Float64Array(ridgeSumsLength(dimension));
    this.#memory = new PanelMemory(shape.contextDimension);
    this.#row = new Float64Array(dimension);
    this.#rest = new Float64Array(dimension);
    this.sums = this.#describeSums();
  }

  addArm(slot: number, like?: number): void {
    const arm = this.#createArm(this.#memory);
    const known = like === undefined ? undefined : this.#arms[like];
    if (known) {
      arm.copyFrom(known);
      // As if its examples had been seen with shared features that say nothing new.
      arm.addExplained(this.#plain, 1);
    }
    this.#arms[slot] = arm;
  }

  /** What the arm's examples said of the shared coefficients stays. */
  removeArm(slot: number): void {
    this.#arms[slot]?.addExplained(this.#plain, -1);
    this.#arms[slot]?.model.dispose();
    this.#arms[slot] = undefined;
  }

  evaluate({ slots, context, armFeatures }: ChoiceSet, rng: Rng, out: Evaluation): void {
    this.#refresh();
    const shared = this.#shared;
    const rest = this.#rest;
    for (let i = 0; i < slots.length; i++) {
      const arm = this.#arms[slots[i]!]!;
      const start = i * this.armDimension;
      const own = armFeatures.subarray(start, start + this.armDimension);
      const u = this.#split(arm, context, own);
      out.means[i] = arm.model.mean(context) + shared.mean(rest);
      const variance = dotProduct(context, u, context.length) + shared.variance(rest);
      out.widths[i] = Math.sqrt(Math.max(variance, 0));
    }
    this.#rule.explore(out, slots.length, this.#learned, rng);
  }

  learn({ slot, context, armFeatures, reward, weight }: Example): void {
    this.#refresh();
    const arm = this.#arms[slot]!;
    arm.model.check(context, reward, weight);
    const u = this.#split(arm, context, armFeatures);
    this.#shared.check(this.#row, reward, weight);
    const form = Math.max(0, dotProduct(context, u, context.length));
    this.#shared.add(this.#rest, reward - arm.model.mean(context), weight / (1 + weight * form));
    addToRidgeSums(this.#plain, this.#row, reward, weight);
    arm.add(context, this.#row, reward, weight);
    this.#learned++;
  }

  state(): unknown {
    this.#refresh();
    return {
      kind: this.#kind(),
      learned: this.#learned,
      shared: this.#shared.state(),
      plain: encodeFloat64(this.#plain),
      models: this.#arms.flatMap((arm, slot) =>
        arm ? [{ slot, fadedAt: 0, model: arm.state() }] : [],
      ),
    };
  }

  restore(state: unknown): void {
    const { contextDimension, features, ridge } = this.#shape;
    const where = this.name;
    const { learned, shared, plain, models } = readHeader(state, this.#kind(), where);
    const memory = new PanelMemory(contextDimension);
    const arms = readModels(models, learned, where).map(({ slot, model }) => {
      const arm = this.#createArm(memory);
      arm.restore(model, `${where}: slot ${slot}`);
      return { slot, arm };
    });
    const place = `${where}: shared`;
    const numbers = decodeFloat64(plain, this.#plain.length, place);
    const sharedModel = new RidgeModel(features.dimension, ridge);
    sharedModel.restore(shared, place);
    this.#plain = numbers;
    this.#memory = memory;
    this.#shared = sharedModel;
    this.#learned = learned;
    this.#stale = false;
    this.#arms = [];
    for (const { slot, arm } of arms) this.#arms[slot] = arm;
  }

  /** The shared coefficients, then the arm's own. */
  weights(slot: number): LinearWeights {
    this.#refresh();
    const arm = this.#arms[slot]!;
    const shared = this.#shared;
    const beta = shared.theta;
    const own = this.#ownCoefficients(arm);
    const { dimension } = arm.model;
    // The variance of theta_a is A_a^-1 + A_a^-1 B_a A0^-1 B_a' A_a^-1.
    const noise = this.#noiseVariance();
    const rest = new Float64Array(shared.dimension);
    const variances = [
      ...beta.map((_, j) => shared.inverseDiagonal(j)),
      ...own.map((_, i) => {
        const unit = new Float64Array(dimension);
        unit[i] = 1;
        arm.unexplained(new Float64Array(shared.dimension), arm.model.applyInverse(unit), rest);
        return arm.model.inverseDiagonal(i) + shared.variance(rest);
      }),
    ];
    return {
      coefficients: Float64Array.from([...beta, ...own]),
      standardErrors: Float64Array.from(variances, (value) => Math.sqrt(noise * value)),
      weight: arm.model.weight,
    };
  }

  drift(): number {
    this.#refresh();
    return this.#arms.reduce(
      (largest, arm) => Math.max(largest, arm?.model.drift() ?? 0),
      this.#shared.drift(),
    );
  }

  // Fills #row with z and #rest with v, and returns u.
  #split(arm: HybridArm, context: Float64Array, armFeatures: Float64Array): Float64Array {
    this.#shape.features.write(context, armFeatures, this.#row);
    const u = arm.model.applyInverse(context);
    arm.unexplained(this.#row, u, this.#rest);
    return u;
  }

  #createArm(memory: PanelMemory): HybridArm {
    const { contextDimension, features, ridge } = this.#shape;
    return new HybridArm(new RidgeModel(contextDimension, ridge, memory), features.dimension);
  }

  #ownCoefficients(arm: HybridArm): Float64Array {
    const { model, cross } = arm;
    const beta = this.#shared.theta;
    const moments = model.moments.map(
      (moment, i) => moment - dotProduct(cross.subarray(i * beta.length), beta, beta.length),
    );
    return model.applyInverse(moments).slice();
  }

  // Squared residuals of the joint system, by examples beyond its coefficients.
  #noiseVariance(): number {
    const { ridge, features, contextDimension } = this.#shape;
    const beta = this.#shared.theta;
    const plain = this.#plain.subarray(triangleLength(features.dimension));
    const square = (v: Float64Array): number => dotProduct(v, v, v.length);
    let residual = -dotProduct(plain, beta, beta.length) - ridge * square(beta);
    let weight = -features.dimension;
    for (const arm of this.#arms) {
      if (arm === undefined) continue;
      const own = this.#ownCoefficients(arm);
      residual += arm.model.squares - dotProduct(arm.model.moments, own, own.length);
      residual -= ridge * square(own);
      weight += arm.model.weight - contextDimension;
    }
    return weight > 0 ? Math.max(0, residual) / weight : Number.NaN;
  }

  #refresh(): void {
    if (!this.#stale) return;
    this.#stale = false;
    const sums = this.#plain.slice();
    for (const arm of this.#arms) arm?.addExplained(sums, -1);
    this.#shared.writeSums(sums);
  }

  #kind(): string {
    const { contextDimension, armDimension, joint, features, ridge } = this.#shape;
    return `hybrid linear, ${joint}, dimensions ${contextDimension}, ${armDimension}, ${features.dimension}, ridge ${ridge}`;
  }

  #describeSums(): AdditiveSums {
    const { contextDimension, armDimension, joint, features } = this.#shape;
    const sharedLength = this.#plain.length;
    const ownLength = ridgeSumsLength(contextDimension);
    const armLength = ownLength + contextDimension * features.dimension;
    return {
      kind: `hybrid linear, ${joint}, dimensions ${contextDimension}, ${armDimension}, ${features.dimension}`,
      sharedLength,
      armLength,
      readShared: () => this.#plain.slice(),
      readArm: (slot) => {
        const { model, cross } = this.#arms[slot]!;
        const sums = new Float64Array(armLength);
        sums.set(model.readSums());
        sums.set(cross, ownLength);
        return sums;
      },
      writeShared: (sums) => {
        checkSums(sums, sharedLength);
        this.#plain.set(sums);
        this.#stale = true;
      },
      writeArm: (slot, sums) => {
        checkSums(sums, armLength);
        const { model, cross } = this.#arms[slot]!;
        model.writeSums(sums.subarray(0, ownLength));
        cross.set(sums.subarray(ownLength));
        this.#stale = true;
      },
      addExample({ context, armFeatures, reward, weight }, shared, arm) {
        const row = new Float64Array(features.dimension);
        features.write(context, armFeatures, row);
        addToRidgeSums(shared, row, reward, weight);
        addToRidgeSums(arm, context, reward, weight);
        for (let i = 0, at = ownLength; i < context.length; i++) {
          for (let j = 0; j < row.length; j++) arm[at++]! += weight * context[i]! * row[j]!;
        }
      },
    };
  }
}
