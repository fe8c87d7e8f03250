import { EdgewrightError, ShapeError } from "@edgewright/core";
import type { LinearWeights, PackedLinear } from "./packed-linear.js";

/**
 * A matrix that is being packed, part by part: what a part holds is copied at once, so that the next may come in the
 * same memory.
 */
export interface LinearPacking {
  /**
   * Packs the next rows.
   *
   * @throws ShapeError for a part that does not fit; the packing has to be disposed of then.
   */
  append(part: LinearWeights): void;
  /**
   * The packed weights, once all rows are there: whose they are from then on.
   *
   * @throws ShapeError when rows are missing.
   */
  finish(): PackedLinear;
  /** Gives the memory back, unless it is finished. */
  dispose(): void;
}

/** Counts the rows of a packing whose memory is there. */
export function createPacking(
  packed: PackedLinear,
  fill: (part: LinearWeights, firstRow: number) => void,
): LinearPacking {
  let filled = 0;
  let open = true;
  return {
    append(part) {
      checkOpen(open);
      const rows = part.shape[0]!;
      checkRoom(filled + rows, packed.rows);
      fill(part, filled);
      filled += rows;
    },
    finish() {
      checkOpen(open);
      checkFull(filled, packed.rows);
      open = false;
      return packed;
    },
    dispose() {
      if (open) packed.dispose();
      open = false;
    },
  };
}

/** For formats whose rows do not lie together: keeps the parts, which must stay as they are until the end. */
export function collectParts<W extends LinearWeights>(
  rows: number,
  pack: (parts: readonly W[]) => PackedLinear,
): LinearPacking {
  const parts: W[] = [];
  const count = (): number => parts.reduce((sum, { shape }) => sum + shape[0]!, 0);
  let open = true;
  return {
    append(part) {
      checkOpen(open);
      checkRoom(count() + part.shape[0]!, rows);
      parts.push(part as W);
    },
    finish() {
      checkOpen(open);
      checkFull(count(), rows);
      open = false;
      return pack(parts);
    },
    dispose() {
      open = false;
    },
  };
}

function checkOpen(open: boolean): void {
  if (open) return;
  throw new EdgewrightError(
    "disposed",
    "LinearPacking: it was finished or disposed of; start anew with packLinearParts",
  );
}

function checkRoom(rows: number, expected: number): void {
  if (rows <= expected) return;
  throw new ShapeError(`LinearPacking.append: expected ${expected} rows in all, got ${rows}`);
}

function checkFull(rows: number, expected: number): void {
  if (rows === expected) return;
  throw new ShapeError(
    `LinearPacking.finish: expected ${expected} rows, got ${rows}; append the rest`,
  );
}
