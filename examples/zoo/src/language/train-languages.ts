import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { evaluateNll } from "@edgewright/autograd/language";
import {
  bytesSource,
  createTokenizer,
  readModel,
  type SentencePieceData,
} from "@edgewright/core/model-files";
import { loadTrainingKernels } from "@edgewright/kernels/training";
import { formatDuration } from "../cards/card.js";
import { describeSetting } from "../cards/describe-setting.js";
import type { TrainingLog } from "../training-log.js";
import { finishLanguage } from "./finish-language.js";
import { languageModelFolder } from "./language-models.js";
import type { LanguageRecipe, TrainingPhase } from "./language-recipes.js";
import { locateStories260k, locateTinyStories } from "./locate-stories260k.js";
import { phaseFiles } from "./phase-files.js";
import { loadStories } from "./story-cache.js";
import { HELD_OUT_TOKENS, splitTinyStories } from "./tiny-stories.js";
import { trainLanguageModel } from "./train-language-model.js";

/** Options of {@link trainLanguages}. */
export interface TrainLanguagesOptions {
  readonly log: TrainingLog;
  /** Whether to go on where an interrupted training stopped. */
  readonly resume: boolean;
  /** Where the files go. @default examples/zoo/language-models */
  readonly folder?: string;
  readonly signal: AbortSignal;
}

/** Trains language models of the zoo one after another, keeping a checkpoint every 100 steps. */
export async function trainLanguages(
  recipes: readonly LanguageRecipe[],
  { log, resume, signal, folder = languageModelFolder() }: TrainLanguagesOptions,
): Promise<void> {
  using kernels = await loadTrainingKernels({ threads: 1 });
  const place = locateStories260k();
  const open = async (name: string) => bytesSource(await readFile(join(place, name)), name);
  const { weights: teacher, tokenizer: data } = await readModel(await open("stories260K.bin"), {
    tokenizer: await open("tok512.bin"),
  });
  const tokenizer = await createTokenizer(data!);
  const written = await readFile(join(locateTinyStories(), "train-head.txt"), "utf8");
  const { heldOut, rest } = splitTinyStories(written, (story) => tokenizer.encode(story));
  for (const recipe of recipes) {
    const { name } = recipe;
    const stories = ({ storySeeds: seeds = recipe.storySeeds }: TrainingPhase) =>
      loadStories(teacher, {
        ...{ kernels, seeds, tokens: recipe.storyTokens, signal },
        onProgress: (message) => log.line(name, message),
      });
    const files = phaseFiles();
    const before = resume ? await files.read(recipe) : undefined;
    if (before) log.line(name, `goes on in phase ${before.phase + 1} after ${before.seconds} s`);
    const started = performance.now();
    const elapsed = () => (before?.seconds ?? 0) + (performance.now() - started) / 1000;
    const { student, promptTokens } = await trainLanguageModel(recipe, {
      ...{ kernels, teacher, stories, text: rest, resume: before, signal },
      progressInterval: log.interval,
      onProgress(phase, { step, loss, examplesPerSecond }) {
        const pace = Math.round(examplesPerSecond * phase.length);
        const text = `${phase.name}, step ${step} of ${phase.steps}, loss ${loss.toFixed(4)}, ${pace} tokens/s`;
        log.line(name, text);
      },
      async onCheckpoint(at, student) {
        const { nll } = await evaluateNll(kernels, student, heldOut, { length: HELD_OUT_TOKENS });
        await files.write(recipe, { ...at, seconds: elapsed() });
        const { step } = at.checkpoint;
        log.line(
          name,
          `phase ${at.phase + 1}, step ${step}: held-out nll ${nll.toFixed(4)}, ${formatDuration(elapsed())}`,
        );
      },
    });
    const card = await finishLanguage(recipe, student.toWeights(), {
      ...{ kernels, teacher, teacherTokenizer: data as SentencePieceData, heldOut, folder, signal },
      ...(promptTokens && { promptTokens: promptTokens.read() }),
      training: {
        seconds: elapsed(),
        ...describeSetting(kernels),
        command: `pnpm zoo:train ${name}`,
      },
      onProgress: (message) => log.line(name, message),
    });
    await files.remove(recipe);
    log.line(name, `${card.bytes} bytes -> ${folder}`);
  }
}
