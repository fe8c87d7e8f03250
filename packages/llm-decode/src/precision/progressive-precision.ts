import type {
  DecodingRequest,
  DecodingRun,
  DecodingStep,
  DecodingStrategy,
  Logits,
} from "../engine/decoding-strategy.js";
import { cacheFull, chooseToken, runPrompt } from "../engine/run-prompt.js";
import { checkModelWidths, type DecodingPrecision } from "./precision-scheduler.js";
import { trackPrecision } from "./precision-track.js";

/** Options of {@link progressivePrecision}. */
export interface ProgressivePrecisionOptions {
  /** Bit width of the tokens decoded, or the scheduler that chooses it. */
  readonly precision: DecodingPrecision;
  /** Bit width of the prompt, which fills the cache that all later tokens look at. @default the widest */
  readonly prefillBits?: number;
}

/** One token a pass, at the model's widest bit width. */
export function plainDecoding(): DecodingStrategy {
  return oneTokenAPass("plain", undefined, undefined);
}

/**
 * Progressive mixed-precision decoding (PMPD; Chen et al., ICLR 2025, arXiv:2410.13461): the prompt at a high bit
 * width, tokens at a width that a scheduler lowers as the text grows. All widths share one KV cache, and nothing is
 * computed again when the width changes.
 *
 * @throws EdgewrightError when it starts on a model without these widths.
 *
 * @example
 * ```ts
 * const strategy = progressivePrecision({ precision: staticScheduler({ widths: [4, 5], switchPoints: [40] }) });
 * for await (const piece of lm.generate("Once upon a time", { strategy })) process.stdout.write(piece);
 * ```
 */
export function progressivePrecision(options: ProgressivePrecisionOptions): DecodingStrategy {
  const { precision, prefillBits } = options;
  const name = typeof precision === "number" ? `${precision} bits` : precision.name;
  return oneTokenAPass(name, precision, prefillBits);
}

function oneTokenAPass(
  name: string,
  precision: DecodingPrecision | undefined,
  prefillBits: number | undefined,
): DecodingStrategy {
  return {
    name,
    ...(prefillBits !== undefined && { prefillBits }),
    start(request: DecodingRequest): DecodingRun {
      const { session, prompt, resume } = request;
      checkModelWidths(name, session, [prefillBits]);
      const track = trackPrecision(name, session, precision, resume);
      const promptBits = resume ? track.bits : prefillBits;
      const { logits, lastRow, passes, rows } = runPrompt(session, prompt, promptBits);
      track.advance(resume ? 1 : 0, () => logits.row(lastRow));
      let pending: number | undefined;
      let behind: { logits: Logits; row: number; passes: number; rows: number } | undefined = {
        ...{ logits, row: lastRow, passes, rows },
      };
      return {
        get nextBits() {
          return track.bits;
        },
        step(): DecodingStep {
          if (behind) {
            const { passes, rows } = behind;
            pending = chooseToken(request, behind.logits, behind.row);
            behind = undefined;
            return { tokens: [pending], passes, rows };
          }
          if (session.length >= session.capacity) throw cacheFull(name);
          const { bits } = track;
          const step = session.run({
            tokens: [pending!],
            logits: "last",
            ...(bits !== undefined && { bits }),
          });
          session.commit([0]);
          pending = chooseToken(request, step, 0);
          track.advance(1, () => step.row(0));
          return { tokens: [pending], passes: 1, rows: 1, ...(bits !== undefined && { bits }) };
        },
      };
    },
  };
}
