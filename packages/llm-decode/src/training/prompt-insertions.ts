import type { Rng } from "@edgewright/core";
import type { OwnText } from "./own-texts.js";

/** Sizes of a training pass. */
export interface InsertionShape {
  readonly batchSize: number;
  /** Rows of text in a pass. */
  readonly textRows: number;
  /** Places at which each text is cut. */
  readonly insertions: number;
  readonly promptTokens: number;
  readonly ensemble: number;
  readonly heads: number;
}

/** Numbers for the inputs of a pass. */
export interface InsertionBatch {
  /** [b, textRows] */
  readonly ids: Int32Array;
  /** [b, rows] */
  readonly positions: Int32Array;
  /** [b, 1, rows, rows]: 0 where a row sees another, a large negative number where not. */
  readonly mask: Float32Array;
  /** Rows of the text, over all texts, whose predictions are the targets: [b, promptTokens, insertions]. */
  readonly targets: Int32Array;
}

/** Added to scores that a row does not see: the softmax gives them 0. */
const HIDDEN = -1e9;

/** Rows of text and prompt tokens together. */
export function insertionRows(shape: InsertionShape): number {
  return shape.textRows + shape.insertions * shape.promptTokens * shape.ensemble;
}

/** Writes a batch for texts drawn from those that can be cut. Rows of prompt tokens are in the order k, place, j. */
export function writeInsertions(
  batch: InsertionBatch,
  shape: InsertionShape,
  texts: readonly OwnText[],
  rng: Rng,
): void {
  const { batchSize, textRows, insertions, promptTokens, ensemble } = shape;
  const rows = insertionRows(shape);
  batch.mask.fill(HIDDEN);
  batch.ids.fill(0);
  for (let b = 0; b < batchSize; b++) {
    const { tokens, greedyFrom } = texts[rng.integer(0, texts.length)]!;
    const length = Math.min(tokens.length, textRows);
    batch.ids.set(tokens.subarray(0, length), b * textRows);
    const see = (row: number, other: number): void => {
      batch.mask[(b * rows + row) * rows + other] = 0;
    };
    for (let row = 0; row < textRows; row++) {
      batch.positions[b * rows + row] = row;
      for (let other = 0; other <= row; other++) see(row, other);
    }
    // Behind row `cut`, prompt token k guesses token cut + 2 + k, which row cut + 1 + k predicts.
    const first = Math.max(0, greedyFrom - 1);
    const last = length - 1 - promptTokens;
    for (let place = 0; place < insertions; place++) {
      const cut = rng.integer(first, last + 1);
      for (let k = 0; k < promptTokens; k++) {
        batch.targets[(b * promptTokens + k) * insertions + place] = b * textRows + cut + 1 + k;
        for (let j = 0; j < ensemble; j++) {
          const rowOf = (distance: number): number =>
            textRows + (distance * insertions + place) * ensemble + j;
          const row = rowOf(k);
          batch.positions[b * rows + row] = cut + 1 + k;
          for (let other = 0; other <= cut; other++) see(row, other);
          for (let before = 0; before <= k; before++) see(row, rowOf(before));
        }
      }
    }
  }
}

/** Whether a text has room for one cut with all its targets. */
export function canBeCut(text: OwnText, textRows: number, promptTokens: number): boolean {
  const length = Math.min(text.tokens.length, textRows);
  return length - 1 - promptTokens >= Math.max(0, text.greedyFrom - 1);
}
