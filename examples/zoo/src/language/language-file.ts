import { encodeFloat16 } from "@edgewright/core";
import {
  type DecoderWeights,
  type SentencePieceData,
  type WeightTensor,
  writeEwq,
} from "@edgewright/core/model-files";

/**
 * Writes a model as an `.ewq` file: matrices in 16 bits, ternary ones in two, norms in 32.
 *
 * @param metadata what the file says about itself
 */
export function encodeLanguageFile(
  weights: DecoderWeights,
  tokenizer: SentencePieceData,
  metadata: Readonly<Record<string, string>>,
): Uint8Array {
  return writeEwq({ weights: halveWeights(weights), tokenizer, metadata });
}

/** The same weights with f32 matrices rounded to f16. */
function halveWeights(weights: DecoderWeights): DecoderWeights {
  return {
    ...weights,
    embedding: halve(weights.embedding),
    layers: weights.layers.map((layer) => ({
      ...layer,
      ...{ query: halve(layer.query), key: halve(layer.key), value: halve(layer.value) },
      ...{ output: halve(layer.output), gate: halve(layer.gate), up: halve(layer.up) },
      down: halve(layer.down),
    })),
    ...(weights.output && { output: halve(weights.output) }),
  };
}

function halve(weight: WeightTensor): WeightTensor {
  if ("format" in weight || weight.dtype !== "f32") return weight;
  return { dtype: "f16", shape: weight.shape, data: encodeFloat16(weight.data) };
}

/**
 * The tokenizer of the zoo's language models: the pieces of their teacher with its ids, since a student that learns
 * probabilities must name the same pieces by the same numbers. Merges are tried in the order of the ids, which is how
 * a byte-pair encoding numbers what it learns; a new story ends the one before it.
 */
export function storyTokenizer(teacher: SentencePieceData): SentencePieceData {
  const { tokens, types, bos, eos, unknown } = teacher;
  const first = types.indexOf(1);
  return {
    kind: "sentencepiece",
    ...{ tokens, types, addSpacePrefix: true, addBos: true },
    scores: tokens.map((_, id) => (types[id] === 1 ? first - id : 0)),
    ...(bos !== undefined && { bos, otherEnds: [bos] }),
    ...(eos !== undefined && { eos }),
    ...(unknown !== undefined && { unknown }),
  };
}
