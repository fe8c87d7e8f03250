import { EdgewrightError, throwIfAborted } from "@edgewright/core";
import type { Kernels } from "@edgewright/kernels";
import { createProgram } from "../engine/program.js";
import { createTape } from "../engine/tape.js";
import { crossEntropy } from "../operations/cross-entropy.js";
import { checkTokens } from "./evaluate-nll.js";
import type { LanguageModel } from "./language-model.js";

/** Options of {@link weightSensitivities}. */
export interface WeightSensitivitiesOptions {
  /** Tokens of a text that are read, its first ones. @default the model's context */
  readonly length?: number;
  /** Ends before the next text. @default none */
  readonly signal?: AbortSignal;
  /** Called after every text. @default none */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * How much the loss minds a change of each weight: the sum over texts of (dL / dw)^2 with L the text's mean
 * negative log-likelihood, the diagonal of the empirical Fisher information (as in SqueezeLLM, Kim et al. 2023, and
 * any-precision LLM, Park et al. 2024).
 *
 * @returns by the parameter's name (`layers.0.query`), row-major in the parameter's shape
 * @throws EdgewrightError `invalid-argument` for texts that predict nothing, ValidationError for an id that is no
 * token, AbortError when the signal fires.
 *
 * @example
 * ```ts
 * const sensitivities = await weightSensitivities(kernels, createLanguageModel({ weights }), texts);
 * const ofQueries = sensitivities.get("layers.0.query");
 * ```
 */
export async function weightSensitivities(
  kernels: Kernels,
  model: LanguageModel,
  texts: readonly ArrayLike<number>[],
  options: WeightSensitivitiesOptions = {},
): Promise<Map<string, Float32Array>> {
  const { contextLength, vocabSize } = model.config;
  const { length = contextLength, signal, onProgress } = options;
  for (const [i, text] of texts.entries()) checkTokens(text, i, vocabSize);
  const longest = texts.reduce((most, text) => Math.max(most, text.length), 0);
  const t = Math.min(length, longest, contextLength) - 1;
  if (!(t >= 1)) {
    throw new EdgewrightError(
      "invalid-argument",
      "weightSensitivities: expected a text and a length of at least 2 tokens",
    );
  }
  const tape = createTape();
  const { logits } = model.apply(tape.input("ids", [1, t], "i32"));
  // Padding has the label that does not count; it comes last, where no token sees it.
  const loss = crossEntropy(logits, tape.input("next", [1, t], "i32"));
  const trainable = model.parameterList;
  using program = createProgram(kernels, { tape, loss, trainable });
  const sums = new Map(trainable.map(({ name, bytes }) => [name, new Float32Array(bytes / 4)]));
  const ids = new Int32Array(t);
  const next = new Int32Array(t);
  for (let done = 0; done < texts.length; done++) {
    throwIfAborted(signal, "weightSensitivities");
    const text = texts[done]!;
    for (let i = 0; i < t; i++) {
      ids[i] = text[i] ?? 0;
      next[i] = text[i + 1] ?? -100;
    }
    program.run({ ids, next });
    for (const parameter of trainable) {
      const gradient = program.gradient(parameter).data as Float32Array;
      const sum = sums.get(parameter.name)!;
      for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + gradient[i]! ** 2;
    }
    onProgress?.(done + 1, texts.length);
    // Lets signals and timers through.
    await new Promise((resolve) => setTimeout(resolve));
  }
  return sums;
}
