import { UnsupportedError } from "@edgewright/core";
import {
  decodeStatistics,
  encodeStatistics,
  type FleetStatistics,
} from "../../fleet/fleet-statistics.js";
import { createNamedSums, type NamedSums, openArm } from "../../fleet/named-sums.js";
import type { AdditiveSums } from "../../policy/additive-sums.js";
import type { Example, Policy } from "../../policy/policy.js";

/** The sums that the ratings of this device alone amount to, kept beside those of the policy. */
export class RatingSums {
  readonly #policy: string;
  readonly #additive: AdditiveSums | undefined;
  readonly #sums: NamedSums | undefined;

  /** @param saved goes on from there */
  constructor({ name, sums }: Policy, saved: FleetStatistics | null = null) {
    this.#policy = name;
    this.#additive = sums;
    if (!sums) return;
    this.#sums = saved
      ? decodeStatistics(saved, sums, "createModelSelector: snapshot.knowledge")
      : createNamedSums(sums);
  }

  /** Whether the policy's knowledge is a sum at all. */
  get isKept(): boolean {
    return this.#sums !== undefined;
  }

  /** Takes in one rating. */
  add(example: Example, arm: string): void {
    if (!this.#additive || !this.#sums) return;
    const own = openArm(this.#sums, arm, this.#additive);
    this.#additive.addExample(example, this.#sums.shared, own);
  }

  /** @throws UnsupportedError where the policy's knowledge is no sum */
  knowledge(): FleetStatistics {
    if (this.#additive && this.#sums) return encodeStatistics(this.#additive, this.#sums);
    throw unsupported("knowledge", this.#policy);
  }
}

/**
 * Knowledge as if every rating behind it had counted so many times.
 *
 * @throws UnsupportedError, ValidationError where the policy cannot use it
 */
export function scaleKnowledge(
  { name, sums }: Policy,
  knowledge: FleetStatistics,
  weight: number,
): FleetStatistics {
  if (!sums) throw unsupported("createModelSelector", name);
  const { shared, arms } = decodeStatistics(knowledge, sums, "createModelSelector: knowledge");
  const scale = (values: Float64Array): Float64Array => values.map((value) => value * weight);
  return encodeStatistics(sums, {
    shared: scale(shared),
    arms: new Map([...arms].map(([arm, values]) => [arm, scale(values)])),
  });
}

function unsupported(where: string, policy: string): UnsupportedError {
  return new UnsupportedError(
    `${where}: what policy "${policy}" knows, as it is set, is no sum over ratings, so that it cannot be shared; that of sharedLinUcb is`,
  );
}
