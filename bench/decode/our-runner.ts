import {
  type DecodingStrategy,
  type LanguageModel,
  type LoadLanguageModelOptions,
  loadLanguageModel,
} from "@edgewright/llm-decode";
import { type DecodeRunner, type Prompt, readClock, startClock } from "./decode-runner.js";

/** Name of our engine in reports. */
export const OURS = "ours";

/** Our engine behind the interface of the peers: everything that `generate` does, from text to text. */
export interface OurRunner extends DecodeRunner {
  decode(
    prompt: Prompt,
    tokens: number,
    strategy?: DecodingStrategy,
  ): ReturnType<DecodeRunner["decode"]>;
  readonly model: LanguageModel;
  /** The tokens of a text. */
  prompt(text: string): Prompt;
}

/** Loads a model file on one thread. */
export async function createOurRunner(
  file: string,
  options: LoadLanguageModelOptions = {},
): Promise<OurRunner> {
  const model = await loadLanguageModel(file, { threads: 1, ...options });
  const { tokenizer } = model;
  if (tokenizer === undefined) throw new Error(`${file} has no tokenizer`);
  return {
    name: OURS,
    model,
    prompt: (text) => ({ text, ids: [...tokenizer.encode(text)] }),
    async decode(prompt, tokens, strategy) {
      const generation = model.generate(prompt.ids, {
        ...{ maxTokens: tokens + 1, ignoreEnd: true },
        ...(strategy !== undefined && { strategy }),
      });
      let clock: ReturnType<typeof startClock> | undefined;
      let before = 0;
      for await (const _ of generation) {
        if (clock !== undefined) continue;
        clock = startClock();
        before = generation.tokens.length;
      }
      if (clock === undefined) throw new Error(`${OURS} gave no text in ${tokens} tokens`);
      const { wallMs, cpuMs } = readClock(clock);
      const share = tokens / (generation.tokens.length - before);
      return {
        wallMs: wallMs * share,
        cpuMs: cpuMs === undefined ? undefined : cpuMs * share,
        ids: generation.tokens,
      };
    },
    async prefill(prompt) {
      model.session.truncate(0);
      const clock = startClock();
      await model.generate(prompt.ids, { maxTokens: 1, ignoreEnd: true }).text();
      return readClock(clock);
    },
    async dispose() {
      model.dispose();
    },
  };
}
