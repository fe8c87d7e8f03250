import { packNested, unpackTensor } from "@edgewright/core";
import type { DecoderWeights, WeightTensor } from "@edgewright/core/model-files";

/** Linear weights of the layers as nested codes of evenly spaced values, every width's the mean of its range. */
export function nestWeights(
  weights: DecoderWeights,
  seedBits: number,
  bits: number,
): DecoderWeights {
  const nest = (weight: WeightTensor): WeightTensor => {
    const values = unpack(weight);
    const [rows = 0, cols = 0] = weight.shape;
    const codes = new Uint8Array(rows * cols);
    const levels = 2 ** bits;
    const widths = Array.from({ length: bits - seedBits + 1 }, (_, i) => seedBits + i);
    const codebooks = widths.map((width) => new Float32Array(rows * 2 ** width));
    for (let row = 0; row < rows; row++) {
      const own = values.subarray(row * cols, (row + 1) * cols);
      const low = own.reduce((a, b) => Math.min(a, b), 0);
      const high = own.reduce((a, b) => Math.max(a, b), 0);
      const step = (high - low) / levels || 1;
      for (let i = 0; i < cols; i++) {
        codes[row * cols + i] = Math.min(levels - 1, Math.floor((own[i]! - low) / step));
      }
      widths.forEach((width, w) => {
        const span = 2 ** (bits - width) * step;
        for (let code = 0; code < 2 ** width; code++) {
          codebooks[w]![row * 2 ** width + code] = low + (code + 0.5) * span;
        }
      });
    }
    return packNested({ shape: weight.shape, seedBits, bits, codes, codebooks });
  };
  return {
    ...weights,
    layers: weights.layers.map((layer) => ({
      ...layer,
      ...{ query: nest(layer.query), key: nest(layer.key), value: nest(layer.value) },
      ...{ output: nest(layer.output), gate: nest(layer.gate), up: nest(layer.up) },
      down: nest(layer.down),
    })),
  };
}

function unpack(weight: WeightTensor): Float32Array {
  if ("format" in weight) return unpackTensor(weight).data;
  if (weight.dtype !== "f32") throw new Error(`nestWeights: expected f32, got ${weight.dtype}`);
  return weight.data;
}
