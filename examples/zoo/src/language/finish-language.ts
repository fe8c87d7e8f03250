import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createLanguageModel, evaluateNll } from "@edgewright/autograd/language";
import {
  bytesSource,
  type DecoderWeights,
  readModel,
  type SentencePieceData,
} from "@edgewright/core/model-files";
import type { Kernels } from "@edgewright/kernels";
import { loadLanguageModel } from "@edgewright/llm-decode";
import { type HeldOutNll, type LanguageCard, renderLanguageCard } from "./language-card.js";
import { encodeLanguageFile, storyTokenizer } from "./language-file.js";
import type { LanguageRecipe } from "./language-recipes.js";
import { HELD_OUT_TOKENS } from "./tiny-stories.js";
import { trainStoryPrompts } from "./train-story-prompts.js";

/** What {@link finishLanguage} needs. */
export interface FinishLanguageOptions {
  /** With the training extension. */
  readonly kernels: Kernels;
  readonly teacher: DecoderWeights;
  readonly teacherTokenizer: SentencePieceData;
  readonly heldOut: readonly (readonly number[])[];
  /** Prompt tokens that were trained with the model, to start from. @default none */
  readonly promptTokens?: Float32Array;
  /** Updates of the prompt tokens. @default those of {@link trainStoryPrompts} */
  readonly promptSteps?: number;
  readonly training: LanguageCard["training"];
  /** Where the files go. */
  readonly folder: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (message: string) => void;
}

/** Writes a trained model, measures the file, trains its prompt tokens, and writes the card. */
export async function finishLanguage(
  recipe: LanguageRecipe,
  weights: DecoderWeights,
  options: FinishLanguageOptions,
): Promise<LanguageCard> {
  const { kernels, heldOut, folder, training, signal, onProgress } = options;
  const { name, description, ...settings } = recipe;
  const abort = signal === undefined ? {} : { signal };
  const bytes = encodeLanguageFile(weights, storyTokenizer(options.teacherTokenizer), {
    ...{ name, description, licence: "Apache-2.0" },
    teacher: "stories260K (karpathy/tinyllamas, MIT)",
  });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${name}.ewq`), bytes);
  const { weights: stored } = await readModel(bytesSource(bytes, name));
  const model = createLanguageModel({ weights: stored, ternary: false, trainable: false });
  const teacher = createLanguageModel({ weights: options.teacher, trainable: false });
  const nll: HeldOutNll[] = [];
  for (const [stories, length] of [
    [60, HELD_OUT_TOKENS],
    [40, HELD_OUT_TOKENS],
    [60, recipe.config.contextLength],
  ] as const) {
    const texts = heldOut.slice(0, stories);
    const measure = async (one: typeof model) =>
      (await evaluateNll(kernels, one, texts, { length, ...abort })).nll;
    nll.push({ stories, length, model: await measure(model), teacher: await measure(teacher) });
    const { model: own, teacher: other } = nll.at(-1)!;
    onProgress?.(
      `${stories} stories, ${length} tokens: nll ${own.toFixed(4)}, teacher ${other.toFixed(4)}`,
    );
  }
  const prompts = await trainStoryPrompts(bytes, {
    ...{ kernels, heldOut, seed: recipe.seed, ...abort },
    ...(options.promptSteps !== undefined && { steps: options.promptSteps }),
    ...(options.promptTokens && { initial: options.promptTokens }),
    ...(onProgress && { onProgress }),
  });
  const { bytes: promptFile, ...measured } = prompts;
  await writeFile(join(folder, `${name}.prompt-tokens.safetensors`), promptFile);
  const card: LanguageCard = {
    ...{ name, description, recipe: settings, nll, training },
    parameters: model.parameterList.reduce((sum, parameter) => sum + parameter.bytes / 4, 0),
    bytes: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
    promptTokens: { ...measured, bytes: promptFile.length },
    samples: await tellSamples(bytes),
  };
  await writeFile(join(folder, `${name}.md`), renderLanguageCard(card));
  await writeFile(join(folder, `${name}.json`), `${JSON.stringify(card, null, 2)}\n`);
  return card;
}

async function tellSamples(bytes: Uint8Array): Promise<LanguageCard["samples"]> {
  using lm = await loadLanguageModel(bytes);
  const samples: { prompt: string; how: string; text: string }[] = [];
  const prompt = "Once upon a time";
  for (const [how, settings] of [
    ["greedy", { temperature: 0 }],
    ["temperature 0.8, seed 1", { temperature: 0.8, seed: 1 }],
  ] as const) {
    const text = await lm.generate(prompt, { ...settings, maxTokens: 200 }).text();
    samples.push({ prompt, how, text });
  }
  return samples;
}
