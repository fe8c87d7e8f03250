import { EdgewrightError, ValidationError } from "@edgewright/core";
import { decodeFloat64, encodeFloat64 } from "../../policy/float64-text.js";
import { readField, readWeight, readWhole } from "../../policy/read-field.js";
import type { ArmStatistics, Memory } from "./arm-statistics.js";
import { createArmTable } from "./arm-table.js";
import { addCompensated } from "./compensated-sum.js";

/** Options of {@link slidingWindow}. */
export interface SlidingWindowOptions {
  /** How many examples are remembered, of all arms together: a whole number from 1, at most 2^24. */
  readonly length: number;
}

/**
 * Remembers the last `length` examples, of whichever arm, and nothing before (the memory of sliding-window UCB,
 * Garivier & Moulines 2011). What an arm was warm-started from is forgotten after as many examples as well.
 *
 * Takes 24 bytes for each example and constant time for a step, on average. Sums are worked out anew from the window
 * once in `length` examples, so they are as exact after ten million examples as after the first.
 *
 * @throws EdgewrightError "invalid-argument" for a length that is not a whole number from 1 to 2^24
 *
 * @example
 * const policy = ucb1({ memory: slidingWindow({ length: 500 }) });
 */
export function slidingWindow(options: SlidingWindowOptions): Memory {
  const { length } = options;
  if (!(Number.isInteger(length) && length >= 1 && length <= 2 ** 24)) {
    throw new EdgewrightError(
      "invalid-argument",
      `slidingWindow: a length from 1 to 2^24 was expected, got ${length}`,
    );
  }
  return { name: `slidingWindow(${length})`, start: () => start(length) };
}

// Of a row: examples in the window, their weight, sum and squares, each with its correction; then what the arm started
// from, and the step at which that is forgotten, 0 where there is nothing.
const ENTRIES = 0;
const WEIGHT = 1;
const SUM = 3;
const SQUARES = 5;
const START_WEIGHT = 7;
const START_SUM = 8;
const START_SQUARES = 9;
const START_ENDS = 10;
const WIDTH = 11;

/** In place of the slot of an example whose arm is gone. */
const NO_SLOT = -1;

function start(length: number): ArmStatistics {
  const table = createArmTable(WIDTH, [ENTRIES, START_WEIGHT, START_ENDS]);
  let slots = new Float64Array(length);
  let rewards = new Float64Array(length);
  let weights = new Float64Array(length);
  let steps = 0; // examples ever; the next one goes to place steps % length
  let total = 0;
  let nextEnd = Infinity;

  const at = (slot: number, column: number): number => table.values[slot * WIDTH + column]!;
  // What a large weight leaves of small ones when it goes may be off, but never below nothing.
  const count = (slot: number): number =>
    Math.max(0, at(slot, WEIGHT) + at(slot, WEIGHT + 1)) + at(slot, START_WEIGHT);
  const sum = (slot: number): number => at(slot, SUM) + at(slot, SUM + 1) + at(slot, START_SUM);
  const squares = (slot: number): number =>
    at(slot, SQUARES) + at(slot, SQUARES + 1) + at(slot, START_SQUARES);

  const sumUp = (): void => {
    total = 0;
    nextEnd = Infinity;
    for (const slot of table.slots()) {
      total += count(slot);
      const end = at(slot, START_ENDS);
      if (end > 0 && end < nextEnd) nextEnd = end;
    }
  };
  const add = (place: number, sign: number): void => {
    const slot = slots[place]!;
    if (slot === NO_SLOT) return;
    const { values } = table;
    const row = slot * WIDTH;
    const weight = sign * weights[place]!;
    const reward = rewards[place]!;
    values[row + ENTRIES]! += sign;
    addCompensated(values, row + WEIGHT, weight);
    addCompensated(values, row + SUM, weight * reward);
    addCompensated(values, row + SQUARES, weight * reward * reward);
    // Subtraction may leave crumbs, which must not pass for a try.
    if (values[row + ENTRIES] === 0) values.fill(0, row + WEIGHT, row + START_WEIGHT);
    total = Math.max(0, total + weight);
  };
  const rebuild = (): void => {
    for (const slot of table.slots()) {
      table.values.fill(0, slot * WIDTH, slot * WIDTH + START_WEIGHT);
    }
    for (let place = 0; place < length; place++) add(place, 1);
    sumUp();
  };
  const forgetStarts = (): void => {
    for (const slot of table.slots()) {
      const end = at(slot, START_ENDS);
      if (end > 0 && end <= steps) {
        table.values.fill(0, slot * WIDTH + START_WEIGHT, (slot + 1) * WIDTH);
      }
    }
    sumUp();
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
      const row = slot * WIDTH;
      table.values[row + START_WEIGHT] = share * count(like);
      table.values[row + START_SUM] = share * sum(like);
      table.values[row + START_SQUARES] = share * squares(like);
      table.values[row + START_ENDS] = steps + length;
      sumUp();
    },
    removeArm(slot) {
      table.remove(slot);
      for (let place = 0; place < length; place++) {
        if (slots[place] === slot) slots[place] = NO_SLOT;
      }
      sumUp();
    },
    learn(slot, reward, weight) {
      const place = steps % length;
      if (steps >= length) add(place, -1);
      slots[place] = slot;
      rewards[place] = reward;
      weights[place] = weight;
      add(place, 1);
      steps++;
      if (steps >= nextEnd) forgetStarts();
      if (steps > length && steps % length === 0) rebuild();
    },
    state() {
      const filled = Math.min(steps, length);
      return {
        steps,
        total,
        windowSlots: encodeFloat64(slots.subarray(0, filled)),
        windowRewards: encodeFloat64(rewards.subarray(0, filled)),
        windowWeights: encodeFloat64(weights.subarray(0, filled)),
        ...table.state(),
      };
    },
    prepare(state, where) {
      const restoredSteps = readWhole(state, "steps", where);
      const restoredTotal = readWeight(state, "total", where);
      const filled = Math.min(restoredSteps, length);
      const read = (key: string): Float64Array =>
        decodeFloat64(readField(state, key, where), filled, `${where}.${key}`);
      const restoredSlots = read("windowSlots");
      const restoredRewards = read("windowRewards");
      const restoredWeights = read("windowWeights");
      const commitTable = table.prepare(state, where);
      const there = new Set([NO_SLOT, ...(readField(state, "slots", where) as number[])]);
      const stranger = restoredSlots.find((slot) => !there.has(slot));
      if (stranger !== undefined) {
        throw new ValidationError(
          `${where}.windowSlots: slots of arms were expected, got ${stranger}; the snapshot is damaged`,
        );
      }
      return () => {
        commitTable();
        slots = new Float64Array(length);
        rewards = new Float64Array(length);
        weights = new Float64Array(length);
        slots.set(restoredSlots);
        rewards.set(restoredRewards);
        weights.set(restoredWeights);
        steps = restoredSteps;
        sumUp();
        total = restoredTotal;
      };
    },
  };
}
