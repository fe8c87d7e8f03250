// stories260K with nested weights, one model for every width, and texts to judge it by.
import { readFileSync } from "node:fs";
import { createLanguageModel, weightSensitivities } from "@edgewright/autograd/language";
import {
  bytesSource,
  createTokenizer,
  type DecoderWeights,
  readModel,
  type WeightTensor,
  writeEwq,
} from "@edgewright/core/model-files";
import { loadTrainingKernels } from "@edgewright/kernels/training";
import { type LanguageModel, loadLanguageModel } from "@edgewright/llm-decode";
import { quantizeNested } from "@edgewright/quant";
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
const TEST_STORIES = 40;
const VALIDATION_STORIES = 20;
const CALIBRATION_STORIES = 40;

/** Rounds the model, weighted by Fisher sensitivities; `undefined` where the model or the text is absent. */
export async function loadNestedStories(stories: {
  /** Take only so many stories of each kind. @default all that there are */
  readonly most?: number;
}): Promise<NestedStories | undefined> {
  const file = stories260K("f32");
  const texts = readStories();
  if (file === undefined || texts === undefined) return undefined;
  const contents = await readModel(bytesSource(readFileSync(file)));
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
  const model = createLanguageModel({ weights });
  const sensitivities = await weightSensitivities(kernels, model, calibration);
  const nest = (name: string, weight: WeightTensor): WeightTensor => {
    if (!("data" in weight) || weight.dtype !== "f32") throw new Error(`${name} is not in f32`);
    const { shape, data } = weight;
    const options = { seedBits: WIDTHS[0], bits: WIDTHS.at(-1)! };
    return quantizeNested(data, shape, { ...options, sensitivities: sensitivities.get(name)! });
  };
  return {
    ...weights,
    embedding: nest("embedding", weights.embedding),
    layers: weights.layers.map((layer, at) => {
      const name = `layers.${at}.`;
      return {
        ...layer,
        query: nest(`${name}query`, layer.query),
        key: nest(`${name}key`, layer.key),
        value: nest(`${name}value`, layer.value),
        output: nest(`${name}output`, layer.output),
        gate: nest(`${name}gate`, layer.gate),
        up: nest(`${name}up`, layer.up),
        down: nest(`${name}down`, layer.down),
      };
    }),
  };
}
