import { EdgewrightError } from "@edgewright/core";

/**
 * Changes the logits of the next token in place: constraints, biases, penalties.
 *
 * `logits` has one number a token of the vocabulary and is a copy; `-Infinity` forbids a token.
 * `history` holds the tokens so far, prompt included.
 */
export type LogitsProcessor = (logits: Float32Array, history: ArrayLike<number>) => void;

/**
 * A processor that adds a number to the logits of chosen tokens; `-Infinity` bans a token.
 *
 * @example
 * const banned = createLogitBias([[13, -Infinity]]);
 * const logits = new Float32Array(20);
 * banned(logits, []);
 * console.log(logits[13]); // -Infinity
 */
export function createLogitBias(
  biases: Iterable<readonly [token: number, bias: number]>,
): LogitsProcessor {
  const entries = [...biases];
  for (const [token, bias] of entries) {
    if (Number.isSafeInteger(token) && token >= 0 && !Number.isNaN(bias)) continue;
    throw new EdgewrightError(
      "invalid-argument",
      `createLogitBias: a token from 0 and a number were expected, got [${token}, ${bias}]`,
    );
  }
  return (logits) => {
    for (const [token, bias] of entries) {
      if (token < logits.length) logits[token] = logits[token]! + bias;
    }
  };
}

/**
 * A processor that divides the positive logits of tokens that occurred by `penalty` and multiplies the
 * negative ones by it, each token once (Keskar et al.: CTRL, 2019, section 4.1, with the sign rule of
 * Hugging Face's `RepetitionPenaltyLogitsProcessor`).
 */
export function createRepetitionPenalty(penalty: number): LogitsProcessor {
  let seenAt = new Int32Array(0); // the call in which a token was penalised last
  let call = 0;
  return (logits, history) => {
    if (seenAt.length < logits.length) {
      seenAt = new Int32Array(logits.length);
      call = 0;
    }
    call++;
    for (let i = 0; i < history.length; i++) {
      const token = history[i]!;
      // Tokens behind the vocabulary are prompt embeddings; they have no logit.
      if (token >= logits.length || seenAt[token] === call) continue;
      seenAt[token] = call;
      const logit = logits[token]!;
      logits[token] = logit < 0 ? logit * penalty : logit / penalty;
    }
  };
}
