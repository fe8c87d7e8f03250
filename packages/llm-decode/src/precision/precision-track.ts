import type { DecoderSession, DecodingRequest } from "../engine/decoding-strategy.js";
import { checkModelWidths, type DecodingPrecision } from "./precision-scheduler.js";

/** The bit width of the next pass of one text. */
export interface PrecisionTrack {
  /** `undefined`: the model's widest. */
  readonly bits: number | undefined;
  /** Tells the scheduler that `count` more tokens are decided, the last of them by these logits. */
  advance(count: number, logits: () => Float32Array): void;
}

/** Follows a scheduler, or stays at a fixed width, along a text that begins now or was begun by another strategy. */
export function trackPrecision(
  where: string,
  session: DecoderSession,
  precision: DecodingPrecision | undefined,
  resume?: DecodingRequest["resume"],
): PrecisionTrack {
  if (precision === undefined || typeof precision === "number") {
    checkModelWidths(where, session, [precision]);
    return { bits: precision, advance() {} };
  }
  checkModelWidths(where, session, precision.widths);
  if (resume === undefined) precision.reset();
  let index = resume?.index ?? 0;
  let bits = resume?.bits ?? precision.widths.at(-1)!;
  return {
    get bits() {
      return bits;
    },
    advance(count, logits) {
      index += count;
      bits = precision.schedule({ index, precision: bits, logits: logits(), session });
    },
  };
}
