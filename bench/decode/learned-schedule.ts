// PMPD's learned scheduler for stories260K: classifiers of the cache's last layer, trained here and now on labels from
// texts that the model tells itself.
import { createRng } from "@edgewright/core";
import { loadTrainingKernels } from "@edgewright/kernels/training";
import {
  decodeOwnTexts,
  type KvClassifier,
  kvCacheScheduler,
  type PrecisionScheduler,
  thirds,
} from "@edgewright/llm-decode";
import { labelPrecision, trainKvClassifier } from "@edgewright/llm-decode/training";
import type { BenchContext } from "../context.js";
import type { NestedStories } from "./nested-stories.js";

const PROMPTS = 64; // the paper takes 256
const SHORTEST = 24; // tokens of a prompt
const LONGEST = 48;

/** Trains a classifier for every step down a ladder of widths; says how often each was right on what was held out. */
export async function trainLearnedSchedule(
  context: BenchContext,
  { full, nested }: NestedStories,
  ladder: readonly number[],
  maxTokens: number,
): Promise<{ readonly scheduler: PrecisionScheduler; readonly note: string }> {
  const texts = await decodeOwnTexts({
    ...{ session: full.session, prompts: [[full.tokenizer!.bos!]], rng: createRng(5) },
    ...{ count: context.quick ? 12 : PROMPTS, drawnTokens: [SHORTEST, LONGEST], greedyTokens: 1 },
    signal: context.signal,
  });
  const prompts = texts.map(({ tokens }) => tokens);
  using kernels = await loadTrainingKernels();
  const classifiers: KvClassifier[] = [];
  const notes: string[] = [];
  for (let step = ladder.length - 1; step > 0; step--) {
    const [low, high] = [ladder[step - 1]!, ladder[step]!];
    const examples = await labelPrecision({
      ...{ session: nested.session, prompts, high, low, maxTokens, signal: context.signal },
    });
    const { classifier, accuracy, baseline } = await trainKvClassifier(kernels, {
      ...{ examples, heads: nested.config.kvHeads, signal: context.signal },
      ...(context.quick && { epochs: 3 }),
    });
    classifiers.push(classifier);
    const percent = (share: number): string => `${Math.round(100 * share)} %`;
    notes.push(
      `${high} to ${low}: right ${percent(accuracy)}, the commonest class ${percent(baseline)}`,
    );
  }
  return {
    scheduler: kvCacheScheduler({ widths: ladder, classifiers, switchPoints: thirds(maxTokens) }),
    note: `${prompts.length} prompts; ${notes.join("; ")}`,
  };
}
