import {
  createRng,
  EdgewrightError,
  quantizeTernary,
  type Rng,
  ShapeError,
} from "@edgewright/core";
import {
  checkDecoderConfig,
  type DecoderConfig,
  type DecoderWeights,
} from "@edgewright/core/model-files";
import type { Parameter } from "../engine/parameter.js";
import type { Operand, Variable } from "../engine/tape.js";
import { attention } from "../operations/attention.js";
import { add, multiply } from "../operations/broadcast-arithmetic.js";
import { square } from "../operations/elementwise-functions.js";
import { embedding } from "../operations/embedding.js";
import { rmsNorm } from "../operations/layer-norm.js";
import { matmul } from "../operations/matmul.js";
import { relu } from "../operations/relu.js";
import { reshape } from "../operations/reshape.js";
import { rope } from "../operations/rope.js";
import { silu } from "../operations/silu.js";
import { transpose } from "../operations/transpose.js";
import {
  type BlockParameters,
  createParameters,
  drawnValues,
  floatTensor,
  givenValues,
  type LanguageModelParameters,
  listParameters,
  weightsFrom,
} from "./model-parameters.js";
import { roundTokens } from "./round-tokens.js";
import { ternaryWeights } from "./round-weights.js";

/** Options of {@link createLanguageModel}: weights to start from, or a configuration to draw them for. */
export interface LanguageModelOptions {
  /** The shape of the model. @default that of `weights` */
  readonly config?: DecoderConfig;
  /** Weights to start from, in any format; packed ones are unpacked. @default drawn at random */
  readonly weights?: DecoderWeights;
  /** Source of drawn weights. @default createRng(1) */
  readonly rng?: Rng;
  /** Put before the name of every parameter: two models on one tape need unlike names. @default "" */
  readonly prefix?: string;
  /** Whether training changes the parameters unless told otherwise. @default true */
  readonly trainable?: boolean;
  /**
   * Rounds linear weights to -1, 0 and 1 times their mean size on the way into every product, with gradients for
   * the unrounded ones; norms, embedding and output stay as they are.
   *
   * @default true for the architecture "bitnet"
   */
  readonly ternary?: boolean;
}

/** Options of {@link LanguageModel.apply}. */
export interface ApplyLanguageModelOptions {
  /** Position of every row for the rotary embedding, i32 [t] or [b, t], below `contextLength`. @default 0, 1, ... */
  readonly positions?: Variable;
  /**
   * What each row sees, added to the scores: 0 or a large negative number, of a shape that broadcasts to
   * [b, heads, t, t]. It replaces the causal limit. @default causal
   */
  readonly mask?: Operand;
}

/** What {@link LanguageModel.apply} records. */
export interface LanguageModelOutputs {
  /** [b, t, vocabSize] */
  readonly logits: Variable;
  /** The residual stream [b, t, dim]: the embeddings, then what every block leaves; `layers + 1` of them. */
  readonly hidden: readonly Variable[];
  /** [b, t, dim], behind the last norm: what the output matrix multiplies. */
  readonly normalized: Variable;
  /** Keys of the last block, rotated: [b, kvHeads, t, headDim]. */
  readonly keys: Variable;
  /** Values of the last block, [b, kvHeads, t, headDim]. */
  readonly values: Variable;
}

/** A language model of the llama family or BitNet whose every weight can be differentiated and trained. */
export interface LanguageModel {
  readonly config: DecoderConfig;
  /** Whether linear weights are rounded to ternary ones in every pass. */
  readonly ternary: boolean;
  readonly parameters: LanguageModelParameters;
  /** All of them, in the order of a forward pass. */
  readonly parameterList: readonly Parameter[];
  /** The rows of the embedding for ids i32 [b, t]: [b, t, dim]. */
  embed(ids: Variable): Variable;
  /**
   * Records a forward pass over token ids i32 [b, t], or over embeddings f32 [b, t, dim] that need not be those of
   * tokens.
   *
   * @throws ShapeError for another input, or more rows than `contextLength` without `positions`.
   */
  apply(input: Variable, options?: ApplyLanguageModelOptions): LanguageModelOutputs;
  /**
   * The weights as they are now. Linear ones of a ternary model are packed as `ternary`, the numbers that its
   * passes multiply by; everything else is f32.
   */
  toWeights(): DecoderWeights;
}

/**
 * Makes a language model for the tape: embeddings, blocks of grouped-query attention with rotary positions and a
 * gated feed-forward network, RMSNorm throughout (Touvron et al. 2023, arXiv:2302.13971); for BitNet b1.58 also
 * its two further norms, ternary weights and 8-bit activations.
 *
 * @throws EdgewrightError `invalid-argument` without configuration and weights, ValidationError when they do not
 * fit each other.
 *
 * @example
 * ```ts
 * const model = createLanguageModel({ config });
 * const tape = createTape();
 * const ids = tape.input("ids", [8, 256], "i32");
 * const next = tape.input("next", [8, 256], "i32");
 * const loss = crossEntropy(model.apply(ids).logits, next);
 * ```
 */
export function createLanguageModel(options: LanguageModelOptions): LanguageModel {
  const where = "createLanguageModel";
  const { weights, prefix = "", trainable = true } = options;
  const given = options.config ?? weights?.config;
  if (given === undefined) {
    throw new EdgewrightError(
      "invalid-argument",
      `${where}: expected a config or weights, got neither`,
    );
  }
  const config = checkDecoderConfig(given, where);
  const parameters = createParameters(config, {
    prefix,
    trainable,
    hasOutput: weights?.output !== undefined,
    valuesOf: weights
      ? givenValues({ ...weights, config }, where)
      : drawnValues(config, options.rng ?? createRng(1)),
  });
  const ternary = options.ternary ?? config.architecture === "bitnet";
  const embed = (ids: Variable): Variable => embedding(ids, parameters.embedding);
  return {
    config,
    ternary,
    parameters,
    parameterList: listParameters(parameters),
    embed,
    apply: (input, applyOptions = {}) =>
      recordPass(config, parameters, ternary, input, applyOptions, embed),
    toWeights: () =>
      weightsFrom(config, parameters, (parameter, isLinear) =>
        ternary && isLinear
          ? quantizeTernary(parameter.read(), parameter.shape)
          : floatTensor(parameter),
      ),
  };
}

function recordPass(
  config: DecoderConfig,
  parameters: LanguageModelParameters,
  ternary: boolean,
  input: Variable,
  options: ApplyLanguageModelOptions,
  embed: (ids: Variable) => Variable,
): LanguageModelOutputs {
  checkInput(config, input, options);
  const { tape } = input;
  const weightOf = (parameter: Parameter): Variable => {
    const variable = tape.parameter(parameter);
    return ternary ? ternaryWeights(variable) : variable;
  };
  const pass: Pass = { config, options, weightOf };
  const name = parameters.embedding.name.replace(/embedding$/, "");
  let x = input.type === "i32" ? embed(input) : input;
  const hidden = [x];
  let last: Omit<Attended, "y"> | undefined;
  parameters.layers.forEach((layer, i) => {
    tape.scope(`${name}layers.${i}`, () => {
      const attended = attend(pass, x, layer);
      last = attended;
      x = add(x, attended.y);
      x = add(x, feedForward(pass, x, layer));
    });
    hidden.push(x);
  });
  const normalized = rmsNorm(x, { scale: parameters.outputNorm, epsilon: config.normEpsilon });
  const table = parameters.output ?? parameters.embedding;
  const logits = product(normalized, tape.parameter(table));
  return { logits, hidden, normalized, keys: last!.keys, values: last!.values };
}

/** What all blocks of a pass share. */
interface Pass {
  readonly config: DecoderConfig;
  readonly options: ApplyLanguageModelOptions;
  weightOf(parameter: Parameter): Variable;
}

interface Attended {
  readonly y: Variable;
  readonly keys: Variable;
  readonly values: Variable;
}

function attend(
  { config, options, weightOf }: Pass,
  x: Variable,
  layer: BlockParameters,
): Attended {
  const { heads, kvHeads, headDim, normEpsilon: epsilon } = config;
  const [b, t] = x.shape as [number, number, number];
  const input = rounded(config, rmsNorm(x, { scale: layer.attentionNorm, epsilon }));
  const project = (parameter: Parameter, count: number): Variable => {
    const y = reshape(product(input, weightOf(parameter)), [b, t, count, headDim]);
    return transpose(y, [0, 2, 1, 3]);
  };
  const turn = (y: Variable): Variable =>
    rope(y, {
      base: config.ropeBase,
      pairing: config.ropePairing,
      ...(options.positions && {
        positions: options.positions,
        maxPositions: config.contextLength,
      }),
    });
  const queries = turn(project(layer.query, heads));
  const keys = turn(project(layer.key, kvHeads));
  const values = project(layer.value, kvHeads);
  const seen = options.mask ? { mask: options.mask } : { causal: true };
  const mixed = transpose(attention(queries, keys, values, seen), [0, 2, 1, 3]);
  let y = reshape(mixed, [b, t, heads * headDim]);
  if (layer.attentionSubNorm) y = rmsNorm(y, { scale: layer.attentionSubNorm, epsilon });
  return { y: product(rounded(config, y), weightOf(layer.output)), keys, values };
}

function feedForward({ config, weightOf }: Pass, x: Variable, layer: BlockParameters): Variable {
  const { normEpsilon: epsilon } = config;
  const input = rounded(config, rmsNorm(x, { scale: layer.feedForwardNorm, epsilon }));
  const gate = product(input, weightOf(layer.gate));
  const open = config.activation === "silu" ? silu(gate) : square(relu(gate));
  let y = multiply(open, product(input, weightOf(layer.up)));
  if (layer.feedForwardSubNorm) y = rmsNorm(y, { scale: layer.feedForwardSubNorm, epsilon });
  return product(rounded(config, y), weightOf(layer.down));
}

/** y = x Wᵀ for a weight [out, in], as files hold it. */
function product(x: Variable, weight: Variable): Variable {
  return matmul(x, weight, { transposeB: true });
}

function rounded({ int8Activations }: DecoderConfig, x: Variable): Variable {
  return int8Activations ? roundTokens(x) : x;
}

function checkInput(
  { dim, contextLength }: DecoderConfig,
  { shape, type }: Variable,
  { positions }: ApplyLanguageModelOptions,
): void {
  const fits = type === "i32" ? shape.length === 2 : shape.length === 3 && shape[2] === dim;
  if (!fits) {
    throw new ShapeError(
      `LanguageModel.apply: expected ids i32 [b, t] or embeddings f32 [b, t, ${dim}], got ${type} [${shape}]`,
    );
  }
  if (positions === undefined && shape[1]! > contextLength) {
    throw new ShapeError(
      `LanguageModel.apply: expected at most ${contextLength} rows, the model's context, got ${shape[1]}`,
    );
  }
}
