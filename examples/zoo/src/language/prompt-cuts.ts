import type { BatchArrays } from "@edgewright/autograd";
import type { Rng } from "@edgewright/core";

/** Prompt tokens that stand behind random places of every row. */
export interface PromptCuts {
  /** Tokens of a row. */
  readonly length: number;
  /** Places in a row. */
  readonly cuts: number;
  /** Prompt tokens behind each. */
  readonly count: number;
}

/** Rows of a pass: the text, then the prompt tokens of one cut after another. */
export function rowsWithCuts({ length, cuts, count }: PromptCuts): number {
  return length + cuts * count;
}

/** What hides a row from another, added to their score. */
const HIDDEN = -1e9;

/**
 * Draws the places and writes what follows from them: `positions` i32 [b, rows], `mask` f32 [b, 1, rows, rows] and
 * `targets` i32 [b, cuts, count], each the row of all teacher's rows [b * length] whose opinion a prompt token is to
 * have. Text sees the text before it; a prompt token sees the text up to its cut, its own chain, and nothing else.
 */
export function writePromptCuts(batch: BatchArrays, shape: PromptCuts, rng: Rng): void {
  const { length, cuts, count } = shape;
  const rows = rowsWithCuts(shape);
  const positions = batch.positions as Int32Array;
  const mask = batch.mask as Float32Array;
  const targets = batch.targets as Int32Array;
  mask.fill(HIDDEN);
  for (let entry = 0; entry < positions.length / rows; entry++) {
    const at = (row: number): number => (entry * rows + row) * rows;
    for (let row = 0; row < length; row++) {
      positions[entry * rows + row] = row;
      mask.fill(0, at(row), at(row) + row + 1);
    }
    for (let cut = 0; cut < cuts; cut++) {
      const last = rng.integer(0, length - count);
      for (let k = 0; k < count; k++) {
        const row = length + cut * count + k;
        positions[entry * rows + row] = last + 1 + k;
        mask.fill(0, at(row), at(row) + last + 1);
        mask.fill(0, at(row) + row - k, at(row) + row + 1);
        targets[(entry * cuts + cut) * count + k] = entry * length + last + 1 + k;
      }
    }
  }
}
