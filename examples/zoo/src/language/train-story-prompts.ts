import { createRng } from "@edgewright/core";
import { bytesSource, readModel } from "@edgewright/core/model-files";
import type { Kernels } from "@edgewright/kernels";
import {
  chooseTreeSize,
  loadLanguageModel,
  measureAcceptance,
  measurePassTimes,
  parallelPromptDecoding,
  writePromptTokens,
} from "@edgewright/llm-decode";
import { decodeOwnTexts, trainPromptTokens } from "@edgewright/llm-decode/training";

/** Options of {@link trainStoryPrompts}. */
export interface TrainStoryPromptsOptions {
  /** With the training extension. */
  readonly kernels: Kernels;
  /** Beginnings of stories that had no part in any training, token ids. */
  readonly heldOut: readonly (readonly number[])[];
  readonly seed: number;
  /** Embeddings of the prompt tokens to start from, [3, dim]. @default near the mean embedding */
  readonly initial?: Float32Array;
  /** Updates. @default 600 */
  readonly steps?: number;
  /** The model's own texts to learn from. @default 600 */
  readonly texts?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (message: string) => void;
}

/** What {@link trainStoryPrompts} made. */
export interface StoryPrompts {
  /** The file. */
  readonly bytes: Uint8Array;
  /** Share of right first guesses, by distance. */
  readonly firstGuesses: readonly number[];
  /** Tokens a pass, greedy, behind held-out beginnings. */
  readonly meanAcceptedLength: number;
  /** Rows of a pass for the trees that paid most on this machine. */
  readonly budget: number;
  /** Expected of them against one token a pass, by the pass times measured here. */
  readonly expectedSpeedUp: number;
}

/** Tokens of a beginning that is given. */
const PROMPT = 16;
const TOKENS = 96;

/** Trains prompt tokens for a language model of the zoo on its own texts, and chooses trees for this machine. */
export async function trainStoryPrompts(
  model: Uint8Array,
  options: TrainStoryPromptsOptions,
): Promise<StoryPrompts> {
  const { kernels, seed, signal, onProgress, steps = 600 } = options;
  const abort = signal === undefined ? {} : { signal };
  using lm = await loadLanguageModel(model);
  const { session } = lm;
  const ends = lm.tokenizer!.ends;
  const isEnd = (token: number): boolean => ends.has(token);
  const texts = await decodeOwnTexts({
    ...{ session, isEnd, ...abort, rng: createRng(seed) },
    ...{ prompts: [[lm.tokenizer!.bos!]], count: options.texts ?? 600 },
    ...{ drawnTokens: [8, 60], greedyTokens: 72 },
  });
  onProgress?.(`${texts.length} texts of its own`);
  const { weights } = await readModel(bytesSource(model, "model"));
  let told = 0;
  const { promptTokens } = await trainPromptTokens(kernels, {
    ...{ weights, texts, steps, seed, ...abort },
    ...(options.initial && {
      initial: { count: 3, ensemble: 1, dim: lm.config.dim, embeddings: options.initial },
      learningRate: 0.002,
    }),
    onProgress({ step, loss }) {
      if (step < told) return;
      told = step + 50;
      onProgress?.(`prompt tokens, step ${step} of ${steps}, loss ${loss.toFixed(4)}`);
    },
  });
  const prompts = options.heldOut.map((story) => story.slice(0, PROMPT));
  const measured = { session, promptTokens, prompts, tokens: TOKENS, isEnd, ...abort };
  const { rates } = await measureAcceptance(measured);
  const times = await measurePassTimes({ session, ...abort });
  const { trees, budget, speedUp } = chooseTreeSize(rates, times);
  session.truncate(0);
  const strategy = parallelPromptDecoding({ promptTokens, trees });
  let tokens = 0;
  let passes = 0;
  for (const prompt of prompts) {
    const generation = lm.generate(prompt, {
      ...{ strategy, maxTokens: TOKENS, temperature: 0, ...abort },
    });
    await generation.text();
    tokens += generation.statistics.tokens;
    passes += generation.statistics.steps;
  }
  const bytes = writePromptTokens({
    ...{ promptTokens, acceptance: rates, trees },
    metadata: { licence: "Apache-2.0", seed: String(seed), steps: String(steps) },
  });
  return {
    ...{ bytes, budget, expectedSpeedUp: speedUp, meanAcceptedLength: tokens / passes },
    firstGuesses: rates.map(([first = 0]) => first),
  };
}
