import { EdgewrightError, ValidationError } from "@edgewright/core";
import { decodeFloat64, encodeFloat64 } from "../policy/float64-text.js";
import type { ChangeDetector } from "./change-detector.js";

/**
 * A detector all of whose knowledge is a few numbers.
 *
 * @param add takes in a value, changes the numbers, and says whether there was an alarm
 * @param counters how many numbers, from the first on, are whole and never below 0, as a check on states
 */
export function createNumbersDetector(
  name: string,
  length: number,
  counters: number,
  add: (numbers: Float64Array, value: number) => boolean,
): ChangeDetector {
  const numbers = new Float64Array(length);
  return {
    add(value) {
      const alarm = add(numbers, value);
      if (alarm) numbers.fill(0);
      return alarm;
    },
    state: () => encodeFloat64(numbers),
    restore(state) {
      const restored = decodeFloat64(state, length, `${name}.restore`);
      for (let i = 0; i < counters; i++) {
        if (!(Number.isSafeInteger(restored[i]) && restored[i]! >= 0)) {
          throw new ValidationError(
            `${name}.restore: a whole number from 0 was expected at ${i}, got ${restored[i]}; the snapshot is damaged`,
          );
        }
      }
      numbers.set(restored);
    },
  };
}

/** Refuses a parameter that is not above `low` and below `high`. */
export function checkBetween(where: string, value: number, low: number, high: number): void {
  if (value > low && value < high) return;
  const range = high === Infinity ? `a finite number above ${low}` : `between ${low} and ${high}`;
  throw new EdgewrightError("invalid-argument", `${where}: ${range} was expected, got ${value}`);
}

/** Refuses a parameter that is not a whole number from `low` to `high`. */
export function checkWhole(where: string, value: number, low: number, high: number): void {
  if (Number.isInteger(value) && value >= low && value <= high) return;
  throw new EdgewrightError(
    "invalid-argument",
    `${where}: a whole number from ${low} to ${high} was expected, got ${value}`,
  );
}
