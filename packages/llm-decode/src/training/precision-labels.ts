import { createTurnTaker, EdgewrightError, throwIfAborted } from "@edgewright/core";
import type { DecoderSession } from "../engine/decoding-strategy.js";
import { type KvFeatures, kvFeatures } from "../precision/kv-classifier.js";
import { checkModelWidths } from "../precision/precision-scheduler.js";
import { progressivePrecision } from "../precision/progressive-precision.js";
import { rougeL } from "../precision/rouge-l.js";
import { staticScheduler } from "../precision/static-scheduler.js";

/** A prompt's features with what its text allows. */
export interface PrecisionExample {
  readonly features: KvFeatures;
  /** The earliest switch point, 0 to 3, with which the text stays as good as at the higher width. */
  readonly label: number;
  /** ROUGE-L of the text at the higher width, and with each of the first three switch points. */
  readonly scores: readonly number[];
}

/** Options of {@link labelPrecision}. */
export interface LabelPrecisionOptions {
  /** A nested model; emptied before and after. */
  readonly session: DecoderSession;
  readonly prompts: readonly ArrayLike<number>[];
  /** The higher width. */
  readonly high: number;
  /** The lower width. */
  readonly low: number;
  /** Tokens decoded. @default 255 */
  readonly maxTokens?: number;
  /** Token indices of the first three classes; the fourth is never. @default 0, one and two thirds of `maxTokens` */
  readonly switchPoints?: readonly [number, number, number];
  /** Texts to be like: those of the model in full precision. @default decoded at the session's widest width */
  readonly references?: readonly ArrayLike<number>[];
  /** Whether nothing follows a token. @default never */
  readonly isEnd?: (token: number) => boolean;
  readonly signal?: AbortSignal;
  /** Called after every prompt. @default none */
  readonly onProgress?: (promptsDone: number, prompts: number) => void;
}

/**
 * Labels prompts for the learned scheduler as PMPD does (arXiv:2410.13461): the reference is the text in full
 * precision; the text at the higher width is forked at each switch point to the lower width; the label is the first
 * switch point whose text is as like the reference as the one without (ROUGE-L to three decimals), 3 when none is.
 *
 * @throws AbortError when the signal fires; EdgewrightError for widths that the model does not have.
 */
export async function labelPrecision(options: LabelPrecisionOptions): Promise<PrecisionExample[]> {
  const { session, prompts, high, low, maxTokens = 255, references, isEnd } = options;
  const third = Math.floor(maxTokens / 3);
  const switchPoints = options.switchPoints ?? [0, third, 2 * third];
  checkModelWidths("labelPrecision", session, [high, low]);
  if (!(low < high)) {
    throw new EdgewrightError(
      "invalid-argument",
      `labelPrecision: expected the lower width below the higher one, got ${low} and ${high}`,
    );
  }
  const turn = createTurnTaker();
  const decode = (prompt: ArrayLike<number>, switchPoint: number | undefined): number[] => {
    session.truncate(0);
    const precision =
      switchPoint === undefined
        ? undefined
        : staticScheduler({ widths: [low, high], switchPoints: [switchPoint] });
    const most = Math.min(maxTokens, session.capacity - prompt.length);
    const widest = session.model.widths!.at(-1)!;
    const strategy = progressivePrecision({
      precision: precision ?? widest,
      prefillBits: precision ? high : widest,
    });
    const run = strategy.start({ session, prompt, maxTokens: most });
    const tokens: number[] = [];
    while (tokens.length < most) {
      tokens.push(...run.step().tokens);
      if (isEnd?.(tokens.at(-1)!)) break;
    }
    return tokens;
  };
  const rounded = (x: number): number => Math.round(x * 1000);
  const examples: PrecisionExample[] = [];
  for (const [i, prompt] of prompts.entries()) {
    await turn();
    throwIfAborted(options.signal, "labelPrecision");
    const reference = references?.[i] ?? decode(prompt, undefined);
    session.truncate(0);
    const start = progressivePrecision({ precision: high, prefillBits: high });
    start.start({ session, prompt });
    const features = kvFeatures(session.lastLayerKv());
    const scores = [Number.POSITIVE_INFINITY, ...switchPoints].map(
      (at) => rougeL(decode(prompt, at), reference).f1,
    );
    const enough = rounded(scores[0]!);
    const first = scores.slice(1).findIndex((score) => rounded(score) >= enough);
    examples.push({ features, label: first < 0 ? 3 : first, scores });
    options.onProgress?.(i + 1, prompts.length);
  }
  session.truncate(0);
  return examples;
}
