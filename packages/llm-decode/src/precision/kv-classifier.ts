import {
  readSafetensors,
  type Tensor,
  tensor,
  ValidationError,
  writeSafetensors,
} from "@edgewright/core";
import type { LayerKeysAndValues } from "../engine/decoding-strategy.js";

/** Classes of {@link KvClassifier}: how early a text may fall to the lower width, then not at all. */
export const SWITCH_CLASSES = 4;

/**
 * The learned scheduler's classifier (PMPD, arXiv:2410.13461, section 3.4): from the last layer's keys and values
 * behind a prompt to one of four switch points. With H heads of D numbers, 2 H D + 4 H D + H D (H D + 1) + H H D + 4
 * numbers or so: it runs once a text.
 */
export interface KvClassifier {
  /** Heads of the cache, H. */
  readonly heads: number;
  /** D */
  readonly headDim: number;
  /** Learned queries Q, [H, H, D]. */
  readonly queries: Float32Array;
  /** [H D] */
  readonly normScale: Float32Array;
  /** [H D] */
  readonly normShift: Float32Array;
  /** [H D, H D], inputs first. */
  readonly hidden: Float32Array;
  /** [H D] */
  readonly hiddenBias: Float32Array;
  /** [H D, 4], inputs first. */
  readonly output: Float32Array;
  /** [4] */
  readonly outputBias: Float32Array;
}

/** Keys and values of a prompt, averaged over the heads, each [length, headDim]: what the classifier looks at. */
export interface KvFeatures {
  readonly length: number;
  readonly headDim: number;
  readonly keys: Float32Array;
  readonly values: Float32Array;
}

/** Averages keys and values over the heads. */
export function kvFeatures(layer: LayerKeysAndValues): KvFeatures {
  const { length, kvHeads, headDim } = layer;
  const average = (x: Float32Array): Float32Array => {
    const y = new Float32Array(length * headDim);
    for (let t = 0; t < length; t++) {
      for (let h = 0; h < kvHeads; h++) {
        const from = (t * kvHeads + h) * headDim;
        for (let d = 0; d < headDim; d++) y[t * headDim + d]! += x[from + d]! / kvHeads;
      }
    }
    return y;
  };
  return { length, headDim, keys: average(layer.keys), values: average(layer.values) };
}

/**
 * Logits [4] of the classes:
 *
 * A = softmax(Q Kᵀ / sqrt(D)), [H, H, T]; O = mean of A V over the second H, transposed to [D, H] and laid out in a
 * row; logits = W2 relu(W1 LayerNorm(O) + b1) + b2.
 *
 * @throws ValidationError when features and classifier differ in D, or there are no tokens.
 */
export function classifyKv(classifier: KvClassifier, features: KvFeatures): Float32Array {
  const { heads, headDim, queries, normScale, normShift, hidden, hiddenBias } = classifier;
  const { length, keys, values } = features;
  if (features.headDim !== headDim || length < 1) {
    throw new ValidationError(
      `classifyKv: expected at least one token with heads of ${headDim}, got ${length} of ${features.headDim}`,
    );
  }
  const width = heads * headDim;
  const pooled = new Float64Array(width); // [D, H]
  const scores = new Float64Array(length);
  for (let h = 0; h < heads; h++) {
    for (let g = 0; g < heads; g++) {
      const q = (h * heads + g) * headDim;
      let most = Number.NEGATIVE_INFINITY;
      for (let t = 0; t < length; t++) {
        let score = 0;
        for (let d = 0; d < headDim; d++) score += queries[q + d]! * keys[t * headDim + d]!;
        scores[t] = score / Math.sqrt(headDim);
        most = Math.max(most, scores[t]!);
      }
      let sum = 0;
      for (let t = 0; t < length; t++) sum += scores[t] = Math.exp(scores[t]! - most);
      for (let t = 0; t < length; t++) {
        const share = scores[t]! / sum / heads;
        for (let d = 0; d < headDim; d++)
          pooled[d * heads + h]! += share * values[t * headDim + d]!;
      }
    }
  }
  const mean = pooled.reduce((a, b) => a + b, 0) / width;
  const deviation = Math.sqrt(
    pooled.reduce((a, b) => a + (b - mean) ** 2, 0) / width + NORM_EPSILON,
  );
  const normal = pooled.map((x, i) => ((x - mean) / deviation) * normScale[i]! + normShift[i]!);
  const inner = multiply(normal, hidden, hiddenBias).map((x) => Math.max(0, x));
  return Float32Array.from(multiply(inner, classifier.output, classifier.outputBias));
}

/** Added to the variance: PyTorch's default, with which the training agrees. */
export const NORM_EPSILON = 1e-5;

function multiply(x: Float64Array, weight: Float32Array, bias: Float32Array): Float64Array {
  const y = Float64Array.from(bias);
  for (let i = 0; i < x.length; i++) {
    for (let j = 0; j < y.length; j++) y[j]! += x[i]! * weight[i * y.length + j]!;
  }
  return y;
}

/** Parts of a classifier with their shapes, in the order they are used. */
export function classifierShapes(heads: number, headDim: number): [keyof KvClassifier, number[]][] {
  const width = heads * headDim;
  return [
    ["queries", [heads, heads, headDim]],
    ["normScale", [width]],
    ["normShift", [width]],
    ["hidden", [width, width]],
    ["hiddenBias", [width]],
    ["output", [width, SWITCH_CLASSES]],
    ["outputBias", [SWITCH_CLASSES]],
  ];
}

/** A classifier as a safetensors file, with what is known of its training. */
export function writeKvClassifier(
  classifier: KvClassifier,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const { heads, headDim } = classifier;
  const tensors = new Map<string, Tensor>();
  for (const [name, shape] of classifierShapes(heads, headDim)) {
    tensors.set(name, tensor("f32", shape, classifier[name] as Float32Array));
  }
  return writeSafetensors(tensors, metadata);
}

/**
 * Reads what {@link writeKvClassifier} wrote.
 *
 * @throws ValidationError when the bytes are no such file.
 */
export function readKvClassifier(bytes: Uint8Array): KvClassifier {
  const { tensors } = readSafetensors(bytes);
  const [heads = 0, again = 0, headDim = 0] = tensors.get("queries")?.shape ?? [];
  const parts: Record<string, Float32Array> = {};
  for (const [name, shape] of classifierShapes(heads, headDim)) {
    const part = tensors.get(name);
    const finite = part?.dtype === "f32" && (part.data as Float32Array).every(Number.isFinite);
    if (!finite || `${part.shape}` !== `${shape}` || heads !== again || heads * headDim === 0) {
      throw new ValidationError(
        `readKvClassifier: expected finite "${name}" of f32 [${shape}], got ${part?.dtype} [${part?.shape}]`,
      );
    }
    parts[name] = part.data as Float32Array;
  }
  return { heads, headDim, ...parts } as unknown as KvClassifier;
}
