import { ValidationError } from "@edgewright/core";
import type { CheckedLinearOptions } from "./linear-options.js";
import { dotProduct } from "./packed-triangle.js";
import { PanelMemory } from "./panel-memory.js";
import { readHeader, readModels } from "./read-state.js";
import { RecentExamples } from "./recent-examples.js";
import { REFACTOR_EVERY, RidgeModel } from "./ridge-model.js";
import { wholePower } from "./whole-power.js";

/** Below so many features a form costs no more than its bound. */
const FEWEST_FOR_ROUGH = 32;

interface FadingModel {
  readonly model: RidgeModel;
  /** Examples that all models together had learnt when this one was last faded. */
  fadedAt: number;
}

/** Ridge regressions in slots that forget together: by a discount, by a window over all their examples, or not. */
export class LinearModels {
  readonly options: CheckedLinearOptions;
  readonly #kind: string;
  #memory: PanelMemory;
  #models: (FadingModel | undefined)[] = [];
  #recent = new RecentExamples();
  #learned = 0;

  /** @param name says what the models are for, in snapshots and errors */
  constructor(name: string, options: CheckedLinearOptions) {
    const { dimension, ridge, discount, window } = options;
    this.options = options;
    this.#memory = new PanelMemory(dimension);
    this.#kind = `${name}, dimension ${dimension}, ridge ${ridge}, discount ${discount}, window ${window}`;
  }

  /** Examples learnt so far. */
  get learned(): number {
    return this.#learned;
  }

  /** Whether examples are ever forgotten, so that what is known is no sum over all of them. */
  get forgets(): boolean {
    return this.options.discount < 1 || this.options.window < Infinity;
  }

  add(slot: number, like?: number): void {
    const { dimension, ridge } = this.options;
    const known = like === undefined ? undefined : this.#models[like];
    const model = new RidgeModel(dimension, ridge, this.#memory);
    if (known) model.copyFrom(known.model);
    if (like !== undefined) this.#recent.copy(slot, like);
    this.#models[slot] = { model, fadedAt: known?.fadedAt ?? this.#learned };
  }

  remove(slot: number): void {
    this.#models[slot]?.model.dispose();
    this.#models[slot] = undefined;
    this.#recent.drop(slot);
  }

  at(slot: number): RidgeModel {
    return this.#models[slot]!.model;
  }

  /** Says of which features the next means and widths are. */
  load(x: Float64Array): void {
    this.#memory.load(x);
  }

  /** Estimated mean reward for the features that were loaded. */
  mean(slot: number): number {
    return this.#models[slot]!.model.meanOfLoaded();
  }

  /** Standard error of that mean, where rewards have a variance of 1. */
  width(slot: number): number {
    const { model, fadedAt } = this.#models[slot]!;
    const { discount, ridge, dimension } = this.options;
    const variance = model.varianceOfLoaded();
    if (discount === 1 || fadedAt === this.#learned) return Math.sqrt(variance);
    // Doubt about a model grows while others learn, up to what it was before the first example.
    const faded = Math.max(wholePower(discount, this.#learned - fadedAt), Number.MIN_VALUE);
    const { values, input } = this.#memory;
    const x = values.subarray(input, input + dimension);
    return Math.sqrt(Math.min(variance / faded, dotProduct(x, x, dimension) / ridge));
  }

  /**
   * What gives the square of the width for the features that were loaded, roughly and cheaply, and what that can be
   * wrong by; undefined where it would not be cheaper.
   */
  roughVariances(): ((slot: number) => { variance: number; error: number }) | undefined {
    const { discount, dimension } = this.options;
    const memory = this.#memory;
    if (!memory.kernels.float32 || discount < 1 || dimension < FEWEST_FOR_ROUGH) return undefined;
    const rounded = memory.roundInput();
    const size = memory.sizeOfInput();
    return (slot) => this.#models[slot]!.model.roughVarianceOfLoaded(rounded, size);
  }

  /** What {@link LinearModels.width} never exceeds for any x of that length; Infinity where nothing is known. */
  boundWidth(slot: number, length: number): number {
    const { model, fadedAt } = this.#models[slot]!;
    const { discount, ridge } = this.options;
    const current = discount === 1 || fadedAt === this.#learned;
    return length * Math.sqrt(current ? model.largestVariance() : 1 / ridge);
  }

  /** Learns an example, or throws and stays as it was. */
  learn(slot: number, x: Float64Array, reward: number, weight: number): void {
    const { discount, window } = this.options;
    const entry = this.#models[slot]!;
    entry.model.check(x, reward, weight);
    const time = this.#learned + 1;
    if (discount < 1) {
      entry.model.fade(wholePower(discount, time - entry.fadedAt));
      entry.fadedAt = time;
    }
    entry.model.add(x, reward, weight);
    this.#learned = time;
    if (window < Infinity) {
      this.#recent.add({ time, slot, features: x.slice(), reward, weight });
      this.#takeBackUntil(time - window);
    }
  }

  /** Largest drift of all models, see {@link RidgeModel.drift}. */
  drift(): number {
    return this.#models.reduce((largest, entry) => Math.max(largest, entry?.model.drift() ?? 0), 0);
  }

  state(): unknown {
    return {
      kind: this.#kind,
      learned: this.#learned,
      models: this.#models.flatMap((entry, slot) =>
        entry ? [{ slot, fadedAt: entry.fadedAt, model: entry.model.state() }] : [],
      ),
      recentCount: this.#recent.length,
      recent: this.#recent.state(),
    };
  }

  /**
   * Takes over a state, or throws a ValidationError that names `where` and stays as it was.
   *
   * @param slots the slots that there must be; any where it is left out
   */
  restore(state: unknown, where: string, slots?: readonly number[]): void {
    const { dimension, ridge } = this.options;
    const { learned, ...fields } = readHeader(state, this.#kind, where);
    const memory = new PanelMemory(dimension);
    const models = readModels(fields.models, learned, where).map(({ slot, fadedAt, model }) => {
      const restored = new RidgeModel(dimension, ridge, memory);
      restored.restore(model, `${where}: slot ${slot}`);
      return { slot, fadedAt, model: restored };
    });
    if (slots && slots.join() !== models.map(({ slot }) => slot).join()) {
      throw new ValidationError(`${where}: models are missing; the snapshot is damaged`);
    }
    const recent = RecentExamples.fromState(fields, dimension, learned, `${where}: the window`);
    this.#learned = learned;
    this.#recent = recent;
    this.#memory = memory;
    this.#models = [];
    for (const { slot, fadedAt, model } of models) this.#models[slot] = { model, fadedAt };
  }

  #takeBackUntil(time: number): void {
    const { window } = this.options;
    for (;;) {
      const old = this.#recent.takeUntil(time);
      if (old === undefined) break;
      const model = this.#models[old.slot]?.model;
      const reliable = model?.add(old.features, old.reward, -old.weight);
      if (reliable === false) model!.replay(this.#recent.of(old.slot));
    }
    // What adding and taking back left behind as rounding is swept out now and then.
    if (this.#learned % Math.max(window, REFACTOR_EVERY) !== 0) return;
    this.#models.forEach((entry, slot) => {
      entry?.model.replay(this.#recent.of(slot));
    });
  }
}
