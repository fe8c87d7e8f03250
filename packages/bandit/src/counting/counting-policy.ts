import { EdgewrightError, type Rng, ShapeError, ValidationError } from "@edgewright/core";
import type { AdditiveSums } from "../policy/additive-sums.js";
import type { ChoiceSet, Evaluation, Example, Policy } from "../policy/policy.js";
import { expectField, readField, readWhole } from "../policy/read-field.js";
import type { ArmStatistics, Memory } from "./memory/arm-statistics.js";
import { forever } from "./memory/forever.js";

/** Options of every policy that knows of its arms only how often they were tried and what they earned. */
export interface CountingOptions {
  /** How long examples are remembered. @default forever() */
  readonly memory?: Memory;
  /**
   * What part of the weight of another arm's examples an arm starts from that is added like it, from 0 to 1: with 0.1
   * a hundred examples of the old arm count for ten of the new one.
   *
   * @default 1
   */
  readonly warmStart?: number;
}

/** What tells one counting policy from another. */
export interface CountingRules {
  readonly name: string;
  readonly rewards: "unit" | "real";
  evaluate(
    statistics: ArmStatistics,
    choices: ChoiceSet,
    out: Evaluation,
    rounds: number,
    rng: Rng,
  ): void;
  /** The reward to be remembered for one that was observed; without it the same. Takes away the sums. */
  readonly recode?: (example: Example, rng: Rng) => number;
}

/** Makes a policy out of rules and a memory; the rules are asked with up-to-date statistics. */
export function createCountingPolicy(rules: CountingRules, options: CountingOptions): Policy {
  const { name, rewards, recode } = rules;
  const { memory = forever(), warmStart = 1 } = options;
  if (!(warmStart >= 0 && warmStart <= 1)) {
    throw new EdgewrightError(
      "invalid-argument",
      `${name}: a warmStart from 0 to 1 was expected, got ${warmStart}`,
    );
  }
  const statistics = memory.start();
  let rounds = 0;

  const policy: Policy = {
    name,
    contextDimension: 0,
    armDimension: 0,
    rewards,
    addArm: (slot, like) => statistics.addArm(slot, like, warmStart),
    removeArm: (slot) => statistics.removeArm(slot),
    evaluate: (choices, rng, out) => rules.evaluate(statistics, choices, out, rounds, rng),
    learn(example, rng) {
      checkSize(name, example);
      const reward = recode ? recode(example, rng) : example.reward;
      statistics.learn(example.slot, reward, example.weight);
      rounds++;
    },
    state: () => ({ policy: name, memory: memory.name, rounds, arms: statistics.state() }),
    restore(state) {
      const where = `${name}.restore`;
      expectField(state, "policy", name, where);
      expectField(state, "memory", memory.name, where);
      const restoredRounds = readWhole(state, "rounds", where);
      const commit = statistics.prepare(readField(state, "arms", where), `${where}: arms`);
      commit();
      rounds = restoredRounds;
    },
  };
  if (!statistics.sums || recode) return policy;

  const { readArm, writeArm } = statistics.sums;
  const sums: AdditiveSums = {
    kind: name,
    sharedLength: 1,
    armLength: 3,
    readShared: () => Float64Array.of(rounds),
    writeShared(shared) {
      checkLength(shared, 1, `${name}: writeShared`);
      const restored = Math.round(shared[0]!);
      if (!(Number.isSafeInteger(restored) && restored >= 0)) {
        throw new ValidationError(
          `${name}: writeShared: a number of rounds from 0 was expected, got ${shared[0]}`,
        );
      }
      rounds = restored;
    },
    readArm,
    writeArm(slot, arm) {
      checkLength(arm, 3, `${name}: writeArm`);
      writeArm(slot, arm);
    },
    addExample({ reward, weight }, shared, arm) {
      shared[0]! += 1;
      arm[0]! += weight;
      arm[1]! += weight * reward;
      arm[2]! += weight * reward * reward;
    },
  };
  return { ...policy, sums };
}

/** Squares of larger rewards would leave the range of doubles, and snapshots with infinite sums cannot be read. */
function checkSize(name: string, { reward, weight }: Example): void {
  if (Math.abs(reward) <= 1e100 && weight <= 1e50) return;
  throw new EdgewrightError(
    "invalid-argument",
    `${name}: a reward of at most 1e100 and a weight of at most 1e50 were expected, got ${reward} and ${weight}`,
  );
}

function checkLength(sums: Float64Array, length: number, where: string): void {
  if (sums.length !== length) {
    throw new ShapeError(`${where}: ${length} sums were expected, got ${sums.length}`);
  }
}
