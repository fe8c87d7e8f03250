import { EdgewrightError, median } from "@edgewright/core";
import {
  chooseTreeSize,
  type DecodingStrategy,
  type LanguageModel,
  loadLanguageModel,
  measurePassTimes,
  parallelPromptDecoding,
  plainDecoding,
  readPromptTokens,
} from "@edgewright/llm-decode";
import { type LanguageModelBytes, readLanguageModel } from "zoo";
import type { PipelineContext } from "../pipeline.js";

const MODEL = "stories-ternary";
/** Without a penalty so small a model soon says the same again. */
const TELLING = { maxTokens: 240, repetitionPenalty: 1.1 } as const;
const ROUNDS = 5;

/**
 * Lets a language model of ternary weights, which the zoo trained, tell a story: several tokens a pass by
 * parallel prompt decoding, with trees as large as pay on this machine; then again in turns with plain decoding,
 * which must give the same text, to see what it brings.
 */
export async function tellStory(context: PipelineContext): Promise<void> {
  const { options, progress, signal } = context;
  if (options.story === undefined) return;
  progress.update(`load ${MODEL}`);
  const files = await readFiles();
  if (files === undefined) return;
  const lm = await loadLanguageModel(files.model, { signal });
  try {
    progress.update("measure passes");
    const { promptTokens, acceptance = [] } = readPromptTokens(files.promptTokens);
    const times = await measurePassTimes({ session: lm.session, signal });
    const { ensemble } = promptTokens;
    const { trees } = chooseTreeSize(acceptance, times, { ensemble });
    const parallel = parallelPromptDecoding({ promptTokens, trees });
    const telling = await tell(lm, options.story, parallel, context);
    const rates = { parallel: [telling.tokensPerSecond], plain: [] as number[] };
    for (let round = 0; round < ROUNDS; round++) {
      progress.update(`measure, round ${round + 1} of ${ROUNDS}`);
      for (const [name, strategy] of [
        ["plain", plainDecoding()],
        ["parallel", parallel],
      ] as const) {
        const again = await measureAgain(lm, options.story, strategy, signal);
        if (again.text !== telling.passes.join("")) {
          throw new EdgewrightError("diverged", `${strategy.name} told another story`);
        }
        rates[name].push(again.tokensPerSecond);
      }
    }
    context.story = {
      ...{ model: MODEL, bytes: files.model.length, prompt: options.story },
      ...{ passes: telling.passes, tokens: telling.tokens },
      acceptedLength: telling.acceptedLength,
      rows: Math.max(...trees.rows),
      parallel: median(rates.parallel),
      plain: median(rates.plain),
      memory: lm.memory.total,
    };
  } finally {
    lm.dispose();
  }
}

/** Tells the story while people watch. */
async function tell(
  lm: LanguageModel,
  prompt: string,
  strategy: DecodingStrategy,
  { options, progress, signal }: PipelineContext,
) {
  const show = (text: string): void => {
    if (!options.json) process.stdout.write(text);
  };
  progress.end();
  const generation = lm.generate(prompt, { strategy, signal, ...TELLING });
  const passes: string[] = [];
  show(prompt);
  for await (const piece of generation) {
    passes.push(piece);
    show(piece);
  }
  show("\n\n");
  const { tokens, tokensPerStep, tokensPerSecond } = generation.statistics;
  return { passes, tokens, acceptedLength: tokensPerStep, tokensPerSecond };
}

async function measureAgain(
  lm: LanguageModel,
  prompt: string,
  strategy: DecodingStrategy,
  signal: AbortSignal,
) {
  const generation = lm.generate(prompt, { strategy, signal, ...TELLING });
  const text = await generation.text();
  return { text, tokensPerSecond: generation.statistics.tokensPerSecond };
}

async function readFiles(): Promise<LanguageModelBytes | undefined> {
  try {
    return await readLanguageModel(MODEL);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    process.emitWarning(`there is no ${MODEL} in examples/zoo: no story is told`);
    return undefined;
  }
}
