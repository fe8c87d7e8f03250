import {
  adamW,
  add,
  concat,
  cosineSchedule,
  createParameter,
  createTrainer,
  embedding,
  klDivergence,
  mean,
  multiply,
  type Parameter,
  type RecordNetwork,
  reshape,
  slice,
  stopGradient,
  type Variable,
} from "@edgewright/autograd";
import { createLanguageModel, type LanguageModel } from "@edgewright/autograd/language";
import { createRng, createTurnTaker, EdgewrightError, throwIfAborted } from "@edgewright/core";
import type { DecoderWeights } from "@edgewright/core/model-files";
import type { Kernels } from "@edgewright/kernels";
import type { PromptTokens } from "../parallel/prompt-tokens.js";
import type { OwnText } from "./own-texts.js";
import {
  canBeCut,
  type InsertionBatch,
  type InsertionShape,
  insertionRows,
  writeInsertions,
} from "./prompt-insertions.js";

/** Options of {@link trainPromptTokens}. */
export interface TrainPromptTokensOptions {
  /** The model; it is not changed. Packed weights are unpacked. */
  readonly weights: DecoderWeights;
  /** Its own texts: {@link decodeOwnTexts}. */
  readonly texts: readonly OwnText[];
  /** Prompt tokens. @default 3 */
  readonly count?: number;
  /** Embeddings of each. @default 1 */
  readonly ensemble?: number;
  /** Start from these. @default near the mean embedding */
  readonly initial?: PromptTokens;
  /** Updates. @default 1000 */
  readonly steps?: number;
  /** Texts of a pass. @default 8 */
  readonly batchSize?: number;
  /** Rows of text that a pass reads. @default the longest text, at most 128 */
  readonly textRows?: number;
  /** Places at which each text of a pass is cut. @default 16 */
  readonly insertions?: number;
  /** Falls to 0 as a cosine. @default 0.01 */
  readonly learningRate?: number;
  /** Weight of each distance against the one before it: the paper's alpha. @default 0.8 */
  readonly decay?: number;
  /** @default 1 */
  readonly seed?: number;
  readonly signal?: AbortSignal;
  /** Called after every update. @default none */
  readonly onProgress?: (progress: { step: number; steps: number; loss: number }) => void;
}

/** What {@link trainPromptTokens} gives. */
export interface TrainedPromptTokens {
  readonly promptTokens: PromptTokens;
  /** Loss of every update. */
  readonly losses: Float32Array;
}

/**
 * Trains the embeddings of prompt tokens and nothing else (PPD, arXiv:2405.18628, section 3.2): behind random places
 * of the model's own texts they are to predict what the model itself predicts further on, by
 * (1/n) sum over k of decay^(k-1) KL(model k tokens ahead || prompt token k).
 *
 * The paper cuts every sample once; here many cuts share one pass, and a mask keeps them apart: the same gradient for
 * less work.
 *
 * @param kernels loaded with the training extension.
 * @throws EdgewrightError when no text is long enough, `"diverged"` when the loss is no number; AbortError when the
 * signal fires.
 *
 * @example
 * ```ts
 * const texts = await decodeOwnTexts({ session, prompts: [[bos]], count: 500, drawnTokens: [4, 40], greedyTokens: 80, rng });
 * const { promptTokens } = await trainPromptTokens(await loadTrainingKernels(), { weights, texts });
 * ```
 */
export async function trainPromptTokens(
  kernels: Kernels,
  options: TrainPromptTokensOptions,
): Promise<TrainedPromptTokens> {
  const where = "trainPromptTokens";
  const { weights, steps = 1000, batchSize = 8, insertions = 16, signal, onProgress } = options;
  const { learningRate = 0.01, decay = 0.8, seed = 1 } = options;
  const count = options.initial?.count ?? options.count ?? 3;
  const ensemble = options.initial?.ensemble ?? options.ensemble ?? 1;
  const { dim, heads } = weights.config;
  const longest = options.texts.reduce((most, { tokens }) => Math.max(most, tokens.length), 0);
  const textRows = Math.min(options.textRows ?? 128, longest, weights.config.contextLength - count);
  const shape: InsertionShape = {
    ...{ batchSize, textRows, insertions, promptTokens: count, ensemble, heads },
  };
  const texts = options.texts.filter((text) => canBeCut(text, textRows, count));
  if (texts.length === 0) {
    throw new EdgewrightError(
      "invalid-argument",
      `${where}: expected texts with at least ${count + 1} greedily decoded tokens among the first ${textRows}`,
    );
  }
  const model = createLanguageModel({ weights, trainable: false });
  const rng = createRng(seed);
  const parameter = createParameter({
    name: "prompt tokens",
    shape: [count * ensemble, dim],
    data:
      options.initial?.embeddings ?? firstEmbeddings(model, count * ensemble, () => rng.normal()),
  });
  const trainer = createTrainer(kernels, {
    record: promptTokenNetwork(model, parameter, shape, decay),
    batchSize,
    optimizer: adamW({ learningRate, weightDecay: 0 }),
    trainable: [parameter],
  });
  const rateAt = cosineSchedule(learningRate, { steps });
  const batch = trainer.batch as unknown as InsertionBatch & { chain: Int32Array };
  writeChain(batch.chain, shape);
  const losses = new Float32Array(steps);
  const turn = createTurnTaker();
  try {
    for (let step = 0; step < steps; step++) {
      await turn();
      throwIfAborted(signal, where);
      writeInsertions(batch, shape, texts, rng);
      const { loss } = trainer.step(trainer.batch, { learningRate: rateAt(step) });
      if (!Number.isFinite(loss)) {
        throw new EdgewrightError("diverged", `${where}: the loss of step ${step} is ${loss}`);
      }
      losses[step] = loss;
      onProgress?.({ step: step + 1, steps, loss });
    }
  } finally {
    trainer.dispose();
  }
  return { promptTokens: { count, ensemble, dim, embeddings: parameter.read() }, losses };
}

/** Records model, prompt tokens and loss over one batch of cut texts. */
export function promptTokenNetwork(
  model: LanguageModel,
  parameter: Parameter,
  shape: InsertionShape,
  decay: number,
): RecordNetwork {
  const { textRows, insertions, promptTokens, ensemble } = shape;
  const rows = insertionRows(shape);
  return (tape, b) => {
    const ids = tape.input("ids", [b, textRows], "i32");
    const chain = tape.input("chain", [b, rows - textRows], "i32");
    const positions = tape.input("positions", [b, rows], "i32");
    const mask = tape.input("mask", [b, 1, rows, rows]);
    const targets = tape.input("targets", [b, promptTokens, insertions], "i32");
    const input = concat([model.embed(ids), embedding(chain, tape.parameter(parameter))], {
      axis: 1,
    });
    const { logits } = model.apply(input, { positions, mask });
    const vocab = logits.shape[2]!;
    const text = slice(logits, { starts: [0, 0, 0], ends: [b, textRows, vocab] });
    const table = stopGradient(reshape(text, [b * textRows, vocab]));
    const teacher = embedding(targets, table); // [b, n, insertions, vocab]
    const guessed = slice(logits, { starts: [0, textRows, 0], ends: [b, rows, vocab] });
    const members = reshape(guessed, [b, promptTokens, insertions, ensemble, vocab]);
    const student = mean(members, { axes: [3] });
    let loss: Variable | undefined;
    for (let k = 0; k < promptTokens; k++) {
      const at = { starts: [0, k, 0, 0], ends: [b, k + 1, insertions, vocab] };
      const divergence = klDivergence(slice(teacher, at), slice(student, at));
      const weighted = multiply(divergence, decay ** k / promptTokens);
      loss = loss ? add(loss, weighted) : weighted;
    }
    return { loss: loss! };
  };
}

/** The prompt token of every row behind the text: the same for every place. */
function writeChain(chain: Int32Array, shape: InsertionShape): void {
  const { batchSize, insertions, promptTokens, ensemble } = shape;
  let at = 0;
  for (let b = 0; b < batchSize; b++) {
    for (let k = 0; k < promptTokens; k++) {
      for (let place = 0; place < insertions; place++) {
        for (let j = 0; j < ensemble; j++) chain[at++] = k * ensemble + j;
      }
    }
  }
}

/** Drawn around the mean of the model's embeddings, with half their spread: near tokens, and no token. */
function firstEmbeddings(model: LanguageModel, count: number, normal: () => number): Float32Array {
  const table = model.parameters.embedding.read();
  const { dim } = model.config;
  const center = new Float64Array(dim);
  for (let i = 0; i < table.length; i++) center[i % dim]! += table[i]! / (table.length / dim);
  let square = 0;
  for (let i = 0; i < table.length; i++) square += (table[i]! - center[i % dim]!) ** 2;
  const spread = Math.sqrt(square / table.length);
  return Float32Array.from(
    { length: count * dim },
    (_, i) => center[i % dim]! + 0.5 * spread * normal(),
  );
}
