// stories260K with nested weights, one model for every width, and texts to judge it by.
import {
  createTokenizer,
  type DecoderWeights,
  fileSource,
  readModel,
  writeEwq,
} from "@edgewright/core/model-files";
import { loadTrainingKernels } from "@edgewright/kernels/training";
import { type LanguageModel, loadLanguageModel } from "@edgewright/llm-decode";
import { measureSensitivities, quantizeDecoder } from "@edgewright/quant";
import { stories260K } from "./shared-models.js";
import { readStories } from "./stories.js";

/** A model at full precision and nested, with token ids of stories, each with the token that begins texts. */
export interface NestedStories {
  readonly full: LanguageModel;
  readonly nested: LanguageModel;
  readonly widths: readonly number[];
  /** To search schedules on. */
  readonly validation: readonly (readonly number[])[];
  /** To judge schedules by; neither searched nor calibrated on. */
  readonly test: readonly (readonly number[])[];
  dispose(): void;
}

const WIDTHS = [2, 3, 4, 5, 6] as const;
const TEST_STORIES = 90;
const VALIDATION_STORIES = 12;
const CALIBRATION_STORIES = 16;

/** Rounds the linear layers, weighted by Fisher sensitivities, the embedding to 8 bits; `undefined` where the model or the text is absent. */
export async function loadNestedStories(stories: {
  /** Take only so many stories of each kind. @default all that there are */
  readonly most?: number;
}): Promise<NestedStories | undefined> {
  const file = stories260K("f32");
  const texts = readStories();
  if (file === undefined || texts === undefined) return undefined;
  const contents = await readModel(await fileSource(file));
  const tokenizer = await createTokenizer(contents.tokenizer!);
  const most = stories.most ?? Number.POSITIVE_INFINITY;
  const { contextLength } = contents.weights.config;
  const take = (from: number, count: number): number[][] =>
    texts
      .slice(from, from + Math.min(count, most))
      .map((text) => [...tokenizer.encode(text)].slice(0, contextLength));
  const test = take(0, TEST_STORIES);
  const validation = take(TEST_STORIES, VALIDATION_STORIES);
  const calibration = take(TEST_STORIES + VALIDATION_STORIES, CALIBRATION_STORIES);
  const weights = await nestWeights(contents.weights, calibration);
  const full = await loadLanguageModel(file);
  const nested = await loadLanguageModel(writeEwq({ ...contents, weights }));
  const dispose = (): void => {
    full.dispose();
    nested.dispose();
  };
  return { full, nested, widths: WIDTHS, validation, test, dispose };
}

async function nestWeights(
  weights: DecoderWeights,
  calibration: readonly (readonly number[])[],
): Promise<DecoderWeights> {
  using kernels = await loadTrainingKernels();
  const sensitivities = await measureSensitivities(kernels, weights, calibration);
  const linear = { format: "nested", seedBits: WIDTHS[0], bits: WIDTHS.at(-1)! } as const;
  return quantizeDecoder(weights, { linear }, { sensitivities });
}
