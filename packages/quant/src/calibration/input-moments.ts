import {
  createProgram,
  createTape,
  matmul,
  multiply,
  reshape,
  type Variable,
} from "@edgewright/autograd";
import { createLanguageModel, type LanguageModel } from "@edgewright/autograd/language";
import { EdgewrightError, throwIfAborted } from "@edgewright/core";
import type { DecoderWeights, LinearName } from "@edgewright/core/model-files";
import type { Kernels } from "@edgewright/kernels";
import { yieldToOthers } from "../internal/steps.js";

/** Options of {@link measureInputMoments}. */
export interface MeasureInputMomentsOptions {
  /** Tokens of a text that are read, its first ones. @default the model's context */
  readonly length?: number;
  /** Ends before the next text. */
  readonly signal?: AbortSignal;
  /** Called after every text. */
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Second moments of what each linear layer multiplies, [cols, cols] row-major: `sum over tokens of x x^T`. By the
 * weight's path, such as `layers.0.query`; layers with the same input share one array.
 */
export type InputMoments = ReadonlyMap<string, Float64Array>;

/**
 * Measures what the linear layers of a model get to multiply on a calibration text: all that GPTQ needs to know of
 * it, since the squared error of a product over those inputs is `e H e^T` for an error `e` of a row of weights
 * and these moments `H`.
 *
 * Memory is a matrix of [cols, cols] in 64-bit floats for each of four inputs a block.
 *
 * @param kernels loaded by `loadTrainingKernels`
 * @param texts token ids
 * @throws EdgewrightError `invalid-argument` for texts of fewer than two tokens in all; ValidationError for weights
 * that do not fit; AbortError when the signal fires.
 */
export async function measureInputMoments(
  kernels: Kernels,
  weights: DecoderWeights,
  texts: readonly ArrayLike<number>[],
  options: MeasureInputMomentsOptions = {},
): Promise<InputMoments> {
  const where = "measureInputMoments";
  const model = createLanguageModel({ weights, trainable: false, ternary: false });
  const { signal, onProgress } = options;
  const longest = texts.reduce((most, { length }) => Math.max(most, length), 0);
  const length = Math.min(options.length ?? Infinity, longest, model.config.contextLength);
  if (!(length >= 1)) {
    throw new EdgewrightError("invalid-argument", `${where}: expected a text of at least a token`);
  }
  const tape = createTape();
  const ids = tape.input("ids", [1, length], "i32");
  const kept = tape.input("kept", [length, 1]);
  model.apply(ids);
  const inputs = findInputs(model, tape.nodes);
  const moments = new Map(
    [...new Set(inputs.values())].map((input) => [input, momentOf(input, kept)]),
  );
  using program = createProgram(kernels, { tape, outputs: [...moments.values()] });
  const sums = new Map(
    [...moments].map(([input, { shape }]) => [input, new Float64Array(shape[0]! ** 2)]),
  );
  for (const [done, text] of texts.entries()) {
    throwIfAborted(signal, where);
    const tokens = Int32Array.from({ length }, (_, at) => text[at] ?? 0);
    const mask = Float32Array.from({ length }, (_, at) => (at < text.length ? 1 : 0));
    program.run({ ids: tokens, kept: mask });
    for (const [input, moment] of moments) {
      const sum = sums.get(input)!;
      const { data } = program.read(moment) as { data: Float32Array };
      for (let at = 0; at < sum.length; at++) sum[at]! += data[at]!;
    }
    onProgress?.(done + 1, texts.length);
    await yieldToOthers();
  }
  return new Map([...inputs].map(([path, input]) => [path, sums.get(input)!]));
}

// x^T x over the tokens of a text; those behind its end are taken for 0.
function momentOf(input: Variable, kept: Variable): Variable {
  const width = input.shape.at(-1)!;
  const rows = multiply(reshape(input, [kept.shape[0]!, width]), kept);
  return matmul(rows, rows, { transposeA: true });
}

// The tape knows what every weight is multiplied with: the other input of the one operation that reads it.
function findInputs(model: LanguageModel, nodes: Variable["tape"]["nodes"]): Map<string, Variable> {
  const names: readonly LinearName[] = ["query", "key", "value", "output", "gate", "up", "down"];
  const inputs = new Map<string, Variable>();
  model.parameters.layers.forEach((layer, at) => {
    for (const name of names) {
      const weight = nodes.find(
        (node) => node.kind === "parameter" && node.parameter === layer[name],
      )!.variable;
      for (const node of nodes) {
        if (node.kind !== "operation" || !node.inputs.includes(weight)) continue;
        inputs.set(`layers.${at}.${name}`, node.inputs.find((one) => one !== weight)!);
      }
    }
  });
  return inputs;
}
