import { EdgewrightError, ValidationError } from "@edgewright/core";
import { readWeight } from "../../policy/read-field.js";
import type { ArmStatistics, Memory } from "./arm-statistics.js";
import { createArmTable } from "./arm-table.js";
import { addCompensated } from "./compensated-sum.js";

/**
 * Remembers every example, all alike: for rewards whose means do not change.
 *
 * Sums are kept with what rounding took from them (Neumaier's summation), so their error does not grow with the
 * number of examples: about one unit in the last place after ten million of them. Counts are exact to 2^53.
 */
export function forever(): Memory {
  return { name: "forever", start };
}

// Of a row: the arm's own weight, sum and squares, each sum with its correction, then what it started from.
const WEIGHT = 0;
const SUM = 1;
const SQUARES = 3;
const START_WEIGHT = 5;
const START_SUM = 6;
const START_SQUARES = 7;
const WIDTH = 8;

function start(): ArmStatistics {
  const table = createArmTable(WIDTH, [WEIGHT, START_WEIGHT]);
  let total = 0;

  const at = (slot: number, column: number): number => table.values[slot * WIDTH + column]!;
  const count = (slot: number): number => at(slot, WEIGHT) + at(slot, START_WEIGHT);
  const sum = (slot: number): number => at(slot, SUM) + at(slot, SUM + 1) + at(slot, START_SUM);
  const squares = (slot: number): number =>
    at(slot, SQUARES) + at(slot, SQUARES + 1) + at(slot, START_SQUARES);
  // Worked out anew whenever it does not only grow, so that removing arms leaves no rounding behind.
  const sumUp = (): void => {
    total = 0;
    for (const slot of table.slots()) total += count(slot);
  };

  return {
    get total() {
      return total;
    },
    count,
    sum,
    squares,
    addArm(slot, like, share) {
      table.add(slot);
      if (like === undefined) return;
      table.values[slot * WIDTH + START_WEIGHT] = share * count(like);
      table.values[slot * WIDTH + START_SUM] = share * sum(like);
      table.values[slot * WIDTH + START_SQUARES] = share * squares(like);
      sumUp();
    },
    removeArm(slot) {
      table.remove(slot);
      sumUp();
    },
    learn(slot, reward, weight) {
      table.values[slot * WIDTH + WEIGHT]! += weight;
      addCompensated(table.values, slot * WIDTH + SUM, weight * reward);
      addCompensated(table.values, slot * WIDTH + SQUARES, weight * reward * reward);
      total += weight;
    },
    state: () => ({ total, ...table.state() }),
    prepare(state, where) {
      const restoredTotal = readWeight(state, "total", where);
      const commitTable = table.prepare(state, where);
      return () => {
        commitTable();
        total = restoredTotal;
      };
    },
    sums: {
      readArm: (slot) =>
        Float64Array.of(
          at(slot, WEIGHT),
          at(slot, SUM) + at(slot, SUM + 1),
          at(slot, SQUARES) + at(slot, SQUARES + 1),
        ),
      writeArm(slot, [weight, rewards, squared]) {
        if (!table.has(slot)) {
          throw new EdgewrightError(
            "invalid-argument",
            `writeArm: the slot of an arm was expected, got ${slot}`,
          );
        }
        if (!(weight! >= 0 && weight! < Infinity)) {
          throw new ValidationError(`writeArm: a weight from 0 was expected, got ${weight}`);
        }
        if (!(Number.isFinite(rewards) && squared! >= 0 && squared! < Infinity)) {
          throw new ValidationError(
            `writeArm: a finite sum of rewards and a finite one of squares from 0 were expected, got ${rewards} and ${squared}`,
          );
        }
        table.values.set([weight!, rewards!, 0, squared!, 0], slot * WIDTH);
        sumUp();
      },
    },
  };
}
