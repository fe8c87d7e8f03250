import { EdgewrightError, ValidationError } from "@edgewright/core";
import { readWeight } from "../../policy/read-field.js";
import type { ArmStatistics, Memory } from "./arm-statistics.js";
import { createArmTable } from "./arm-table.js";

/** Options of {@link discounted}. */
export interface DiscountedOptions {
  /** What is left of the weight of all examples when another one comes: from 1e-9, below 1. */
  readonly discount: number;
}

/**
 * Forgets step by step: an example that came n examples ago, of whichever arm, weighs discount^n; some
 * 1 / (1 - discount) examples are remembered (the memory of discounted UCB, Garivier & Moulines 2011).
 *
 * A step costs the same however many arms there are. The error of a sum stays below some 1 / (1 - discount) units in
 * the last place of the largest one remembered, however long it runs: old errors are forgotten with old examples.
 *
 * @throws EdgewrightError "invalid-argument" for a discount that is not from 1e-9 and below 1
 *
 * @example
 * const policy = ucb1({ memory: discounted({ discount: 0.99 }) });
 */
export function discounted(options: DiscountedOptions): Memory {
  const { discount } = options;
  // A step of a smaller one would leave the range that sums are kept in.
  if (!(discount >= 1e-9 && discount < 1)) {
    throw new EdgewrightError(
      "invalid-argument",
      `discounted: a discount from 1e-9 and below 1 was expected, got ${discount}`,
    );
  }
  return { name: `discounted(${discount})`, start: () => start(discount) };
}

const WIDTH = 3; // weight, sum of rewards, sum of squares
/** A power of two, so that taking it out of all sums rounds nothing. */
const LARGEST_UNIT = 2 ** 64;
/** Arms of less weight count as untried, before their sums leave the range of doubles. */
const FORGOTTEN = 2 ** -800;

function start(discount: number): ArmStatistics {
  const table = createArmTable(WIDTH, [0]);
  // Rather than making all sums smaller, every example is added in a larger unit: sums are in units of the last one.
  let unit = 1;
  let total = 0;

  const shrink = (): void => {
    unit /= LARGEST_UNIT;
    total /= LARGEST_UNIT;
    const { values } = table;
    for (let i = 0; i < values.length; i += WIDTH) {
      if (values[i]! / LARGEST_UNIT < FORGOTTEN) values.fill(0, i, i + WIDTH);
      else for (let c = i; c < i + WIDTH; c++) values[c]! /= LARGEST_UNIT;
    }
  };
  const sumUp = (): void => {
    total = 0;
    for (const slot of table.slots()) total += table.values[slot * WIDTH]!;
  };
  return {
    get total() {
      return total / unit;
    },
    count: (slot) => table.values[slot * WIDTH]! / unit,
    sum: (slot) => table.values[slot * WIDTH + 1]! / unit,
    squares: (slot) => table.values[slot * WIDTH + 2]! / unit,
    addArm(slot, like, share) {
      table.add(slot);
      if (like === undefined) return;
      for (let c = 0; c < WIDTH; c++) {
        table.values[slot * WIDTH + c] = share * table.values[like * WIDTH + c]!;
      }
      sumUp();
    },
    removeArm(slot) {
      table.remove(slot);
      sumUp();
    },
    learn(slot, reward, weight) {
      unit /= discount;
      if (unit > LARGEST_UNIT) shrink();
      const scaled = weight * unit;
      table.values[slot * WIDTH]! += scaled;
      table.values[slot * WIDTH + 1]! += scaled * reward;
      table.values[slot * WIDTH + 2]! += scaled * reward * reward;
      total += scaled;
    },
    state: () => ({ unit, total, ...table.state() }),
    prepare(state, where) {
      const restoredUnit = readWeight(state, "unit", where);
      const restoredTotal = readWeight(state, "total", where);
      if (!(restoredUnit > 0)) {
        throw new ValidationError(
          `${where}.unit: a number above 0 was expected, got ${restoredUnit}; the snapshot is damaged`,
        );
      }
      const commitTable = table.prepare(state, where);
      return () => {
        commitTable();
        unit = restoredUnit;
        total = restoredTotal;
      };
    },
  };
}
