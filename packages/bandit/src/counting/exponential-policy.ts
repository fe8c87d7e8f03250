import type { Example, Policy } from "../policy/policy.js";
import { expectField, readField, readWhole } from "../policy/read-field.js";
import { createArmTable } from "./memory/arm-table.js";

/** What tells one policy with exponential weights from another. */
export interface ExponentialRules {
  readonly name: string;
  /** Probabilities from the estimated gains of `count` arms, after `rounds` rewards. */
  evaluate(gains: Float64Array, count: number, rounds: number, out: Float64Array): void;
  /** What an example adds to the gain of its arm, where there are `arms` of them. */
  estimate(example: Example, arms: number, rounds: number): number;
}

/**
 * A policy that keeps one number of each arm, an estimate of all it would have earned had it always been chosen, and
 * chooses by exponential weights of them.
 */
export function createExponentialPolicy(rules: ExponentialRules): Policy {
  const { name } = rules;
  const table = createArmTable(1);
  let arms = 0;
  let rounds = 0;
  return {
    name,
    contextDimension: 0,
    armDimension: 0,
    rewards: "unit",
    addArm(slot, like) {
      const others = table.slots();
      table.add(slot);
      arms++;
      if (like !== undefined) {
        table.values[slot] = table.values[like]!;
      } else if (others.length > 0) {
        let sum = 0;
        for (const other of others) sum += table.values[other]!;
        table.values[slot] = sum / others.length;
      }
    },
    removeArm(slot) {
      table.remove(slot);
      arms--;
    },
    evaluate({ slots }, _rng, out) {
      const count = slots.length;
      for (let i = 0; i < count; i++) out.scores[i] = table.values[slots[i]!]!;
      out.means.fill(Number.NaN, 0, count);
      out.widths.fill(Number.NaN, 0, count);
      rules.evaluate(out.scores, count, rounds, out.probabilities);
    },
    learn(example) {
      const estimate = example.weight * rules.estimate(example, arms, rounds);
      // A propensity next to 0 must not make a gain infinite, which no snapshot could hold.
      table.values[example.slot]! += Math.min(1e200, Math.max(-1e200, estimate));
      rounds++;
    },
    state: () => ({ policy: name, rounds, arms: table.state() }),
    restore(state) {
      const where = `${name}.restore`;
      expectField(state, "policy", name, where);
      const restoredRounds = readWhole(state, "rounds", where);
      const commit = table.prepare(readField(state, "arms", where), `${where}: arms`);
      commit();
      arms = table.slots().length;
      rounds = restoredRounds;
    },
  };
}
