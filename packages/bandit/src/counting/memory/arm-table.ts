import { EdgewrightError, ValidationError } from "@edgewright/core";
import { decodeFloat64, encodeFloat64 } from "../../policy/float64-text.js";
import { readField } from "../../policy/read-field.js";

/** Rows of numbers by slot, for the arms there are. */
export interface ArmTable {
  /** Row of slot s from s * width on; another array after an arm was added or a state taken over. */
  readonly values: Float64Array;
  has(slot: number): boolean;
  /** Slots of the arms there are, in rising order. */
  slots(): number[];
  /** Starts a row of zeros. */
  add(slot: number): void;
  /** Ends a row, and leaves zeros. */
  remove(slot: number): void;
  state(): { readonly slots: readonly number[]; readonly values: string };
  /** Checks a state and returns what takes it over. */
  prepare(state: unknown, where: string): () => void;
}

/**
 * An empty table whose rows have `width` numbers.
 *
 * @param weights columns that are never below 0, as a check on states
 */
export function createArmTable(width: number, weights: readonly number[] = []): ArmTable {
  let values = new Float64Array(8 * width);
  let present = new Uint8Array(8);

  const slots = (): number[] => {
    const list: number[] = [];
    for (let slot = 0; slot < present.length; slot++) if (present[slot] === 1) list.push(slot);
    return list;
  };
  return {
    get values() {
      return values;
    },
    has: (slot) => present[slot] === 1,
    slots,
    add(slot) {
      if (!isSlot(slot) || present[slot] === 1) {
        throw new EdgewrightError(
          "invalid-argument",
          `addArm: a free slot, a whole number from 0 to ${LAST_SLOT}, was expected, got ${slot}`,
        );
      }
      if (slot >= present.length) {
        const rows = Math.max(slot + 1, 2 * present.length);
        const grown = new Float64Array(rows * width);
        const marks = new Uint8Array(rows);
        grown.set(values);
        marks.set(present);
        values = grown;
        present = marks;
      }
      present[slot] = 1;
    },
    remove(slot) {
      if (present[slot] !== 1) {
        throw new EdgewrightError(
          "invalid-argument",
          `removeArm: the slot of an arm was expected, got ${slot}`,
        );
      }
      present[slot] = 0;
      values.fill(0, slot * width, (slot + 1) * width);
    },
    state() {
      const list = slots();
      const rows = new Float64Array(list.length * width);
      list.forEach((slot, i) => {
        rows.set(values.subarray(slot * width, (slot + 1) * width), i * width);
      });
      return { slots: list, values: encodeFloat64(rows) };
    },
    prepare(state, where) {
      const list = readField(state, "slots", where);
      if (
        !Array.isArray(list) ||
        !list.every((slot, i) => isSlot(slot) && !(slot <= list[i - 1]))
      ) {
        throw new ValidationError(
          `${where}.slots: whole numbers in rising order were expected; the snapshot is damaged`,
        );
      }
      const rows = decodeFloat64(
        readField(state, "values", where),
        list.length * width,
        `${where}.values`,
      );
      const negative = rows.findIndex((value, i) => value < 0 && weights.includes(i % width));
      if (negative >= 0) {
        throw new ValidationError(
          `${where}.values: a weight from 0 was expected, got ${rows[negative]}; the snapshot is damaged`,
        );
      }
      const size = Math.max(8, (list.at(-1) ?? 0) + 1);
      const restored = new Float64Array(size * width);
      const marks = new Uint8Array(size);
      list.forEach((slot: number, i: number) => {
        marks[slot] = 1;
        restored.set(rows.subarray(i * width, (i + 1) * width), slot * width);
      });
      return () => {
        values = restored;
        present = marks;
      };
    },
  };
}

/** Slots are small numbers: a larger one is damage, and would ask for gigabytes. */
const LAST_SLOT = 2 ** 22 - 1;

/** Whether a value can be the slot of an arm. */
function isSlot(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= LAST_SLOT;
}
