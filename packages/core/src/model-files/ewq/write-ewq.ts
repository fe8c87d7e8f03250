import { writeSafetensors } from "../../safetensors.js";
import type { Tensor } from "../../tensor.js";
import { crc32 } from "../crc32.js";
import { checkDecoderConfig } from "../decoder-config.js";
import { checkDecoderWeights, type DecoderWeights, type WeightTensor } from "../decoder-weights.js";
import type { ModelContents } from "../model-contents.js";
import { EWQ_VERSION, type EwqModel, formatChecksum, linearNames } from "./ewq-format.js";
import { disassembleWeight, type WeightDescription } from "./weight-layout.js";

/**
 * Writes a model as an `.ewq` file: every weight in the format it has, with the configuration, the tokenizer and
 * a checksum for every part. `readModel` reads it back, bit for bit.
 *
 * The same contents give the same bytes.
 *
 * @param contents its metadata must be what JSON can hold
 * @throws ValidationError when a weight is missing or has another shape than the configuration gives it.
 */
export function writeEwq(contents: ModelContents): Uint8Array {
  const { weights, tokenizer } = contents;
  const config = checkDecoderConfig(weights.config, "writeEwq");
  checkDecoderWeights(weights, "writeEwq");
  const descriptions: Record<string, WeightDescription> = {};
  const tensors = new Map<string, Tensor>();
  const checksums: Record<string, string> = {};
  for (const [name, weight] of namedWeights(weights)) {
    const { description, parts } = disassembleWeight(weight);
    descriptions[name] = description;
    for (const [part, tensor] of parts) {
      const { buffer, byteOffset, byteLength } = tensor.data;
      tensors.set(`${name}/${part}`, tensor);
      checksums[`${name}/${part}`] = formatChecksum(
        crc32(new Uint8Array(buffer, byteOffset, byteLength)),
      );
    }
  }
  const model: EwqModel = {
    config,
    weights: descriptions,
    ...(tokenizer ? { tokenizer } : {}),
    metadata: contents.metadata,
    checksums,
  };
  const text = JSON.stringify(model);
  return writeSafetensors(tensors, {
    edgewright: EWQ_VERSION,
    model: text,
    checksum: formatChecksum(crc32(new TextEncoder().encode(text))),
  });
}

function* namedWeights(weights: DecoderWeights): Generator<[string, WeightTensor]> {
  const vector = (data: Float32Array): WeightTensor => ({
    dtype: "f32",
    shape: [data.length],
    data,
  });
  yield ["embedding", weights.embedding];
  for (const [at, layer] of weights.layers.entries()) {
    const name = `layers.${at}.`;
    yield [`${name}attentionNorm`, vector(layer.attentionNorm)];
    yield [`${name}feedForwardNorm`, vector(layer.feedForwardNorm)];
    if (layer.attentionSubNorm) yield [`${name}attentionSubNorm`, vector(layer.attentionSubNorm)];
    if (layer.feedForwardSubNorm) {
      yield [`${name}feedForwardSubNorm`, vector(layer.feedForwardSubNorm)];
    }
    for (const linear of linearNames()) yield [`${name}${linear}`, layer[linear]];
  }
  yield ["outputNorm", vector(weights.outputNorm)];
  if (weights.output) yield ["output", weights.output];
}
