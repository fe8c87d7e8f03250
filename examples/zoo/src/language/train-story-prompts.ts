import { createRng } from "@edgewright/core";
import { bytesSource, readModel } from "@edgewright/core/model-files";
import type { Kernels } from "@edgewright/kernels";
import {
  type AcceptanceRates,
  buildSparseTrees,
  loadLanguageModel,
  measureAcceptance,
  parallelPromptDecoding,
  type SparseTrees,
  sortedRates,
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
  /** Updates. @default 400, with `initial` 150 */
  readonly steps?: number;
  /** The model's own texts to learn from. @default 300 */
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
  /** Tokens a pass, greedy, behind held-out beginnings, by the candidates and prompt tokens of a pass. */
  readonly acceptedLengths: readonly { readonly budget: number; readonly tokensPerPass: number }[];
  /** The budget of the trees in the file. */
  readonly budget: number;
}

/** Of the trees in the file: what pays depends on the device, and `chooseTreeSize` finds it there. */
const BUDGET = 8;

/** Tokens of a beginning that is given. */
const PROMPT = 16;
const TOKENS = 96;

/** Trains prompt tokens for a language model of the zoo on its own texts, and measures what they bring. */
export async function trainStoryPrompts(
  model: Uint8Array,
  options: TrainStoryPromptsOptions,
): Promise<StoryPrompts> {
  const { kernels, seed, signal, onProgress } = options;
  const { steps = options.initial ? 150 : 400 } = options;
  const abort = signal === undefined ? {} : { signal };
  using lm = await loadLanguageModel(model);
  const { session } = lm;
  const ends = lm.tokenizer!.ends;
  const isEnd = (token: number): boolean => ends.has(token);
  const texts = await decodeOwnTexts({
    ...{ session, isEnd, ...abort, rng: createRng(seed) },
    ...{ prompts: [[lm.tokenizer!.bos!]], count: options.texts ?? 300 },
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
  const acceptedLengths: { budget: number; tokensPerPass: number }[] = [];
  for (const budget of [4, BUDGET, 16, 32]) {
    const strategy = parallelPromptDecoding({ promptTokens, trees: treesOf(rates, budget) });
    let tokens = 0;
    let passes = 0;
    for (const prompt of prompts) {
      session.truncate(0);
      const settings = { strategy, maxTokens: TOKENS, temperature: 0, ...abort };
      const generation = lm.generate(prompt, settings);
      await generation.text();
      tokens += generation.statistics.tokens;
      passes += generation.statistics.steps;
    }
    acceptedLengths.push({ budget, tokensPerPass: tokens / passes });
    onProgress?.(`${budget} candidates and prompt tokens: ${(tokens / passes).toFixed(3)} a pass`);
  }
  const bytes = writePromptTokens({
    ...{ promptTokens, acceptance: rates, trees: treesOf(rates, BUDGET) },
    metadata: { licence: "Apache-2.0", seed: String(seed), steps: String(steps) },
  });
  const firstGuesses = rates.map(([first = 0]) => first);
  return { bytes, firstGuesses, acceptedLengths, budget: BUDGET };
}

function treesOf(rates: AcceptanceRates, budget: number): SparseTrees {
  const { promptTokens, trees } = buildSparseTrees(sortedRates(rates), { budget });
  return { promptTokens, trees };
}
