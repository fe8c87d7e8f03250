import { createTurnTaker, EdgewrightError, type Rng, throwIfAborted } from "@edgewright/core";
import type { DecoderSession } from "../engine/decoding-strategy.js";
import { runPrompt } from "../engine/run-prompt.js";
import { normalizer } from "../precision/token-probability.js";

/** A text of which the model itself decoded the end. */
export interface OwnText {
  readonly tokens: Int32Array;
  /** The first token that the model chose as the most likely one. */
  readonly greedyFrom: number;
}

/** Options of {@link decodeOwnTexts}. */
export interface DecodeOwnTextsOptions {
  /** The model whose texts they are; emptied before and after. */
  readonly session: DecoderSession;
  /** What texts begin with: the token that begins texts, or prompts, taken in turn. */
  readonly prompts: readonly ArrayLike<number>[];
  /** Texts. @default as many as prompts */
  readonly count?: number;
  /** Tokens drawn at temperature 1 behind the prompt: fewest and most. @default 0, 0 */
  readonly drawnTokens?: readonly [number, number];
  /** Tokens decoded greedily behind them. */
  readonly greedyTokens: number;
  /** Whether nothing follows a token; the text ends with it. @default never */
  readonly isEnd?: (token: number) => boolean;
  /** Draws; needed with `drawnTokens`. */
  readonly rng?: Rng;
  /** Bit width of the passes. @default the widest */
  readonly bits?: number;
  readonly signal?: AbortSignal;
  /** Called after every text. @default none */
  readonly onProgress?: (textsDone: number, texts: number) => void;
}

/**
 * Texts that a model goes on with by itself: what prompt tokens are trained on, since it is the model's own
 * continuation that they are to guess. Drawing a few tokens first makes many different texts of one prompt.
 *
 * @throws AbortError when the signal fires; EdgewrightError for prompts that leave no room.
 */
export async function decodeOwnTexts(options: DecodeOwnTextsOptions): Promise<OwnText[]> {
  const { session, prompts, greedyTokens, isEnd, rng, bits, drawnTokens = [0, 0] } = options;
  const count = options.count ?? prompts.length;
  if (prompts.length === 0 || (drawnTokens[1] > 0 && rng === undefined)) {
    throw new EdgewrightError(
      "invalid-argument",
      "decodeOwnTexts: expected some prompts, and an rng when tokens are drawn",
    );
  }
  const turn = createTurnTaker();
  const texts: OwnText[] = [];
  const atBits = bits === undefined ? {} : { bits };
  while (texts.length < count) {
    await turn();
    throwIfAborted(options.signal, "decodeOwnTexts");
    const prompt = Array.from(prompts[texts.length % prompts.length]!);
    const drawn = rng ? rng.integer(drawnTokens[0], drawnTokens[1] + 1) : 0;
    session.truncate(0);
    const begun = runPrompt(session, prompt, bits);
    const tokens = [...prompt];
    let row = begun.logits.row(begun.lastRow);
    for (let i = 0; i < drawn + greedyTokens; i++) {
      const token = i < drawn ? draw(row, rng!) : largest(row);
      tokens.push(token);
      if (isEnd?.(token) || session.length + 1 > session.capacity) break;
      if (i === drawn + greedyTokens - 1) break;
      row = session.run({ tokens: [token], logits: "last", ...atBits }).row(0);
      session.commit([0]);
    }
    texts.push({ tokens: Int32Array.from(tokens), greedyFrom: prompt.length + drawn });
    options.onProgress?.(texts.length, count);
  }
  session.truncate(0);
  return texts;
}

function largest(logits: Float32Array): number {
  let best = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i]! > logits[best]!) best = i;
  return best;
}

function draw(logits: Float32Array, rng: Rng): number {
  const { largest, sum } = normalizer(logits);
  let left = rng.uniform() * sum;
  for (let i = 0; i < logits.length; i++) {
    left -= Math.exp(logits[i]! - largest);
    if (left < 0) return i;
  }
  return logits.length - 1;
}
