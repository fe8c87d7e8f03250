import type { DecodingRequest, Logits } from "../engine/decoding-strategy.js";
import { chooseToken } from "../engine/run-prompt.js";
import type { PrecisionTrack } from "../precision/precision-track.js";

/** Rows of a pass that hold tokens, row 0 the token decided last. */
export interface GuessedRows {
  readonly tokens: ArrayLike<number>;
  /** Rows that continue each row. */
  readonly children: readonly (readonly number[])[];
}

/** What a pass decided. */
export interface VerifiedPath {
  /** Rows to commit. */
  readonly path: number[];
  /** Tokens decided, one more than guesses that were right. */
  readonly decided: number[];
}

/**
 * Walks down a tree of guesses by the tokens that the request's chooser takes: exact whatever the chooser. It ends where
 * no guess is the chosen token, at the end of text or request, and where the schedule changes the bit width, since rows
 * further down were run at the old one.
 */
export function verifyTree(
  request: DecodingRequest,
  track: PrecisionTrack,
  rows: GuessedRows,
  logits: Logits,
  remaining: number,
): VerifiedPath {
  const { bits } = track;
  const path = [0];
  const decided: number[] = [];
  for (;;) {
    const row = path.at(-1)!;
    const token = chooseToken(request, logits, row);
    decided.push(token);
    track.advance(1, () => logits.row(row));
    if (track.bits !== bits || request.isEnd?.(token) || decided.length >= remaining) break;
    const child = rows.children[row]!.find((guess) => rows.tokens[guess] === token);
    if (child === undefined) break;
    path.push(child);
  }
  return { path, decided };
}
