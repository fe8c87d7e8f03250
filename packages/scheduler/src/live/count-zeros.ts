import type { LayerStep } from "./layered-model.js";
import type { LayerProfile } from "./model-profile.js";

/** Cost of asking a layer for its zeros, and of each element looked at, in milliseconds: cache misses included. */
const CALL_MS = 0.001;
const ELEMENT_MS = 0.000003;
/** Fewer elements say too little; more would only take time. */
const FEWEST_ELEMENTS = 32;
const MOST_ELEMENTS = 4096;
const LEAST_COST_MS = CALL_MS + FEWEST_ELEMENTS * ELEMENT_MS;
const MOST_COST_MS = CALL_MS + MOST_ELEMENTS * ELEMENT_MS;
/** Layers with fewer zeros on average are not asked again: they have no activation that makes zeros. */
const LEAST_ZEROS = 0.01;

/**
 * Counts the zeros of layers that have just run, within a share of the time that layers take: every layer pays in,
 * and where enough has come together for some elements, the next layer that can have zeros is looked at.
 */
export class ZeroCounter {
  readonly #timeShare: number;
  #budgetMs = 0;

  /** @param timeShare share of the layers' time that counting may take */
  constructor(timeShare: number) {
    this.#timeShare = timeShare;
  }

  /**
   * @param layer what is known of it; undefined for a new one, which is looked at once
   * @returns the share of zeros; undefined where the layer has none on average, or it is not its turn.
   */
  count(
    step: LayerStep,
    layer: Pick<LayerProfile, "ms" | "zeros"> | undefined,
  ): number | undefined {
    if (step.zeroShare === undefined) return undefined;
    if (layer === undefined || layer.zeros === null) return step.zeroShare();
    this.#budgetMs = Math.min(this.#budgetMs + this.#timeShare * layer.ms, MOST_COST_MS);
    if (layer.zeros < LEAST_ZEROS || this.#budgetMs < LEAST_COST_MS) return undefined;
    const elements = Math.floor((this.#budgetMs - CALL_MS) / ELEMENT_MS);
    this.#budgetMs = 0;
    return step.zeroShare(elements);
  }
}
