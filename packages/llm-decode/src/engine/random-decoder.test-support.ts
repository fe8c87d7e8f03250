import { createRng, tensor, unpackTensor } from "@edgewright/core";
import {
  type DecoderConfig,
  type DecoderLayer,
  type DecoderWeights,
  linearShapes,
  type WeightTensor,
} from "@edgewright/core/model-files";

/** A configuration small enough for slow loops. */
export function smallConfig(changes: Partial<DecoderConfig> = {}): DecoderConfig {
  return {
    ...{
      architecture: "llama",
      dim: 32,
      hiddenDim: 40,
      layers: 2,
      heads: 4,
      kvHeads: 2,
      headDim: 8,
    },
    ...{ vocabSize: 23, contextLength: 64, normEpsilon: 1e-5, ropeBase: 10000 },
    ...{ ropePairing: "interleaved", activation: "silu", subNorms: false, int8Activations: false },
    ...changes,
  };
}

/** Weights drawn from a seed; `pack` may put the linear ones into another format. */
export function randomDecoder(
  config: DecoderConfig,
  seed = 1,
  pack: (weights: Float32Array, shape: readonly number[]) => WeightTensor = (data, shape) =>
    tensor("f32", shape, data),
): DecoderWeights {
  const rng = createRng(seed);
  const draw = (count: number, size: number): Float32Array =>
    Float32Array.from({ length: count }, () => rng.normal() * size);
  const matrix = (shape: readonly number[]): WeightTensor =>
    pack(draw(shape[0]! * shape[1]!, 1.5 / Math.sqrt(shape[1]!)), shape);
  const norm = (count: number): Float32Array => draw(count, 0.1).map((v) => 1 + v);
  const shapes = linearShapes(config);
  const { dim, heads, headDim, hiddenDim, vocabSize, subNorms } = config;
  const layers = Array.from(
    { length: config.layers },
    (): DecoderLayer => ({
      attentionNorm: norm(dim),
      query: matrix(shapes.query),
      key: matrix(shapes.key),
      value: matrix(shapes.value),
      output: matrix(shapes.output),
      feedForwardNorm: norm(dim),
      gate: matrix(shapes.gate),
      up: matrix(shapes.up),
      down: matrix(shapes.down),
      ...(subNorms && {
        attentionSubNorm: norm(heads * headDim),
        feedForwardSubNorm: norm(hiddenDim),
      }),
    }),
  );
  const embedding = tensor("f32", [vocabSize, dim], draw(vocabSize * dim, 0.6));
  return { config, embedding, layers, outputNorm: norm(dim) };
}

/** Logits after every token of a text, in float64 and by plain loops. */
export function referenceLogits(weights: DecoderWeights, tokens: readonly number[]): number[][] {
  const { config } = weights;
  const { dim, hiddenDim, heads, kvHeads, headDim, vocabSize, normEpsilon, ropeBase } = config;
  const data = (w: WeightTensor): ArrayLike<number> =>
    "format" in w ? unpackTensor(w).data : w.data;
  const embedding = data(weights.embedding);
  const output = weights.output ? data(weights.output) : embedding;
  const norm = (x: readonly number[], gamma: Float32Array): number[] => {
    const mean = x.reduce((sum, v) => sum + v * v, 0) / x.length;
    return x.map((v, i) => (v / Math.sqrt(mean + normEpsilon)) * gamma[i]!);
  };
  const product = (w: ArrayLike<number>, x: readonly number[], rounded: boolean): number[] => {
    const rows = w.length / x.length;
    const s = 127 / Math.max(1e-5, ...x.map(Math.abs));
    const seen = rounded ? x.map((v) => Math.max(-128, Math.min(127, Math.round(v * s))) / s) : x;
    return Array.from({ length: rows }, (_, r) =>
      seen.reduce((sum, v, c) => sum + w[r * x.length + c]! * v, 0),
    );
  };
  const turn = (x: number[], position: number): void => {
    for (let start = 0; start < x.length; start += headDim) {
      for (let i = 0; i < headDim / 2; i++) {
        const angle = position * ropeBase ** ((-2 * i) / headDim);
        const [a, b] =
          config.ropePairing === "interleaved"
            ? [start + 2 * i, start + 2 * i + 1]
            : [start + i, start + i + headDim / 2];
        const [u, v] = [x[a]!, x[b]!];
        x[a] = u * Math.cos(angle) - v * Math.sin(angle);
        x[b] = u * Math.sin(angle) + v * Math.cos(angle);
      }
    }
  };
  const cache = weights.layers.map(() => ({ keys: [] as number[][], values: [] as number[][] }));
  return tokens.map((token, position) => {
    let x = Array.from({ length: dim }, (_, i) => embedding[token * dim + i]!);
    weights.layers.forEach((layer, index) => {
      const linear = (w: WeightTensor, v: readonly number[]): number[] =>
        product(data(w), v, config.int8Activations);
      const normed = norm(x, layer.attentionNorm);
      const q = linear(layer.query, normed);
      const k = linear(layer.key, normed);
      turn(q, position);
      turn(k, position);
      const { keys, values } = cache[index]!;
      keys.push(k);
      values.push(linear(layer.value, normed));
      let attended: number[] = [];
      for (let head = 0; head < heads; head++) {
        const own = Math.floor(head / (heads / kvHeads)) * headDim;
        const part = q.slice(head * headDim, (head + 1) * headDim);
        const scores = keys.map(
          (key) => part.reduce((sum, v, i) => sum + v * key[own + i]!, 0) / Math.sqrt(headDim),
        );
        const most = Math.max(...scores);
        const powers = scores.map((v) => Math.exp(v - most));
        const total = powers.reduce((sum, v) => sum + v, 0);
        for (let i = 0; i < headDim; i++) {
          attended.push(powers.reduce((sum, p, j) => sum + p * values[j]![own + i]!, 0) / total);
        }
      }
      if (layer.attentionSubNorm) attended = norm(attended, layer.attentionSubNorm);
      x = linear(layer.output, attended).map((v, i) => v + x[i]!);
      const inner = norm(x, layer.feedForwardNorm);
      const gate = linear(layer.gate, inner);
      const up = linear(layer.up, inner);
      let hidden = Array.from({ length: hiddenDim }, (_, i) => {
        const g = gate[i]!;
        const active = config.activation === "silu" ? g / (1 + Math.exp(-g)) : Math.max(g, 0) ** 2;
        return active * up[i]!;
      });
      if (layer.feedForwardSubNorm) hidden = norm(hidden, layer.feedForwardSubNorm);
      x = linear(layer.down, hidden).map((v, i) => v + x[i]!);
    });
    const last = norm(x, weights.outputNorm);
    return product(output, last, false).slice(0, vocabSize);
  });
}
