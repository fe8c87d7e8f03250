import { type Rng, ValidationError } from "@edgewright/core";
import { indexOfBest, putAllOn } from "../policy/choose-best.js";
import { decodeFloat64, encodeFloat64 } from "../policy/float64-text.js";
import type { Example, Policy } from "../policy/policy.js";

/** A policy that draws with fixed weights by slot, learns nothing and keeps what it was taught. */
export function createFixedPolicy(
  weights: readonly number[],
  more: Partial<Pick<Policy, "contextDimension" | "armDimension" | "rewards">> = {},
): Policy & { readonly examples: Example[] } {
  const examples: Example[] = [];
  return {
    name: "fixed",
    contextDimension: 0,
    armDimension: 0,
    rewards: "unit",
    ...more,
    examples,
    addArm() {},
    removeArm() {},
    evaluate({ slots }, _, { scores, probabilities, means, widths }) {
      let total = 0;
      for (let i = 0; i < slots.length; i++) total += weights[slots[i]!] ?? 1;
      for (let i = 0; i < slots.length; i++) {
        const weight = weights[slots[i]!] ?? 1;
        scores[i] = weight;
        probabilities[i] = total > 0 ? weight / total : 1 / slots.length;
        means[i] = Number.NaN;
        widths[i] = Number.NaN;
      }
    },
    learn(example) {
      examples.push(example);
    },
    state: () => null,
    restore() {},
  };
}

/** A policy that takes the best mean plus 1 / sqrt(n), with random ties of unknown arms: knows what it saw, exactly. */
export function createMeanPolicy(): Policy {
  const sums: (readonly [count: number, sum: number] | undefined)[] = [];
  return {
    name: "mean",
    contextDimension: 0,
    armDimension: 0,
    rewards: "real",
    addArm(slot, like) {
      sums[slot] = like === undefined ? [0, 0] : sums[like]!;
    },
    removeArm(slot) {
      sums[slot] = undefined;
    },
    evaluate({ slots }, rng: Rng, { scores, probabilities, means, widths }) {
      for (let i = 0; i < slots.length; i++) {
        const [count, sum] = sums[slots[i]!]!;
        means[i] = count > 0 ? sum / count : Number.NaN;
        widths[i] = count > 0 ? 1 / Math.sqrt(count) : Infinity;
        scores[i] = count > 0 ? means[i]! + widths[i]! : 100 + rng.uniform();
      }
      putAllOn(indexOfBest(scores, slots.length), probabilities, slots.length);
    },
    learn({ slot, reward, weight }) {
      const [count, sum] = sums[slot]!;
      sums[slot] = [count + weight, sum + weight * reward];
    },
    state: () =>
      sums.map((sum, slot) => (sum ? [slot, encodeFloat64(Float64Array.from(sum))] : [slot])),
    restore(state) {
      if (!Array.isArray(state)) throw new ValidationError("mean: a list was expected");
      const read = state.map(([_, text]: [number, string?]) =>
        text === undefined ? undefined : decodeFloat64(text, 2, "mean"),
      );
      sums.length = 0;
      for (const sum of read) sums.push(sum && [sum[0]!, sum[1]!]);
    },
  };
}
