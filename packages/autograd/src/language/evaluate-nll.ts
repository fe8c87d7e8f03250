import { EdgewrightError, throwIfAborted, ValidationError } from "@edgewright/core";
import type { Kernels } from "@edgewright/kernels";
import { createProgram } from "../engine/program.js";
import { createTape } from "../engine/tape.js";
import type { LanguageModel } from "./language-model.js";

/** Options of {@link evaluateNll}. */
export interface EvaluateNllOptions {
  /** Tokens of a text that are read, its first ones. @default the model's context */
  readonly length?: number;
  /** Texts of a forward pass. @default 4 */
  readonly batchSize?: number;
  /** Ends before the next pass. @default none */
  readonly signal?: AbortSignal;
  /** Called after every pass. @default none */
  readonly onProgress?: (done: number, total: number) => void;
}

/** What {@link evaluateNll} found. */
export interface NllEvaluation {
  /** Mean of -ln p(token) over all predicted tokens, in nats. */
  readonly nll: number;
  /** Tokens predicted: all but the first of every text. */
  readonly tokens: number;
  /** Sum of -ln p for every text. */
  readonly sums: Float64Array;
  /** Tokens predicted in every text. */
  readonly counts: Int32Array;
}

/**
 * How well a model predicts texts: the mean negative logarithm of the probability of every token given those
 * before it, each text by itself. Begin every text with the model's BOS token if it was trained so.
 *
 * @param texts token ids; those shorter than 2 predict nothing
 * @throws EdgewrightError `invalid-argument` for sizes out of range, ValidationError for an id that is no token,
 * AbortError when the signal fires.
 *
 * @example
 * ```ts
 * const { nll } = await evaluateNll(kernels, model, [tokenizer.encode(story)]);
 * ```
 */
export async function evaluateNll(
  kernels: Kernels,
  model: LanguageModel,
  texts: readonly ArrayLike<number>[],
  options: EvaluateNllOptions = {},
): Promise<NllEvaluation> {
  const { contextLength, vocabSize } = model.config;
  const { length = contextLength, batchSize = 4, signal, onProgress } = options;
  if (!(Number.isInteger(length) && length >= 2 && length <= contextLength)) {
    throw new EdgewrightError(
      "invalid-argument",
      `evaluateNll: expected a length from 2 to the context of ${contextLength}, got ${length}`,
    );
  }
  if (!(Number.isInteger(batchSize) && batchSize >= 1)) {
    throw new EdgewrightError(
      "invalid-argument",
      `evaluateNll: expected a whole batchSize from 1, got ${batchSize}`,
    );
  }
  for (const [i, text] of texts.entries()) checkTokens(text, i, vocabSize);
  const longest = texts.reduce((most, text) => Math.max(most, text.length), 2);
  // The last token is predicted, not read.
  const t = Math.min(length, longest) - 1;
  const b = Math.max(1, Math.min(batchSize, texts.length));
  const tape = createTape();
  const { logits } = model.apply(tape.input("ids", [b, t], "i32"));
  using program = createProgram(kernels, { tape, outputs: [logits] });
  const sums = new Float64Array(texts.length);
  const counts = new Int32Array(texts.length);
  const ids = new Int32Array(b * t);
  for (let first = 0; first < texts.length; first += b) {
    throwIfAborted(signal, "evaluateNll");
    const together = texts.slice(first, first + b);
    ids.fill(0);
    together.forEach((text, row) => {
      for (let i = 0; i < Math.min(t, text.length); i++) ids[row * t + i] = text[i]!;
    });
    program.run({ ids });
    const scores = program.read(logits).data as Float32Array;
    together.forEach((text, row) => {
      const count = Math.max(0, Math.min(t, text.length - 1));
      let sum = 0;
      for (let i = 0; i < count; i++) {
        sum += surprise(scores, (row * t + i) * vocabSize, vocabSize, text[i + 1]!);
      }
      sums[first + row] = sum;
      counts[first + row] = count;
    });
    onProgress?.(Math.min(texts.length, first + b), texts.length);
    // Lets signals and timers through.
    await new Promise((resolve) => setTimeout(resolve));
  }
  const tokens = counts.reduce((total, count) => total + count, 0);
  return { nll: sums.reduce((total, sum) => total + sum, 0) / tokens, tokens, sums, counts };
}

/** -ln softmax(scores)[token] */
function surprise(scores: Float32Array, start: number, count: number, token: number): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = start; i < start + count; i++) if (scores[i]! > largest) largest = scores[i]!;
  let sum = 0;
  for (let i = start; i < start + count; i++) sum += Math.exp(scores[i]! - largest);
  return Math.log(sum) + largest - scores[start + token]!;
}

/** Refuses ids that are no tokens. */
export function checkTokens(text: ArrayLike<number>, index: number, vocabSize: number): void {
  for (let i = 0; i < text.length; i++) {
    const id = text[i]!;
    if (Number.isInteger(id) && id >= 0 && id < vocabSize) continue;
    throw new ValidationError(
      `text ${index}: token ${i} must be a whole number from 0 to ${vocabSize - 1}, got ${id}`,
    );
  }
}
