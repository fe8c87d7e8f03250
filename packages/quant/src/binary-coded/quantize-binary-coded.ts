import { type BinaryCodedTensor, type PackedFloats, packBinaryCoded } from "@edgewright/core";
import { checkSensitivities, checkWeights, checkWhole } from "../internal/matrix.js";
import { finishSteps, type Steps, WEIGHTS_PER_STEP } from "../internal/steps.js";
import { createSignFitter } from "./fit-signs.js";

/** Options of {@link quantizeBinaryCoded}. */
export interface QuantizeBinaryCodedOptions {
  /** The smallest width, whose signs are chosen together. @default 2 */
  readonly seedBits?: number;
  /** The largest width, at most 8. @default 6 */
  readonly bits?: number;
  /** Columns that share scales: a multiple of 32, or at least all columns. @default 64 */
  readonly groupSize?: number;
  /** How much an error of each weight matters; of any scale. @default 1 for every weight */
  readonly sensitivities?: ArrayLike<number>;
  /** How scales are stored. @default "f16" */
  readonly scaleType?: PackedFloats["dtype"];
}

/**
 * Rounds weights to sums of signed scales, one sign bit a plane, so that the first b planes serve a product at
 * b bits: like {@link quantizeNested}, with codes that a kernel can look up four columns at a time, whose time is
 * linear in the bits.
 *
 * Signs of the smallest width and their scales are chosen in turn; from width to width a plane is added and the
 * scales of all planes are fitted anew. (Binary-coding quantisation: Xu et al., Alternating Multi-bit
 * Quantization, ICLR 2018; nesting and weighting by sensitivity are ours.)
 *
 * @param weights row-major, of `shape` [rows, ...]
 * @throws EdgewrightError `invalid-argument` for weights that are not finite and for options out of range;
 * ShapeError for a wrong number of weights or sensitivities, or a group size that does not fit.
 *
 * @example
 * ```ts
 * const packed = quantizeBinaryCoded(weights, [64, 256], { seedBits: 2, bits: 5, groupSize: 64 });
 * const coarse = unpackBinaryCoded(packed, 3); // the weights at 3 bits
 * ```
 */
export function quantizeBinaryCoded(
  weights: ArrayLike<number>,
  shape: readonly number[],
  options: QuantizeBinaryCodedOptions = {},
): BinaryCodedTensor {
  return finishSteps(quantizeBinaryCodedSteps(weights, shape, options));
}

/** {@link quantizeBinaryCoded} with pauses between rows. */
export function* quantizeBinaryCodedSteps(
  weights: ArrayLike<number>,
  shape: readonly number[],
  options: QuantizeBinaryCodedOptions,
): Steps<BinaryCodedTensor> {
  const where = "quantizeBinaryCoded";
  const { seedBits = 2, bits = 6, scaleType = "f16", sensitivities } = options;
  const { rows, cols } = checkWeights(weights, shape, where);
  checkSensitivities(sensitivities, weights.length, where);
  checkWhole(bits, 1, 8, "bits", where);
  checkWhole(seedBits, 1, bits, "seedBits", where);
  const groupSize = Math.min(options.groupSize ?? 64, Math.max(1, cols));
  checkWhole(groupSize, 1, Infinity, "groupSize", where);
  const groups = Math.ceil(cols / groupSize);
  const codes = new Uint8Array(rows * cols);
  const scales = Array.from(
    { length: bits - seedBits + 1 },
    (_, at) => new Float32Array(rows * groups * (seedBits + at + 1)),
  );
  const fitter = createSignFitter(groupSize);
  const some = new Float64Array(groupSize);
  const shares = new Float64Array(groupSize);
  let sinceStep = 0;
  for (let row = 0; row < rows; row++) {
    for (let group = 0; group < groups; group++) {
      const start = row * cols + group * groupSize;
      const count = Math.min(groupSize, (row + 1) * cols - start);
      for (let at = 0; at < count; at++) some[at] = weights[start + at]!;
      fillShares(shares, sensitivities, start, count);
      fitter.begin(some, shares, count);
      fitter.seed(seedBits);
      for (let width = seedBits; width <= bits; width++) {
        if (width > seedBits) fitter.grow();
        const to = (row * groups + group) * (width + 1);
        scales[width - seedBits]!.set(fitter.scales.subarray(0, width + 1), to);
      }
      codes.set(fitter.codes.subarray(0, count), start);
    }
    sinceStep += cols;
    if (sinceStep < WEIGHTS_PER_STEP) continue;
    sinceStep = 0;
    yield (row + 1) * cols;
  }
  return packBinaryCoded({ shape, seedBits, bits, codes, groupSize, scales, scaleType });
}

/** Share of a group's mean sensitivity that every weight has at least. */
const LEAST_SHARE = 1e-6;

function fillShares(
  shares: Float64Array,
  sensitivities: ArrayLike<number> | undefined,
  start: number,
  count: number,
): void {
  let total = 0;
  if (sensitivities) {
    for (let at = 0; at < count; at++) total += sensitivities[start + at]!;
  }
  if (!sensitivities || total === 0) {
    shares.fill(1, 0, count);
    return;
  }
  for (let at = 0; at < count; at++) {
    shares[at] = (sensitivities[start + at]! * count) / total + LEAST_SHARE;
  }
}
