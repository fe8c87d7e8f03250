import { type DeviceProfile, EdgewrightError, type ModelVariant } from "@edgewright/core";
import type { OnDevice } from "../features/encode-model.js";
import { measuredEnergyMj, measuredLatencyMs } from "../features/measured-latency.js";
import { predictLatencies } from "../features/predict-latency.js";
import { variantId } from "../features/variant-id.js";

/** A mean of observed times. */
export interface ObservedLatency {
  readonly latencyMs: number;
  /** Observations so far. */
  readonly count: number;
}

// The mean forgets slowly what it was: a device that got hot or old shows within so many observations.
const REMEMBERED = 10;

/** What is known of the variants on one device: observed before measured before predicted. */
export class DeviceFacts {
  readonly #variants: readonly ModelVariant[];
  readonly #profile: DeviceProfile | undefined;
  readonly #energyMj:
    | ((variant: ModelVariant, latencyMs: number) => number | undefined)
    | undefined;
  readonly #observed = new Map<string, ObservedLatency>();
  #facts = new Map<string, OnDevice>();

  constructor(
    variants: readonly ModelVariant[],
    profile?: DeviceProfile,
    energyMj?: (variant: ModelVariant, latencyMs: number) => number | undefined,
  ) {
    this.#variants = variants;
    this.#profile = profile;
    this.#energyMj = energyMj;
    this.#workOut();
  }

  /** Time and energy of a variant here, as far as known. */
  of(variant: ModelVariant): OnDevice {
    return this.#facts.get(variantId(variant))!;
  }

  /** Takes in what an inference took in truth. */
  observe(variant: Pick<ModelVariant, "model" | "precision">, latencyMs: number): void {
    const id = variantId(variant);
    if (!this.#facts.has(id)) {
      const known = [...this.#facts.keys()].join(", ");
      throw refusal(`observe: one of the variants ${known} was expected, got "${id}"`);
    }
    if (!(latencyMs > 0 && latencyMs < Infinity)) {
      throw refusal(`observe: a finite time above 0 ms was expected, got ${latencyMs}`);
    }
    const { latencyMs: before, count } = this.#observed.get(id) ?? { latencyMs: 0, count: 0 };
    const share = 1 / Math.min(count + 1, REMEMBERED);
    this.#observed.set(id, {
      latencyMs: before + share * (latencyMs - before),
      count: count + 1,
    });
    this.#workOut();
  }

  /** All observed means, by variant. */
  observed(): Record<string, ObservedLatency> {
    return Object.fromEntries(this.#observed);
  }

  /** Takes over observed means; those of variants that are gone are kept, should they come back. */
  restore(observed: Readonly<Record<string, ObservedLatency>>): void {
    for (const [id, entry] of Object.entries(observed)) this.#observed.set(id, entry);
    this.#workOut();
  }

  #workOut(): void {
    const profile = this.#profile;
    const latencies = predictLatencies(
      this.#variants,
      (variant) =>
        this.#observed.get(variantId(variant))?.latencyMs ??
        (profile && measuredLatencyMs(profile, variant)),
    );
    this.#facts = new Map(
      this.#variants.map((variant, i) => {
        const latencyMs = latencies[i];
        const energyMj =
          (profile && measuredEnergyMj(profile, variant)) ??
          (latencyMs === undefined ? undefined : this.#energyMj?.(variant, latencyMs));
        return [
          variantId(variant),
          {
            ...(latencyMs !== undefined && { latencyMs }),
            ...(energyMj !== undefined && { energyMj }),
          },
        ];
      }),
    );
  }
}

function refusal(message: string): EdgewrightError {
  return new EdgewrightError("invalid-argument", message);
}
