import { EdgewrightError } from "@edgewright/core";
import type { DecoderSession } from "../engine/decoding-strategy.js";

/** What a {@link PrecisionScheduler} decides by. */
export interface ScheduleContext {
  /** Tokens decided since the prompt; 0 right behind the prompt. */
  readonly index: number;
  /** Bit width that the logits were computed at. */
  readonly precision: number;
  /** Logits `[vocabSize]` behind the token decided last; behind the prompt at index 0. Not to be changed. */
  readonly logits: Float32Array;
  /** The cache: `lastLayerKv()` is what the learned scheduler looks at. */
  readonly session: DecoderSession;
}

/**
 * Chooses the bit width of the next pass of progressive mixed-precision decoding (Chen et al., ICLR 2025,
 * arXiv:2410.13461). A scheduler follows one text at a time.
 */
export interface PrecisionScheduler {
  readonly name: string;
  /** The bit widths it chooses among, ascending. */
  readonly widths: readonly number[];
  /** Bit width for the next token. Published schedulers never rise again within a text. */
  schedule(context: ScheduleContext): number;
  /** Forgets the text: called before the next one. */
  reset(): void;
}

/** A bit width for all tokens, or a scheduler that chooses token by token. */
export type DecodingPrecision = number | PrecisionScheduler;

/** Always the same bit width. */
export function fixedScheduler(bits: number): PrecisionScheduler {
  return {
    name: `fixed ${bits}`,
    widths: checkWidths("fixedScheduler", [bits]),
    schedule: () => bits,
    reset() {},
  };
}

/** Bit widths in ascending order, once each. @throws EdgewrightError when they are no whole numbers from 1 to 16. */
export function checkWidths(where: string, widths: readonly number[]): readonly number[] {
  const sorted = [...new Set(widths)].sort((a, b) => a - b);
  if (sorted.length === 0 || !sorted.every((b) => Number.isInteger(b) && b >= 1 && b <= 16)) {
    throw new EdgewrightError(
      "invalid-argument",
      `${where}: expected bit widths from 1 to 16, got [${widths}]`,
    );
  }
  return sorted;
}

/** Refuses widths that a model does not have. @throws EdgewrightError `"invalid-argument"` then. */
export function checkModelWidths(
  where: string,
  session: DecoderSession,
  widths: readonly (number | undefined)[],
): void {
  const has = session.model.widths;
  for (const bits of widths) {
    if (bits === undefined || has?.includes(bits)) continue;
    throw new EdgewrightError(
      "invalid-argument",
      has
        ? `${where}: the model has widths of ${has.join(", ")} bits, not ${bits}`
        : `${where}: the model has one width; ${bits} bits need nested weights`,
    );
  }
}
