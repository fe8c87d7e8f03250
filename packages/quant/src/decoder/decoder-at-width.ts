import {
  EdgewrightError,
  type PackedTensor,
  unpackBinaryCoded,
  unpackNested,
} from "@edgewright/core";
import { type DecoderWeights, type WeightTensor, weightFloats } from "@edgewright/core/model-files";
import { listWeights, replaceWeights } from "./weight-paths.js";

/** The widths at which a model, or one of its matrices, can be used; empty where there is no choice. */
export function widthsOf(weights: DecoderWeights | WeightTensor): number[] {
  if ("config" in weights) {
    const all = listWeights(weights).map(({ weight }) => widthsOf(weight));
    const some = all.filter((widths) => widths.length > 0);
    const low = Math.min(...some.map((widths) => widths[0]!));
    const high = Math.max(...some.map((widths) => widths.at(-1)!));
    return some.length === 0 ? [] : range(low, high);
  }
  if (!isNested(weights)) return [];
  return range(weights.seedBits, weights.bits);
}

/**
 * The numbers that a matrix stands for at a width, row-major; without a choice of widths, those it has.
 *
 * @throws EdgewrightError `invalid-argument` for a width that the matrix does not have.
 */
export function weightAtWidth(weight: WeightTensor, width?: number): Float32Array {
  if (width === undefined || !isNested(weight)) return weightFloats(weight);
  return weight.format === "nested"
    ? unpackNested(weight, width)
    : unpackBinaryCoded(weight, width);
}

/**
 * A model whose nested and binary-coded matrices are written out at one width, for engines that know 32-bit floats
 * only, such as the evaluation of `@edgewright/autograd/language`. A width that a matrix does not have becomes the
 * nearest that it has.
 *
 * @throws EdgewrightError `invalid-argument` for a width that is no whole number.
 */
export function decoderAtWidth(weights: DecoderWeights, width: number): DecoderWeights {
  if (!Number.isInteger(width)) {
    throw new EdgewrightError(
      "invalid-argument",
      `decoderAtWidth: expected a whole number of bits, got ${width}`,
    );
  }
  const floats = new Map(
    listWeights(weights).map(({ path, weight }) => {
      const widths = widthsOf(weight);
      if (widths.length === 0) return [path, weight];
      const near = Math.min(widths.at(-1)!, Math.max(widths[0]!, width));
      const tensor: WeightTensor = {
        dtype: "f32",
        shape: weight.shape,
        data: weightAtWidth(weight, near),
      };
      return [path, tensor];
    }),
  );
  return replaceWeights(weights, (path) => floats.get(path)!);
}

function isNested(
  weight: WeightTensor,
): weight is Extract<PackedTensor, { format: "nested" | "binary-coded" }> {
  return "format" in weight && (weight.format === "nested" || weight.format === "binary-coded");
}

function range(low: number, high: number): number[] {
  return Array.from({ length: high - low + 1 }, (_, at) => low + at);
}
