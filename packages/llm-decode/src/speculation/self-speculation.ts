import { EdgewrightError } from "@edgewright/core";
import type {
  DecodingRequest,
  DecodingRun,
  DecodingStep,
  DecodingStrategy,
} from "../engine/decoding-strategy.js";
import { cacheFull, chooseToken, runPrompt } from "../engine/run-prompt.js";
import { checkModelWidths, type DecodingPrecision } from "../precision/precision-scheduler.js";
import { trackPrecision } from "../precision/precision-track.js";
import { progressivePrecision } from "../precision/progressive-precision.js";
import { largestProbability } from "../precision/token-probability.js";
import { verifyTree } from "./verify-tree.js";

/** Options of {@link selfSpeculation}. */
export interface SelfSpeculationOptions {
  /** Bit width that drafts. */
  readonly draftBits: number;
  /** Bit width that decides, or the scheduler that chooses it. @default the model's widest */
  readonly precision?: DecodingPrecision;
  /** Bit width of the prompt. @default the widest */
  readonly prefillBits?: number;
  /** Tokens drafted before each verification. @default 4 */
  readonly draftTokens?: number;
  /** Ends a draft before a token that its own width gives a smaller probability. @default 0 */
  readonly leastConfidence?: number;
  /**
   * What drafts at a bit width: `(bits) => parallelPromptDecoding({ promptTokens, precision: bits })` drafts several
   * tokens a pass.
   *
   * @default one token a pass
   */
  readonly draft?: (bits: number) => DecodingStrategy;
}

/**
 * Speculative decoding (Leviathan et al., arXiv:2211.17192) in which a few bit planes of a nested model draft for all
 * of them: no second model, no second cache. Tokens are drafted at `draftBits`; then one pass at the full width runs
 * them all and keeps those that it would have chosen itself, and one more of its own.
 *
 * The verifying pass computes keys and values of the drafted tokens anew, over those of the draft: so later tokens see
 * what they would see without speculation, and the text is that of plain decoding at the full width, token for
 * token.
 *
 * @throws EdgewrightError for a draft of no tokens; at the start for widths that the model does not have.
 *
 * @example
 * ```ts
 * const strategy = selfSpeculation({ draftBits: 3, draftTokens: 4 });
 * for await (const piece of lm.generate("Once upon a time", { strategy })) show(piece);
 * ```
 */
export function selfSpeculation(options: SelfSpeculationOptions): DecodingStrategy {
  const where = "selfSpeculation";
  const { draftBits, precision, prefillBits, draftTokens = 4, leastConfidence = 0 } = options;
  if (!Number.isInteger(draftTokens) || draftTokens < 1) {
    throw new EdgewrightError(
      "invalid-argument",
      `${where}: expected to draft at least one token, got ${draftTokens}`,
    );
  }
  const draft = options.draft?.(draftBits) ?? progressivePrecision({ precision: draftBits });
  return {
    name: `draft of ${draftTokens} at ${draftBits} bits by ${draft.name}`,
    ...(prefillBits !== undefined && { prefillBits }),
    start(request: DecodingRequest): DecodingRun {
      const { session, prompt, isEnd, resume } = request;
      checkModelWidths(where, session, [draftBits, prefillBits]);
      const track = trackPrecision(where, session, precision, resume);
      const begun = runPrompt(session, prompt, resume ? track.bits : prefillBits);
      track.advance(resume ? 1 : 0, () => begun.logits.row(begun.lastRow));
      let remaining = request.maxTokens ?? Infinity;
      let pending: number | undefined;

      /** Tokens that may follow; the cache is as before. */
      const draftNext = (most: number): { tokens: number[]; passes: number; rows: number } => {
        const tokens: number[] = [];
        const { length } = session;
        let passes = 0;
        let rows = 0;
        let unsure = false;
        const choose = (logits: Float32Array): number => {
          unsure ||= leastConfidence > 0 && largestProbability(logits) < leastConfidence;
          if (!unsure) return firstOfLargest(logits);
          return -1; // no token: nothing behind it is drafted
        };
        const run = draft.start({
          session,
          prompt: [pending!],
          maxTokens: most,
          resume: { index: 0, bits: draftBits },
          isEnd: (token) => token < 0 || (isEnd?.(token) ?? false),
          ...(leastConfidence > 0 && { choose }),
        });
        while (tokens.length < most) {
          const step = run.step();
          passes += step.passes;
          rows += step.rows;
          tokens.push(...step.tokens);
          const last = tokens.at(-1)!;
          if (last < 0 || isEnd?.(last)) break;
        }
        session.truncate(length);
        return { tokens: tokens.slice(0, most).filter((token) => token >= 0), passes, rows };
      };

      return {
        get nextBits() {
          return track.bits;
        },
        step(): DecodingStep {
          if (pending === undefined) {
            pending = chooseToken(request, begun.logits, begun.lastRow);
            remaining--;
            return { tokens: [pending], passes: begun.passes, rows: begun.rows };
          }
          const room = session.capacity - session.length;
          if (room < 1) throw cacheFull(where);
          const most = Math.min(draftTokens, remaining - 1, room - 1, session.model.maxRows - 1);
          const drafted = most > 0 ? draftNext(most) : { tokens: [], passes: 0, rows: 0 };
          const { bits } = track;
          const atBits = bits === undefined ? {} : { bits };
          const tokens = [pending, ...drafted.tokens];
          const logits = session.run({ tokens, logits: "all", ...atBits });
          const children = tokens.map((_, row) => (row + 1 < tokens.length ? [row + 1] : []));
          const guesses = { tokens, children };
          const { path, decided } = verifyTree(request, track, guesses, logits, remaining);
          session.commit(path);
          remaining -= decided.length;
          pending = decided.at(-1)!;
          return {
            tokens: decided,
            passes: drafted.passes + 1,
            rows: drafted.rows + tokens.length,
            ...atBits,
          };
        },
      };
    },
  };
}

function firstOfLargest(logits: Float32Array): number {
  let best = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i]! > logits[best]!) best = i;
  return best;
}
