import { createTurnTaker, EdgewrightError, throwIfAborted } from "@edgewright/core";
import type { DecoderSession } from "../engine/decoding-strategy.js";
import { runPrompt } from "../engine/run-prompt.js";
import { checkModelWidths, type DecodingPrecision } from "./precision-scheduler.js";
import { trackPrecision } from "./precision-track.js";
import { plainDecoding, progressivePrecision } from "./progressive-precision.js";
import { rougeL } from "./rouge-l.js";
import { logProbability } from "./token-probability.js";

/** Options of {@link evaluateScheduleByRouge} and {@link evaluateScheduleByNll}. */
export interface EvaluateScheduleOptions {
  /** Emptied before and after. */
  readonly session: DecoderSession;
  /** What is evaluated: a bit width or a scheduler. */
  readonly precision: DecodingPrecision;
  /** Bit width of prompts. @default the widest */
  readonly prefillBits?: number;
  readonly signal?: AbortSignal;
  /** Called before every text and at the end. @default none */
  readonly onProgress?: (textsDone: number, texts: number) => void;
}

/** Options of {@link evaluateScheduleByRouge}. */
export interface EvaluateByRougeOptions extends EvaluateScheduleOptions {
  /** Token ids of the prompts. */
  readonly prompts: readonly ArrayLike<number>[];
  /** Tokens decoded behind each. @default 128 */
  readonly maxTokens?: number;
  /** Texts to be like, as token ids. @default what the model decodes at its widest, greedily */
  readonly references?: readonly ArrayLike<number>[];
  /** Whether nothing follows a token. @default never */
  readonly isEnd?: (token: number) => boolean;
}

/**
 * How like its reference a model decodes under a schedule: mean ROUGE-L F1 over token ids, and the mean bit width of
 * the passes that decoded.
 *
 * @throws AbortError when the signal fires; EdgewrightError for widths that the model does not have.
 */
export async function evaluateScheduleByRouge(
  options: EvaluateByRougeOptions,
): Promise<{ quality: number; meanBits: number }> {
  const { session, prompts, precision, prefillBits, references, isEnd, maxTokens = 128 } = options;
  const strategy = progressivePrecision({
    precision,
    ...(prefillBits !== undefined && { prefillBits }),
  });
  const texts = { session, maxTokens, isEnd };
  const turn = createTurnTaker();
  let quality = 0;
  let bits = 0;
  let passes = 0;
  for (const [i, prompt] of prompts.entries()) {
    await beforeText(options, turn, i, prompts.length);
    const reference =
      references?.[i] ?? decode({ ...texts, strategy: plainDecoding(), prompt }).tokens;
    const decoded = decode({ ...texts, strategy, prompt });
    quality += rougeL(decoded.tokens, reference).f1;
    bits += decoded.bits;
    passes += decoded.passes;
  }
  session.truncate(0);
  options.onProgress?.(prompts.length, prompts.length);
  return { quality: quality / prompts.length, meanBits: bits / Math.max(1, passes) };
}

/** Options of {@link evaluateScheduleByNll}. */
export interface EvaluateByNllOptions extends EvaluateScheduleOptions {
  /** Token ids of texts, each with the token that begins texts. */
  readonly texts: readonly ArrayLike<number>[];
  /** Tokens of each text that are its prompt and are not judged. @default 1 */
  readonly promptLength?: number;
}

/**
 * How likely given texts are under a schedule: mean negative log-probability in nats of the tokens behind the prompt,
 * each run at the width that the scheduler gives at its place, and the mean of these widths.
 *
 * @throws AbortError when the signal fires; EdgewrightError for widths that the model does not have.
 */
export async function evaluateScheduleByNll(
  options: EvaluateByNllOptions,
): Promise<{ nll: number; meanBits: number }> {
  const { session, texts, precision, prefillBits, promptLength = 1 } = options;
  checkModelWidths("evaluateScheduleByNll", session, [prefillBits]);
  const turn = createTurnTaker();
  let [total, tokens, bitsRun, passes] = [0, 0, 0, 0];
  for (const [i, text] of texts.entries()) {
    await beforeText(options, turn, i, texts.length);
    session.truncate(0);
    const track = trackPrecision("evaluateScheduleByNll", session, precision);
    const ids = Array.from(text).slice(0, session.capacity);
    const begun = runPrompt(session, ids.slice(0, promptLength), prefillBits);
    let row = begun.logits.row(begun.lastRow);
    track.advance(0, () => row);
    for (let at = promptLength; at < ids.length; at++) {
      total -= logProbability(row, ids[at]!);
      tokens++;
      if (at === ids.length - 1) break;
      const { bits } = track;
      const logits = session.run({
        tokens: [ids[at]!],
        logits: "last",
        ...(bits !== undefined && { bits }),
      });
      session.commit([0]);
      bitsRun += bits ?? session.model.widths?.at(-1) ?? 0;
      passes++;
      row = logits.row(0);
      track.advance(1, () => row);
    }
  }
  session.truncate(0);
  options.onProgress?.(texts.length, texts.length);
  if (tokens === 0) {
    throw new EdgewrightError(
      "invalid-argument",
      `evaluateScheduleByNll: expected texts longer than their prompts of ${promptLength} tokens`,
    );
  }
  return { nll: total / tokens, meanBits: bitsRun / Math.max(1, passes) };
}

async function beforeText(
  options: EvaluateScheduleOptions,
  turn: () => Promise<void> | undefined,
  done: number,
  all: number,
): Promise<void> {
  await turn();
  throwIfAborted(options.signal, "evaluateSchedule");
  options.onProgress?.(done, all);
}

function decode(text: {
  session: DecoderSession;
  strategy: ReturnType<typeof plainDecoding>;
  prompt: ArrayLike<number>;
  maxTokens: number;
  isEnd: ((token: number) => boolean) | undefined;
}): { tokens: number[]; bits: number; passes: number } {
  const { session, strategy, prompt, isEnd } = text;
  session.truncate(0);
  const maxTokens = Math.min(text.maxTokens, session.capacity - prompt.length);
  const run = strategy.start({ session, prompt, maxTokens, ...(isEnd && { isEnd }) });
  const tokens: number[] = [];
  let bits = 0;
  let passes = 0;
  while (tokens.length < maxTokens) {
    const step = run.step();
    tokens.push(...step.tokens);
    if (step.bits !== undefined) {
      bits += step.bits;
      passes++;
    }
    if (isEnd?.(tokens.at(-1)!)) break;
  }
  return { tokens, bits, passes };
}
