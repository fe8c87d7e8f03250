import { EdgewrightError } from "@edgewright/core";
import type { DecoderSession, DecodingRequest, Logits } from "./decoding-strategy.js";

/** Rows run behind a prompt without being committed. */
export interface PromptSuffix {
  readonly tokens: readonly number[];
  /** The row of the suffix that each continues; -1 for the prompt's last token. */
  readonly parents: readonly number[];
}

/** What {@link runPrompt} leaves behind. */
export interface PromptPass {
  readonly logits: Logits;
  /** The row of the prompt's last token; row `k` of a suffix is `lastRow + 1 + k`. */
  readonly lastRow: number;
  /** Whether there was room for the suffix. */
  readonly suffixRun: boolean;
  readonly passes: number;
  readonly rows: number;
}

/** Runs and commits a prompt in pieces of at most `maxRows`; the last piece may carry a suffix that is not committed. */
export function runPrompt(
  session: DecoderSession,
  prompt: ArrayLike<number>,
  bits: number | undefined,
  suffix?: PromptSuffix,
): PromptPass {
  const { maxRows } = session.model;
  const room = session.capacity - session.length - prompt.length;
  checkRoom("start", prompt.length > 0, room);
  const suffixRun = suffix !== undefined && suffix.tokens.length <= Math.min(room, maxRows - 1);
  const tail = suffixRun ? suffix.tokens.length : 0;
  const atBits = bits === undefined ? {} : { bits };
  let at = 0;
  let passes = 0;
  for (;;) {
    passes++;
    const left = prompt.length - at;
    if (left + tail <= maxRows) {
      const tokens = [...Array.from({ length: left }, (_, i) => prompt[at + i]!)];
      const parents = tokens.map((_, i) => i - 1);
      if (suffixRun) {
        tokens.push(...suffix.tokens);
        parents.push(...suffix.parents.map((p) => left + p));
      }
      const logits = session.run({
        tokens,
        ...(suffixRun ? { parents, logits: "lazy" } : { logits: "last" }),
        ...atBits,
      });
      session.commit(parents.slice(0, left).map((_, i) => i));
      return { logits, lastRow: left - 1, suffixRun, passes, rows: prompt.length + tail };
    }
    // One token at least is left for the piece that carries the suffix.
    const count = Math.min(maxRows, left - 1);
    const piece = Array.from({ length: count }, (_, i) => prompt[at + i]!);
    session.run({ tokens: piece, logits: "none", ...atBits });
    session.commit(piece.map((_, i) => i));
    at += count;
  }
}

/** Chooses by the request's chooser, the most likely token by default. */
export function chooseToken(
  request: DecodingRequest,
  logits: Pick<Logits, "row" | "argmax">,
  row: number,
): number {
  return request.choose ? request.choose(logits.row(row)) : logits.argmax(row);
}

function checkRoom(where: string, anything: boolean, room: number): void {
  if (!anything) {
    throw new EdgewrightError(
      "invalid-argument",
      `${where}: expected a prompt of at least one token that is not in the cache yet; begin with the token that begins texts`,
    );
  }
  if (room < 0) throw cacheFull(where);
}

/** The error of a cache without room for one more row. */
export function cacheFull(where: string): EdgewrightError {
  return new EdgewrightError(
    "limit-exceeded",
    `${where}: the cache is full; truncate or shift it, or open a session of more capacity`,
  );
}
