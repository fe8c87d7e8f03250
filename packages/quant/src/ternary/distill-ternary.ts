import {
  cosineSchedule,
  createTrainer,
  klDivergence,
  muon,
  type RecordNetwork,
  stopGradient,
} from "@edgewright/autograd";
import { createLanguageModel } from "@edgewright/autograd/language";
import { createRng, EdgewrightError, throwIfAborted } from "@edgewright/core";
import type { DecoderWeights } from "@edgewright/core/model-files";
import type { Kernels } from "@edgewright/kernels";
import { checkWhole } from "../internal/matrix.js";
import { yieldToOthers } from "../internal/steps.js";

/** Options of {@link distillTernary}. */
export interface DistillTernaryOptions {
  /** Updates. @default 300 */
  readonly steps?: number;
  /** Rows of an update. @default 8 */
  readonly batchSize?: number;
  /** Tokens of a row. @default the model's context, at most 128 */
  readonly length?: number;
  /** Of Muon for the matrices; embedding and norms learn by AdamW at a twentieth. Falls along a cosine. @default 0.02 */
  readonly learningRate?: number;
  /** Of the order of rows. @default 0 */
  readonly seed?: number;
  /** Ends before the next update. */
  readonly signal?: AbortSignal;
  /** Called after every update. */
  readonly onProgress?: (progress: DistillTernaryProgress) => void;
}

/** Where {@link distillTernary} is. */
export interface DistillTernaryProgress {
  /** Updates done. */
  readonly step: number;
  readonly steps: number;
  /** KL(teacher || student) a token, in nats, of this update's rows. */
  readonly loss: number;
}

/**
 * Trains a model's linear layers to be ternary: every pass rounds them to -1, 0 and 1 times their mean size, and the
 * gradients go to the unrounded weights as if it had not (straight-through estimator; BitNet b1.58, Ma et al. 2024).
 * The model itself, unrounded, is the teacher: its distribution of the next token is what the ternary one learns
 * from. Rounding alone ruins most models; a few hundred updates bring much of them back, a model of its own that is
 * trained so from the start (`createLanguageModel({ config })`) does better still.
 *
 * @param kernels loaded by `loadTrainingKernels`
 * @param texts token ids, which follow one another in the rows; text that the model wrote itself will do
 * @returns linear layers packed as `ternary`, embedding and norms in 32-bit floats
 * @throws EdgewrightError `invalid-argument` for options out of range or texts shorter than a row, `diverged` when
 * the loss is no number any more; AbortError when the signal fires.
 *
 * @example
 * ```ts
 * const ternary = await distillTernary(kernels, weights, texts, { steps: 1000 });
 * const small = await quantizeDecoder(ternary, { linear: { format: "keep" }, embedding: { format: "int8-group" } });
 * ```
 */
export async function distillTernary(
  kernels: Kernels,
  weights: DecoderWeights,
  texts: readonly ArrayLike<number>[],
  options: DistillTernaryOptions = {},
): Promise<DecoderWeights> {
  const where = "distillTernary";
  const { steps = 300, batchSize = 8, learningRate = 0.02, seed = 0, signal, onProgress } = options;
  const { contextLength } = weights.config;
  const length = options.length ?? Math.min(128, contextLength);
  checkWhole(steps, 1, Infinity, "steps", where);
  checkWhole(batchSize, 1, Infinity, "batchSize", where);
  checkWhole(length, 2, contextLength, "length", where);
  const stream = joinTexts(texts);
  if (stream.length < length) {
    throw new EdgewrightError(
      "invalid-argument",
      `${where}: expected texts of at least ${length} tokens, one row, got ${stream.length}`,
    );
  }
  const teacher = createLanguageModel({
    ...{ weights, prefix: "teacher.", trainable: false, ternary: false },
  });
  const student = createLanguageModel({ weights, ternary: true });
  const record: RecordNetwork = (tape, batch) => {
    const ids = tape.input("ids", [batch, length], "i32");
    const taught = stopGradient(teacher.apply(ids).logits);
    return { loss: klDivergence(taught, student.apply(ids).logits) };
  };
  using trainer = createTrainer(kernels, {
    ...{ record, batchSize, clipNorm: 1 },
    optimizer: muon({
      learningRate,
      matrices: ({ name, shape }) => shape.length === 2 && name.startsWith("layers."),
      adam: { learningRate: learningRate / 20 },
    }),
  });
  const schedule = cosineSchedule(learningRate, { steps });
  const rng = createRng(seed);
  const ids = new Int32Array(batchSize * length);
  for (let step = 0; step < steps; step++) {
    throwIfAborted(signal, where);
    for (let row = 0; row < batchSize; row++) {
      const start = rng.integer(0, stream.length - length + 1);
      ids.set(stream.subarray(start, start + length), row * length);
    }
    const { loss } = trainer.step({ ids }, { learningRate: schedule(step) });
    if (!Number.isFinite(loss)) {
      throw new EdgewrightError(
        "diverged",
        `${where}: the loss is ${loss} at update ${step}; try a smaller learningRate than ${learningRate}`,
      );
    }
    onProgress?.({ step: step + 1, steps, loss });
    await yieldToOthers();
  }
  return student.toWeights();
}

function joinTexts(texts: readonly ArrayLike<number>[]): Int32Array {
  const stream = new Int32Array(texts.reduce((sum, text) => sum + text.length, 0));
  let end = 0;
  for (const text of texts) {
    stream.set(text, end);
    end += text.length;
  }
  return stream;
}
