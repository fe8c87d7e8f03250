import { createTurnTaker, EdgewrightError, throwIfAborted } from "@edgewright/core";
import type { DecoderSession } from "../engine/decoding-strategy.js";
import { runPrompt } from "../engine/run-prompt.js";
import { likeliestTokens, meanLogits } from "./likeliest-tokens.js";
import { type PromptTokens, promptChain } from "./prompt-tokens.js";

/** Options of {@link measureAcceptance}. */
export interface MeasureAcceptanceOptions {
  readonly session: DecoderSession;
  readonly promptTokens: PromptTokens;
  /** Token ids of the prompts, each with the token that begins texts. */
  readonly prompts: readonly ArrayLike<number>[];
  /** Tokens decoded behind each prompt. @default 64 */
  readonly tokens?: number;
  /** Ranks counted. @default 10 */
  readonly ranks?: number;
  /** Bit width of the passes. @default the widest */
  readonly bits?: number;
  /** Chooses the tokens: how texts will be decoded. @default the most likely token */
  readonly choose?: (logits: Float32Array) => number;
  /** Whether nothing follows a token. @default never */
  readonly isEnd?: (token: number) => boolean;
  readonly signal?: AbortSignal;
  /** Called after every prompt. @default none */
  readonly onProgress?: (promptsDone: number, prompts: number) => void;
}

/** How often the guesses of prompt tokens were right. */
export interface MeasuredAcceptance {
  /** `rates[k][r]`: share of guesses `k + 2` tokens ahead whose `r`-th rank was the token that came. */
  readonly rates: readonly (readonly number[])[];
  /** Guesses of each distance that were judged. */
  readonly counts: readonly number[];
}

/**
 * Measures how often prompt tokens guess right: decodes behind every prompt, with all prompt tokens under every
 * token, and compares their ranks with what then came. The session is left empty.
 *
 * @throws AbortError when the signal fires; EdgewrightError without prompts.
 */
export async function measureAcceptance(
  options: MeasureAcceptanceOptions,
): Promise<MeasuredAcceptance> {
  const { session, promptTokens, prompts, tokens = 64, ranks = 10, bits, isEnd } = options;
  const { count, ensemble } = promptTokens;
  const { vocabSize } = session.model.config;
  if (prompts.length === 0) {
    throw new EdgewrightError("invalid-argument", "measureAcceptance: expected some prompts");
  }
  const hits = Array.from({ length: count }, () => new Array<number>(ranks).fill(0));
  const counts = new Array<number>(count).fill(0);
  session.setPromptEmbeddings(promptTokens.embeddings);
  const turn = createTurnTaker();
  for (const [done, prompt] of prompts.entries()) {
    await turn();
    throwIfAborted(options.signal, "measureAcceptance");
    session.truncate(0);
    const suffix = promptChain(promptTokens, vocabSize, count);
    let pass = runPrompt(session, prompt, bits, suffix);
    const decided: number[] = [];
    const guessed: Int32Array[][] = []; // by the token they were made behind
    for (let step = 0; step < tokens + count && pass.suffixRun; step++) {
      const { logits, lastRow } = pass;
      guessed.push(
        Array.from({ length: count }, (_, k) => {
          const from = lastRow + 1 + k * ensemble;
          const rows = Array.from({ length: ensemble }, (_, j) => logits.row(from + j));
          return likeliestTokens(meanLogits(rows), ranks);
        }),
      );
      const token = options.choose?.(logits.row(lastRow)) ?? logits.argmax(lastRow);
      decided.push(token);
      if (isEnd?.(token) || session.length + 1 + count * ensemble > session.capacity) break;
      pass = runPrompt(session, [token], bits, suffix);
    }
    guessed.forEach((guesses, at) => {
      guesses.forEach((ids, k) => {
        const came = decided[at + 1 + k];
        if (came === undefined) return;
        counts[k]!++;
        const rank = ids.indexOf(came);
        if (rank >= 0) hits[k]![rank]!++;
      });
    });
    options.onProgress?.(done + 1, prompts.length);
  }
  session.truncate(0);
  const rates = hits.map((row, k) => row.map((hit) => hit / Math.max(1, counts[k]!)));
  return { rates, counts };
}
