import type { Rng } from "@edgewright/core";
import type { AdditiveSums } from "../policy/additive-sums.js";
import type { ChoiceSet, Evaluation, Example } from "../policy/policy.js";
import type { ExplorationRule } from "./exploration-rule.js";
import type { CheckedLinearOptions } from "./linear-options.js";
import type { LinearPolicy, LinearWeights } from "./linear-policy.js";
import { workOutNeeded } from "./needed-widths.js";
import { dotProduct } from "./packed-triangle.js";
import { readArms, readHeader } from "./read-state.js";
import { readWeights } from "./read-weights.js";
import { RecentExamples } from "./recent-examples.js";
import { REFACTOR_EVERY, RidgeModel } from "./ridge-model.js";
import { addToRidgeSums, checkSums, ridgeSumsLength } from "./ridge-sums.js";
import { wholePower } from "./whole-power.js";

interface ArmModel {
  readonly model: RidgeModel;
  /** Examples that the policy had learnt when the model was last faded. */
  fadedAt: number;
}

/** A linear model for every arm, over the features of the context alone, explored by a rule. */
export class DisjointLinear implements LinearPolicy {
  readonly name: string;
  readonly contextDimension: number;
  readonly armDimension = 0;
  readonly rewards = "real";
  readonly sums?: AdditiveSums;
  readonly #options: CheckedLinearOptions;
  readonly #rule: ExplorationRule;
  readonly #neededOnly: boolean;
  readonly #arms: (ArmModel | undefined)[] = [];
  #recent = new RecentExamples();
  #learned = 0;
  #bounds = new Float64Array(8);

  constructor(options: CheckedLinearOptions, rule: ExplorationRule, neededOnly: boolean) {
    this.name = rule.name;
    this.contextDimension = options.dimension;
    this.#options = options;
    this.#rule = rule;
    this.#neededOnly = neededOnly;
    const forgets = options.discount < 1 || options.window < Infinity;
    if (!forgets) this.sums = this.#describeSums();
  }

  addArm(slot: number, like?: number): void {
    const { dimension, ridge } = this.#options;
    const known = like === undefined ? undefined : this.#arms[like];
    const model = new RidgeModel(dimension, ridge);
    if (known) model.copyFrom(known.model);
    if (like !== undefined) this.#recent.copy(slot, like);
    this.#arms[slot] = { model, fadedAt: known?.fadedAt ?? this.#learned };
  }

  removeArm(slot: number): void {
    this.#arms[slot] = undefined;
    this.#recent.drop(slot);
  }

  evaluate({ slots, context }: ChoiceSet, rng: Rng, out: Evaluation): void {
    const { means, widths } = out;
    const count = slots.length;
    for (let i = 0; i < count; i++) means[i] = this.#arms[slots[i]!]!.model.mean(context);
    if (this.#neededOnly) this.#evaluateNeeded(slots, context, out);
    else for (let i = 0; i < count; i++) widths[i] = this.#width(this.#arms[slots[i]!]!, context);
    this.#rule.explore(out, count, this.#learned, rng);
  }

  learn({ slot, context, reward, weight }: Example): void {
    const { discount, window } = this.#options;
    const arm = this.#arms[slot]!;
    arm.model.check(context, reward, weight);
    const time = this.#learned + 1;
    if (discount < 1) {
      arm.model.fade(wholePower(discount, time - arm.fadedAt));
      arm.fadedAt = time;
    }
    arm.model.add(context, reward, weight);
    this.#learned = time;
    if (window < Infinity) {
      this.#recent.add({ time, slot, features: context.slice(), reward, weight });
      this.#takeBackUntil(time - window);
    }
  }

  state(): unknown {
    return {
      kind: this.#kind(),
      learned: this.#learned,
      arms: this.#arms.flatMap((arm, slot) =>
        arm ? [{ slot, fadedAt: arm.fadedAt, model: arm.model.state() }] : [],
      ),
      recentCount: this.#recent.length,
      recent: this.#recent.state(),
    };
  }

  restore(state: unknown): void {
    const { dimension, ridge } = this.#options;
    const fields = readHeader(state, this.#kind(), this.name);
    const arms = readArms(fields.arms, fields.learned, this.name).map(
      ({ slot, fadedAt, model }) => ({
        ...{ slot, fadedAt },
        model: RidgeModel.fromState(model, dimension, ridge, `${this.name}: arm ${slot}`),
      }),
    );
    const where = `${this.name}: the window`;
    const recent = RecentExamples.fromState(fields.recent, fields.recentCount, dimension, where);
    this.#learned = fields.learned;
    this.#recent = recent;
    this.#arms.length = 0;
    for (const { slot, fadedAt, model } of arms) this.#arms[slot] = { model, fadedAt };
  }

  weights(slot: number): LinearWeights {
    return readWeights(this.#arms[slot]!.model);
  }

  drift(): number {
    return this.#arms.reduce((largest, arm) => Math.max(largest, arm?.model.drift() ?? 0), 0);
  }

  #evaluateNeeded(
    slots: ArrayLike<number>,
    context: Float64Array,
    { means, widths }: Evaluation,
  ): void {
    const { optimism, meansOnly } = this.#rule;
    const count = slots.length;
    if (meansOnly || optimism === undefined) {
      if (meansOnly) widths.fill(Number.NaN, 0, count);
      else for (let i = 0; i < count; i++) widths[i] = this.#width(this.#arms[slots[i]!]!, context);
      return;
    }
    if (this.#bounds.length < count) this.#bounds = new Float64Array(2 * count);
    const bounds = this.#bounds;
    const norm = Math.sqrt(dotProduct(context, context, context.length));
    for (let i = 0; i < count; i++) {
      bounds[i] = norm * Math.sqrt(this.#arms[slots[i]!]!.model.largestVariance());
    }
    workOutNeeded(means, widths, count, optimism, bounds, (i) =>
      this.#width(this.#arms[slots[i]!]!, context),
    );
  }

  // The doubt about an arm grows while others are learnt of, up to what it was before its first example.
  #width({ model, fadedAt }: ArmModel, context: Float64Array): number {
    const { discount, ridge } = this.#options;
    const variance = model.variance(context);
    if (discount === 1) return Math.sqrt(variance);
    const faded = Math.max(wholePower(discount, this.#learned - fadedAt), Number.MIN_VALUE);
    const grown = variance / faded;
    const unknown = dotProduct(context, context, context.length) / ridge;
    return Math.sqrt(Math.min(grown, unknown));
  }

  #takeBackUntil(time: number): void {
    const { window } = this.#options;
    for (;;) {
      const old = this.#recent.takeUntil(time);
      if (old === undefined) break;
      this.#arms[old.slot]?.model.add(old.features, old.reward, -old.weight);
    }
    // What adding and taking back left behind as rounding is swept out now and then.
    if (this.#learned % Math.max(window, REFACTOR_EVERY) !== 0) return;
    this.#arms.forEach((arm, slot) => {
      arm?.model.replay(this.#recent.of(slot));
    });
  }

  #kind(): string {
    const { dimension, ridge, discount, window } = this.#options;
    return `disjoint linear, dimension ${dimension}, ridge ${ridge}, discount ${discount}, window ${window}`;
  }

  #describeSums(): AdditiveSums {
    const { dimension } = this.#options;
    const armLength = ridgeSumsLength(dimension);
    const modelOf = (slot: number): RidgeModel => this.#arms[slot]!.model;
    return {
      kind: `disjoint linear, dimension ${dimension}`,
      sharedLength: 0,
      armLength,
      readShared: () => new Float64Array(0),
      readArm: (slot) => modelOf(slot).readSums(),
      writeShared: () => {},
      writeArm(slot, sums) {
        checkSums(sums, armLength);
        modelOf(slot).writeSums(sums);
      },
      addExample({ context, reward, weight }, _shared, arm) {
        addToRidgeSums(arm, context, reward, weight);
      },
    };
  }
}
