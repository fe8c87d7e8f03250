import { EdgewrightError } from "@edgewright/core";
import type { Arena } from "@edgewright/kernels";
import type { DecoderBuffers } from "./decoder-buffers.js";

/** The rows of a call, ready to be written where the kernels read them. */
export interface RowArrangement {
  /** Whether some row continues another one than the row before it. */
  readonly tree: boolean;
  /** For each row the row that it continues, or -1. */
  readonly parents: Int32Array;
  /** Writes numbers, positions, slots and paths of the rows that follow `length` committed tokens. */
  write(arena: Arena, buffers: DecoderBuffers, length: number, vocabSize: number): void;
}

/**
 * Checks the rows of a call and finds the path of each through the others.
 *
 * @param numbers token numbers are below this
 * @throws EdgewrightError `invalid-argument` for a token or a parent out of range.
 */
export function arrangeRows(
  tokens: ArrayLike<number>,
  parents: ArrayLike<number> | undefined,
  numbers: number,
): RowArrangement {
  const count = tokens.length;
  for (let row = 0; row < count; row++) {
    const token = tokens[row]!;
    if (Number.isInteger(token) && token >= 0 && token < numbers) continue;
    throw new EdgewrightError(
      "invalid-argument",
      `DecoderSession.run: expected tokens from 0 to ${numbers - 1}, got ${token} in row ${row}`,
    );
  }
  if (parents !== undefined && parents.length !== count) {
    throw new EdgewrightError(
      "invalid-argument",
      `DecoderSession.run: expected a parent for each of ${count} rows, got ${parents.length}`,
    );
  }
  const before = new Int32Array(count);
  let tree = false;
  for (let row = 0; row < count; row++) {
    const parent = parents === undefined ? row - 1 : parents[row]!;
    if (!Number.isInteger(parent) || parent < -1 || parent >= row) {
      throw new EdgewrightError(
        "invalid-argument",
        `DecoderSession.run: expected row ${row} to continue an earlier row or -1, got ${parent}`,
      );
    }
    if (parent !== row - 1) tree = true;
    before[row] = parent;
  }
  return {
    tree,
    parents: before,
    write(arena, buffers, length, vocabSize) {
      const ids = arena.i32(buffers.ids, count);
      const positions = arena.i32(buffers.positions, count);
      const slots = arena.i32(buffers.slots, count);
      arena.i32(buffers.state, 1)[0] = length;
      for (let row = 0; row < count; row++) {
        ids[row] = tokens[row]! < vocabSize ? tokens[row]! : 0;
        slots[row] = length + row;
        positions[row] = length + row;
      }
      if (!tree) return;
      const lengths = arena.i32(buffers.pathLengths, count);
      const paths = arena.i32(buffers.paths, count * buffers.maxRows);
      for (let row = 0; row < count; row++) {
        const parent = before[row]!;
        const depth = parent < 0 ? 0 : lengths[parent]!;
        const own = row * buffers.maxRows;
        if (depth > 0)
          paths.copyWithin(own, parent * buffers.maxRows, parent * buffers.maxRows + depth);
        paths[own + depth] = length + row;
        lengths[row] = depth + 1;
        positions[row] = length + depth;
      }
    },
  };
}
