import { statSync } from "node:fs";
import { EdgewrightError, throwIfAborted, UnsupportedError } from "@edgewright/core";
import {
  bytesSource,
  createTokenizer,
  type DecoderWeights,
  diskFolder,
  fileSource,
  type ModelContents,
  readModel,
  type Tokenizer,
  writeEwq,
  writeGguf,
} from "@edgewright/core/model-files";
import { loadTrainingKernels } from "@edgewright/kernels/training";
import { measureInputMoments } from "../calibration/input-moments.js";
import { measureSensitivities } from "../calibration/measure-sensitivities.js";
import { quantizeDecoder } from "../decoder/quantize-decoder.js";
import { listWeights } from "../decoder/weight-paths.js";
import { type DecoderRecipe, recipeFor } from "../decoder/weight-recipe.js";
import { formatSummary } from "../report/format-markdown.js";
import { formatReport } from "../report/format-report.js";
import { createNllEvaluator } from "../report/nll-evaluator.js";
import { reportQuantization } from "../report/report-quantization.js";
import { type CliOptions, readArguments, USAGE, UsageError } from "./arguments.js";
import { checkOutput, writeWhole } from "./output-file.js";
import { createProgressLine, type ProgressLine } from "./progress.js";
import { readTexts } from "./read-texts.js";

/** Runs the command line. @returns the exit code: 0, 1 for what went wrong, 2 for a mistake in the arguments, 130 for Ctrl-C */
export async function main(args: readonly string[]): Promise<number> {
  let progress: ProgressLine | undefined;
  const abort = new AbortController();
  const interrupt = (): void => abort.abort(new Error("interrupted"));
  process.once("SIGINT", interrupt);
  try {
    const options = readArguments(args);
    if (options.help) {
      process.stdout.write(USAGE);
      return 0;
    }
    progress = createProgressLine(options.quiet);
    await run(options, progress, abort.signal);
    return 0;
  } catch (error) {
    progress?.clear();
    if (abort.signal.aborted) {
      process.stderr.write("edgewright-quant: interrupted\n");
      return 130;
    }
    if (error instanceof UsageError) {
      process.stderr.write(`edgewright-quant: ${error.message} (--help lists the options)\n`);
      return 2;
    }
    if (EdgewrightError.isInstance(error) || (error as NodeJS.ErrnoException).code !== undefined) {
      process.stderr.write(`edgewright-quant: ${(error as Error).message}\n`);
      return 1;
    }
    throw error;
  } finally {
    process.removeListener("SIGINT", interrupt);
  }
}

async function run(
  options: CliOptions,
  progress: ProgressLine,
  signal: AbortSignal,
): Promise<void> {
  for (const [option, path] of [
    ["--out", options.out],
    ["--report", options.report],
  ] as const) {
    if (path !== undefined) checkOutput(option, path, options.model);
  }
  const contents = await load(options, progress, signal);
  const length = options.length ?? Math.min(512, contents.weights.config.contextLength);
  const textOptions = { separator: options.separator, length, texts: options.texts };
  const texts = async (path: string | undefined): Promise<number[][] | undefined> =>
    path === undefined ? undefined : readTexts(path, await tokenizerOf(contents), textOptions);
  const calibration = await texts(options.calibrate);
  const evaluation = await texts(options.evaluate);
  const kernels = calibration || evaluation ? await loadTrainingKernels() : undefined;
  try {
    const counted =
      (what: string) =>
      (done: number, total: number): void =>
        progress.show(`${what}: ${done} of ${total}`);
    const known = { length, signal };
    const sensitivities =
      kernels && calibration
        ? await measureSensitivities(kernels, contents.weights, calibration, {
            ...known,
            onProgress: counted("sensitivities, text"),
          })
        : undefined;
    const inputMoments =
      kernels && calibration && options.gptq
        ? await measureInputMoments(kernels, contents.weights, calibration, {
            ...known,
            onProgress: counted("inputs, text"),
          })
        : undefined;
    const weights = await quantizeDecoder(contents.weights, recipeOf(options, contents.weights), {
      ...(sensitivities ? { sensitivities } : {}),
      ...(inputMoments ? { inputMoments } : {}),
      signal,
      onProgress: ({ path, done, total }) =>
        progress.show(`${path}: ${((100 * done) / total).toFixed(0)} %`),
    });
    throwIfAborted(signal, "quantizeDecoder"); // the last matrix may have been a long one
    const small = await write({ ...contents, weights }, options, progress);
    if (options.report === undefined && !options.json && !evaluation && options.quiet) return;
    const report = await reportQuantization(contents.weights, small, {
      ...(sensitivities ? { sensitivities } : {}),
      ...(kernels && evaluation
        ? { evaluate: createNllEvaluator(kernels, evaluation, known) }
        : {}),
      signal,
      onProgress: counted("report, step"),
    });
    progress.clear();
    if (options.report !== undefined) {
      const style = options.report.endsWith(".html")
        ? "html"
        : options.report.endsWith(".md")
          ? "markdown"
          : "json";
      writeWhole(options.report, formatReport(report, style));
      process.stderr.write(`wrote ${options.report}\n`);
    }
    process.stdout.write(
      options.json ? formatReport(report, "json") : `${formatSummary(report)}\n`,
    );
  } finally {
    kernels?.dispose();
  }
}

async function load(
  options: CliOptions,
  progress: ProgressLine,
  signal: AbortSignal,
): Promise<ModelContents> {
  const { model, tokenizer } = options;
  const source = statSync(model).isDirectory() ? await diskFolder(model) : await fileSource(model);
  return readModel(source, {
    signal,
    onProgress: ({ loaded, total }) =>
      progress.show(`${model}: ${((100 * loaded) / (total || 1)).toFixed(0)} % read`),
    ...(tokenizer === undefined ? {} : { tokenizer: await fileSource(tokenizer) }),
  });
}

async function tokenizerOf({ tokenizer }: ModelContents): Promise<Tokenizer> {
  if (tokenizer) return createTokenizer(tokenizer);
  throw new UsageError("the model has no tokenizer to read texts with; give --tokenizer <file>");
}

/** @returns the weights as the file has them */
async function write(
  contents: ModelContents,
  { out, to }: CliOptions,
  progress: ProgressLine,
): Promise<DecoderWeights> {
  if (out === undefined) return contents.weights;
  const bytes = to === "ewq" ? writeEwq(contents) : encodeGguf(contents);
  writeWhole(out, bytes);
  progress.clear();
  process.stderr.write(`wrote ${out}, ${bytes.length.toLocaleString("en")} bytes\n`);
  if (to === "ewq") return contents.weights;
  return (await readModel(bytesSource(bytes))).weights;
}

function encodeGguf(contents: ModelContents): Uint8Array {
  try {
    return writeGguf(contents);
  } catch (error) {
    if (!EdgewrightError.isInstance(error) || error.code !== "unsupported") throw error;
    const message = `${error.message}: --int8, --int4, --f16, with --embedding for the embedding`;
    throw new UnsupportedError(message, { cause: error });
  }
}

// GGUF has blocks of 32 columns, and no tails: matrices of other widths stay at 16 bits, as in llama.cpp.
function recipeOf({ linear, embedding, to }: CliOptions, weights: DecoderWeights): DecoderRecipe {
  const recipe: DecoderRecipe = {
    linear: linear ?? { format: "keep" },
    ...(embedding ? { embedding } : {}),
  };
  if (to !== "gguf") return recipe;
  const odd = listWeights(weights).filter(({ path, role, weight }) => {
    const { format } = recipeFor(recipe, path, role);
    return weight.shape[1]! % 32 !== 0 && (format === "int8-group" || format === "int4-group");
  });
  return {
    ...recipe,
    overrides: Object.fromEntries(odd.map(({ path }) => [path, { format: "f16" }])),
  };
}
