/** The command `pnpm zoo:train`: trains models of the zoo, measures them, writes checkpoints and cards. */
import { access, constants as fileModes, mkdir, readFile, writeFile } from "node:fs/promises";
import { constants } from "node:os";
import { join } from "node:path";
import { EdgewrightError } from "@edgewright/core";
import type { Kernels } from "@edgewright/kernels";
import { loadTrainingKernels } from "@edgewright/kernels/training";
import { createCard, formatAccuracy, formatDuration, type TrainingFacts } from "./cards/card.js";
import { insertCardTable, readCards, writeCard } from "./cards/card-files.js";
import { describeSetting } from "./cards/describe-setting.js";
import { checkpointFolder, readCheckpoint } from "./checkpoint.js";
import { type CommandLine, parseCommandLine, USAGE } from "./command-line.js";
import { type LabelledImages, selectImages } from "./data/labelled-images.js";
import { loadDataset } from "./data/load-dataset.js";
import { loadTestSubset } from "./data/test-subset.js";
import { evaluateAccuracy } from "./evaluate.js";
import { trainLanguages } from "./language/train-languages.js";
import { progressFiles } from "./progress-files.js";
import { RECIPES, type Recipe } from "./recipes.js";
import { type TrainedModel, trainRecipe } from "./train-recipe.js";
import { TrainingLog } from "./training-log.js";

const README = new URL("../README.md", import.meta.url);

async function run(options: CommandLine, signal: AbortSignal): Promise<void> {
  const log = new TrainingLog();
  if (options.languages.length > 0) {
    const { languages, languageOut: folder, resume } = options;
    await makeFolder(folder);
    await trainLanguages(languages, { log, resume, folder, signal });
  }
  if (options.recipes.length === 0) return;
  const kernels = await loadTrainingKernels({ threads: 1 });
  try {
    await makeFolder(options.out);
    for (const recipe of options.recipes) {
      try {
        await trainOne(recipe, options, kernels, log, signal);
      } catch (error) {
        const isMissing = EdgewrightError.isInstance(error) && error.code === "unavailable";
        // Asked for everything, one does with what there is: MNIST is no part of a plain clone.
        if (!isMissing || options.recipes.length < RECIPES.length) throw error;
        log.line(recipe.name, `left out: ${error.message}`);
      }
    }
  } finally {
    log.end();
    kernels.dispose();
  }
}

async function makeFolder(out: string): Promise<void> {
  try {
    await mkdir(out, { recursive: true });
    await access(out, fileModes.W_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new EdgewrightError(
      "invalid-argument",
      `--out: cannot write into the folder ${out} (${code}). See --help`,
    );
  }
}

async function trainOne(
  recipe: Recipe,
  options: CommandLine,
  kernels: Kernels,
  log: TrainingLog,
  signal: AbortSignal,
): Promise<void> {
  const { name } = recipe;
  const all = await loadDataset(recipe.dataset, "train", {
    onProgress: (message) => log.line(name, message),
  });
  const pictures = limitPictures(all, options.pictures);
  const files = progressFiles();
  const before = options.resume ? await files.read(recipe, pictures.count) : undefined;
  if (options.resume) {
    log.line(name, before ? `goes on in epoch ${before.checkpoint.epoch + 1}` : "begins anew");
  }
  const started = performance.now();
  const elapsed = () => (before?.seconds ?? 0) + (performance.now() - started) / 1000;
  let trained: TrainedModel;
  try {
    trained = await trainRecipe(recipe, pictures, {
      kernels,
      signal,
      resume: before?.checkpoint,
      onProgress: (progress) => log.progress(name, progress),
      progressInterval: log.interval,
      onEpoch: (epoch) => log.epoch(name, recipe.epochs, epoch, elapsed()),
      onCheckpoint: (checkpoint) =>
        files.write(recipe, pictures.count, { checkpoint, seconds: elapsed() }),
    });
  } catch (error) {
    if (signal.aborted) log.line(name, "kept; --resume goes on from here");
    throw error;
  }
  const training: TrainingFacts = {
    ...describeSetting(kernels),
    seconds: elapsed(),
    finalLoss: trained.finalLoss,
    trainingPictures: pictures.count,
    command: describeCommand(recipe, options),
  };
  const checkpoint = readCheckpoint(trained.bytes, name);
  const accuracyOn = (set: LabelledImages) =>
    evaluateAccuracy(checkpoint, set, { kernels, signal });
  const accuracy = await accuracyOn(await loadDataset(recipe.dataset, "test"));
  const subset =
    recipe.dataset === "fashion-mnist" ? await accuracyOn(await loadTestSubset()) : undefined;
  await writeFile(join(options.out, `${name}.onnx`), trained.bytes);
  await writeCard(options.out, createCard(recipe, checkpoint, training, accuracy, subset));
  await files.remove(recipe, pictures.count);
  if (options.out === checkpointFolder()) await updateReadme();
  log.line(
    name,
    `${formatAccuracy(accuracy.accuracy)} of ${accuracy.count} test pictures right, ` +
      `${formatDuration(training.seconds)}, ${trained.bytes.length} bytes -> ${options.out}`,
  );
}

/** The first pictures of a set: its order is random as published. */
function limitPictures(set: LabelledImages, count: number = set.count): LabelledImages {
  if (count >= set.count) return set;
  const indices = Array.from({ length: count }, (_, i) => i);
  return selectImages(set, indices);
}

function describeCommand(recipe: Recipe, { pictures }: CommandLine): string {
  const own = RECIPES.find(({ name }) => name === recipe.name)!;
  const parts = [`pnpm zoo:train ${recipe.name}`];
  if (pictures !== undefined) parts.push("--quick");
  if (recipe.epochs !== own.epochs && pictures === undefined)
    parts.push(`--epochs ${recipe.epochs}`);
  if (recipe.seed !== own.seed) parts.push(`--seed ${recipe.seed}`);
  return parts.join(" ");
}

async function updateReadme(): Promise<void> {
  const text = await readFile(README, "utf8");
  await writeFile(README, insertCardTable(text, await readCards(checkpointFolder())));
}

// Ctrl-C asks for an end once; the second time Node ends at once.
const controller = new AbortController();
process.once("SIGINT", () => controller.abort());
try {
  // npm and pnpm change the directory; INIT_CWD is where the user stands.
  const options = parseCommandLine(process.argv.slice(2), process.env.INIT_CWD ?? process.cwd());
  if (options.help) process.stdout.write(`${USAGE}\n`);
  else await run(options, controller.signal);
} catch (error) {
  if (controller.signal.aborted) {
    process.stderr.write("stopped\n");
    process.exitCode = 128 + constants.signals.SIGINT;
  } else {
    const known = EdgewrightError.isInstance(error);
    process.stderr.write(`${known ? error.message : describeFault(error)}\n`);
    process.exitCode = 1;
  }
}

function describeFault(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
