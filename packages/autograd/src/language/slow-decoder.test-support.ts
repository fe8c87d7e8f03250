import { createRng } from "@edgewright/core";
import type { DecoderConfig } from "@edgewright/core/model-files";
import type { LanguageModel } from "./language-model.js";

/** A small configuration with grouped heads and sizes that fill no vector. */
export const SMALL: DecoderConfig = {
  ...{ architecture: "llama", dim: 12, hiddenDim: 20, layers: 2, heads: 4, kvHeads: 2, headDim: 6 },
  ...{ vocabSize: 19, contextLength: 16, normEpsilon: 1e-5, ropeBase: 10_000 },
  ...{ ropePairing: "interleaved", activation: "silu", subNorms: false, int8Activations: false },
};

/** The same as BitNet b1.58. */
export const SMALL_BITNET: DecoderConfig = {
  ...SMALL,
  ...{ architecture: "bitnet", activation: "relu2", subNorms: true, int8Activations: true },
};

/** Token ids drawn at random. */
export function drawIds(count: number, vocabSize: number, seed: number): Int32Array {
  const rng = createRng(seed);
  return Int32Array.from({ length: count }, () => rng.integer(0, vocabSize));
}

/** Parameters by their names, in 64 bits. */
export type ExactWeights = Map<string, Float64Array>;

/** The weights of a model in 64 bits; those of a ternary one rounded. */
export function exactWeights(model: LanguageModel): ExactWeights {
  return new Map(
    model.parameterList.map((parameter) => {
      const values = Float64Array.from(parameter.read());
      const isLinear = parameter.shape.length === 2 && parameter.name.startsWith("layers.");
      if (!model.ternary || !isLinear) return [parameter.name, values];
      const scale = Math.fround(values.reduce((sum, w) => sum + Math.abs(w), 0) / values.length);
      const rounded = values.map(
        (w) => Math.max(-1, Math.min(1, Math.round(w / scale))) * scale + 0,
      );
      return [parameter.name, rounded];
    }),
  );
}

/** Logits [t, vocabSize] of one row of tokens, a scalar at a time. */
export function slowLogits(
  config: DecoderConfig,
  weights: ExactWeights,
  ids: ArrayLike<number>,
): Float64Array[] {
  const { dim, hiddenDim, layers, heads, kvHeads, headDim, vocabSize, normEpsilon } = config;
  const norm = (x: Float64Array, gamma: Float64Array): Float64Array => {
    const square = x.reduce((sum, value) => sum + value * value, 0) / x.length;
    return x.map((value, i) => (value / Math.sqrt(square + normEpsilon)) * gamma[i]!);
  };
  const rounded = (x: Float64Array): Float64Array => {
    if (!config.int8Activations) return x;
    const scale = 127 / Math.max(1e-5, ...x.map(Math.abs));
    return x.map((value) => Math.min(127, Math.max(-128, Math.round(value * scale))) / scale);
  };
  const product = (x: Float64Array, weight: Float64Array, outputs: number): Float64Array =>
    Float64Array.from({ length: outputs }, (_, o) =>
      x.reduce((sum, value, i) => sum + value * weight[o * x.length + i]!, 0),
    );
  const turn = (x: Float64Array, position: number): Float64Array => {
    const y = x.slice();
    for (let start = 0; start < x.length; start += headDim) {
      for (let i = 0; i < headDim / 2; i++) {
        const angle = position * config.ropeBase ** ((-2 * i) / headDim);
        const [a, b] = config.ropePairing === "half" ? [i, i + headDim / 2] : [2 * i, 2 * i + 1];
        const [p, q] = [x[start + a]!, x[start + b]!];
        y[start + a] = p * Math.cos(angle) - q * Math.sin(angle);
        y[start + b] = p * Math.sin(angle) + q * Math.cos(angle);
      }
    }
    return y;
  };
  const get = (name: string): Float64Array => weights.get(name)!;
  const rows = Array.from(ids, (id) => get("embedding").slice(id * dim, (id + 1) * dim));
  for (let layer = 0; layer < layers; layer++) {
    const part = (name: string): Float64Array => get(`layers.${layer}.${name}`);
    const inputs = rows.map((x) => rounded(norm(x, part("attentionNorm"))));
    const queries = inputs.map((x, i) => turn(product(x, part("query"), heads * headDim), i));
    const keys = inputs.map((x, i) => turn(product(x, part("key"), kvHeads * headDim), i));
    const values = inputs.map((x) => product(x, part("value"), kvHeads * headDim));
    rows.forEach((x, i) => {
      let mixed = new Float64Array(heads * headDim);
      for (let head = 0; head < heads; head++) {
        const shared = Math.floor((head * kvHeads) / heads) * headDim;
        const scores = keys.slice(0, i + 1).map((key) => {
          let sum = 0;
          for (let d = 0; d < headDim; d++)
            sum += queries[i]![head * headDim + d]! * key[shared + d]!;
          return Math.exp(sum / Math.sqrt(headDim));
        });
        const total = scores.reduce((sum, score) => sum + score, 0);
        scores.forEach((score, j) => {
          for (let d = 0; d < headDim; d++) {
            mixed[head * headDim + d]! += (score / total) * values[j]![shared + d]!;
          }
        });
      }
      if (config.subNorms) mixed = new Float64Array(norm(mixed, part("attentionSubNorm")));
      const attended = product(rounded(mixed), part("output"), dim);
      attended.forEach((value, d) => {
        x[d]! += value;
      });
      const input = rounded(norm(x, part("feedForwardNorm")));
      const gate = product(input, part("gate"), hiddenDim);
      const up = product(input, part("up"), hiddenDim);
      const open = (g: number): number =>
        config.activation === "silu" ? g / (1 + Math.exp(-g)) : Math.max(g, 0) ** 2;
      let hidden: Float64Array = up.map((value, j) => value * open(gate[j]!));
      if (config.subNorms) hidden = norm(hidden, part("feedForwardSubNorm"));
      product(rounded(hidden), part("down"), dim).forEach((value, d) => {
        x[d]! += value;
      });
    });
  }
  return rows.map((x) => product(norm(x, get("outputNorm")), get("embedding"), vocabSize));
}

/** -ln softmax(logits)[token] */
export function slowSurprise(logits: Float64Array, token: number): number {
  return Math.log(logits.reduce((sum, value) => sum + Math.exp(value), 0)) - logits[token]!;
}
