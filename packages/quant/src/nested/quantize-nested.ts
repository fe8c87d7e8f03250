import {
  EdgewrightError,
  type NestedTensor,
  type PackedFloats,
  packNested,
} from "@edgewright/core";
import { checkSensitivities, checkWeights, checkWhole, type Matrix } from "../internal/matrix.js";
import { finishSteps, type Steps, WEIGHTS_PER_STEP } from "../internal/steps.js";
import { centroidsOf, clusterSorted } from "./k-means.js";
import { createWeightSorter } from "./sorted-weights.js";
import { splitClusters } from "./split-clusters.js";

/** Options of {@link quantizeNested}. */
export interface QuantizeNestedOptions {
  /** The smallest width, whose clusters are found by k-means. @default 2 */
  readonly seedBits?: number;
  /** The largest width, at most 8. @default 6 */
  readonly bits?: number;
  /**
   * How much an error of each weight matters, such as the squared gradients that
   * {@link measureSensitivities} sums up: one for every weight, of any scale.
   *
   * @default 1 for every weight
   */
  readonly sensitivities?: ArrayLike<number>;
  /**
   * Rows that share a codebook. At 16 bits an entry, the codebooks of a row of 64 weights take as much as its
   * codes at 4 bits; more rows share that cost and lose accuracy.
   *
   * @default 1
   */
  readonly rowsPerCodebook?: number;
  /** How codebooks are stored. @default "f16" */
  readonly codebookType?: PackedFloats["dtype"];
}

/**
 * Rounds weights to nested codes: one code a weight whose upper b bits are its code at b bits, for every width
 * from `seedBits` to `bits`, with codebooks for each. So one blob serves all widths, and a product at b bits
 * reads b bit planes.
 *
 * The clusters of the smallest width come from sensitivity-weighted k-means; from width to width each is split
 * at the best border, so that the children of code c are 2c and 2c + 1. The squared error, weighted by
 * sensitivity, never grows with the width. (Any-Precision LLM, Park et al., ICML 2024, section 3; the k-means of
 * SqueezeLLM, Kim et al., ICML 2024.)
 *
 * Time is linear in the weights: about 0.1 microseconds each.
 *
 * @param weights row-major, of `shape` [rows, ...]
 * @throws EdgewrightError `invalid-argument` for weights that are not finite and for options out of range;
 * ShapeError for a wrong number of weights or sensitivities.
 *
 * @example
 * ```ts
 * const packed = quantizeNested(weights, [64, 256], { seedBits: 2, bits: 6 });
 * const coarse = unpackNested(packed, 3); // the weights at 3 bits
 * ```
 */
export function quantizeNested(
  weights: ArrayLike<number>,
  shape: readonly number[],
  options: QuantizeNestedOptions = {},
): NestedTensor {
  return finishSteps(quantizeNestedSteps(weights, shape, options));
}

/** {@link quantizeNested} with pauses between codebooks. */
export function* quantizeNestedSteps(
  weights: ArrayLike<number>,
  shape: readonly number[],
  options: QuantizeNestedOptions,
): Steps<NestedTensor> {
  const where = "quantizeNested";
  const { seedBits = 2, bits = 6, rowsPerCodebook = 1, codebookType = "f16" } = options;
  const { sensitivities } = options;
  const matrix = checkWeights(weights, shape, where);
  checkSensitivities(sensitivities, weights.length, where);
  checkWhole(bits, 1, 8, "bits", where);
  checkWhole(seedBits, 1, bits, "seedBits", where);
  checkWhole(rowsPerCodebook, 1, Infinity, "rowsPerCodebook", where);
  checkRange(weights, codebookType, where);
  const codes = new Uint8Array(weights.length);
  const books = Math.ceil(matrix.rows / rowsPerCodebook);
  const codebooks = Array.from(
    { length: bits - seedBits + 1 },
    (_, at) => new Float32Array(books * 2 ** (seedBits + at)),
  );
  const sorter = createWeightSorter(largestBook(matrix, rowsPerCodebook));
  let sinceStep = 0;
  for (let book = 0; book < books; book++) {
    const start = book * rowsPerCodebook * matrix.cols;
    const length = Math.min(rowsPerCodebook * matrix.cols, weights.length - start);
    const sorted = sorter.sort(weights, start, length, sensitivities);
    let borders = clusterSorted(sorted, 2 ** seedBits);
    for (let width = seedBits; width <= bits; width++) {
      if (width > seedBits) borders = splitClusters(sorted, borders);
      codebooks[width - seedBits]!.set(centroidsOf(sorted, borders), book * 2 ** width);
    }
    for (let code = 0; code < 2 ** bits; code++) {
      for (let at = borders[code]!; at < borders[code + 1]!; at++) {
        codes[start + sorted.order[at]!] = code;
      }
    }
    sinceStep += length;
    if (sinceStep < WEIGHTS_PER_STEP) continue;
    sinceStep = 0;
    yield start + length;
  }
  return packNested({ shape, seedBits, bits, codes, rowsPerCodebook, codebooks, codebookType });
}

function largestBook({ rows, cols }: Matrix, rowsPerCodebook: number): number {
  return Math.min(rows, rowsPerCodebook) * cols;
}

// A centroid lies within the range of its weights, so what fits them fits all codebooks.
function checkRange(
  weights: ArrayLike<number>,
  codebookType: PackedFloats["dtype"],
  where: string,
): void {
  const largest = codebookType === "f16" ? 65504 : 3.4e38;
  for (let at = 0; at < weights.length; at++) {
    if (Math.abs(weights[at]!) <= largest) continue;
    throw new EdgewrightError(
      "invalid-argument",
      `${where}: ${codebookType} codebooks hold numbers up to ${largest}, weight ${at} is ${weights[at]}`,
    );
  }
}
