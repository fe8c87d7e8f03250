import { UnsupportedError, ValidationError } from "../../errors.js";
import { decodeBfloat16, decodeFloat16 } from "../../half.js";
import type { TernaryTensor } from "../../packed/packed-tensor.js";
import { quantizeTernary } from "../../packed/ternary.js";
import type { Tensor } from "../../tensor.js";
import type { WeightTensor } from "../decoder-weights.js";

/** A stored tensor of floating-point numbers as 32-bit ones. */
export function floatsOfTensor(tensor: Tensor, where: string): Float32Array {
  switch (tensor.dtype) {
    case "f32":
      return (tensor as Tensor<"f32">).data;
    case "f16":
      return decodeFloat16((tensor as Tensor<"f16">).data);
    case "bf16":
      return decodeBfloat16((tensor as Tensor<"bf16">).data);
    case "f64":
      return Float32Array.from((tensor as Tensor<"f64">).data);
    default:
      throw new UnsupportedError(
        `${where}: expected numbers of f32, f16 or bf16, got ${tensor.dtype}`,
      );
  }
}

/**
 * A linear layer of a BitNet b1.58 checkpoint. Three forms are about: master weights, which are rounded here as
 * the layer itself rounds them in every forward pass (absmean); ternary weights, four in a byte, with a scale;
 * ternary weights stored as floating-point numbers, with a scale.
 *
 * @param scale the tensor called `weight_scale`, where there is one
 * @param divides whether products are divided by the scale (layer class `bitlinear`) or multiplied (`autobitlinear`)
 */
export function readBitNetWeight(
  weight: Tensor,
  scale: Tensor | undefined,
  divides: boolean,
  where: string,
): WeightTensor {
  const given = scale === undefined ? 1 : floatsOfTensor(scale, where)[0];
  if (given === undefined || !Number.isFinite(given) || given === 0) {
    throw new ValidationError(`${where}: weight_scale must be a number other than 0, got ${given}`);
  }
  const factor = divides ? 1 / given : given;
  if (weight.dtype === "u8") return unpackBitNet(weight as Tensor<"u8">, factor, where);
  const data = floatsOfTensor(weight, where);
  if (scale === undefined) return quantizeTernary(data, weight.shape);
  return quantizeScaled(data, weight.shape, factor);
}

function quantizeScaled(
  data: Float32Array,
  shape: readonly number[],
  factor: number,
): WeightTensor {
  const ternary = data.every((one) => one === 0 || Math.abs(one) === 1);
  if (!ternary) return { dtype: "f32", shape, data: data.map((one) => one * factor) };
  const packed = quantizeTernary(data, shape);
  // Weights of one size round to themselves, whatever their mean.
  return { ...packed, scales: Float32Array.of(factor) };
}

// Rows are dealt out in four quarters: byte row p holds rows p, p + n, p + 2n, p + 3n, lowest bits first.
function unpackBitNet(weight: Tensor<"u8">, factor: number, where: string): TernaryTensor {
  const [quarter, cols] = weight.shape;
  if (quarter === undefined || cols === undefined || weight.shape.length !== 2) {
    throw new ValidationError(`${where}: packed weights must be a matrix`);
  }
  const rowBytes = Math.ceil(cols / 4);
  const codes = new Uint8Array(4 * quarter * rowBytes);
  for (let row = 0; row < 4 * quarter; row++) {
    const part = Math.floor(row / quarter);
    const from = (row - part * quarter) * cols;
    for (let col = 0; col < 4 * rowBytes; col++) {
      const code = col < cols ? (weight.data[from + col]! >> (2 * part)) & 3 : 1;
      if (code === 3)
        throw new ValidationError(`${where}: packed weights must be 0, 1 or 2, got 3`);
      const at = row * rowBytes + (col >> 2);
      codes[at] = codes[at]! | (code << (2 * (col & 3)));
    }
  }
  return {
    format: "ternary",
    shape: [4 * quarter, cols],
    codes,
    scales: Float32Array.of(factor),
  };
}
