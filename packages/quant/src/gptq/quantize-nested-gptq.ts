import { type NestedTensor, type PackedFloats, packNested } from "@edgewright/core";
import { checkWeights, checkWhole } from "../internal/matrix.js";
import { finishSteps, type Steps, WEIGHTS_PER_STEP } from "../internal/steps.js";
import { centroidsOf, clusterSorted } from "../nested/k-means.js";
import { createWeightSorter } from "../nested/sorted-weights.js";
import { createLevelChooser, type LevelChoice } from "./choose-levels.js";
import { createErrorMetric } from "./error-metric.js";
import { refitLevels } from "./refit-levels.js";
import { createCodeSplitter } from "./split-codes.js";

/** Options of {@link quantizeNestedGptq}. */
export interface QuantizeNestedGptqOptions {
  /** Second moments of the layer's inputs, [cols, cols]: see {@link measureInputMoments}. */
  readonly inputMoments: ArrayLike<number>;
  /** The smallest width. @default 2 */
  readonly seedBits?: number;
  /** The largest width, at most 8. @default 6 */
  readonly bits?: number;
  /** How codebooks are stored. @default "f16" */
  readonly codebookType?: PackedFloats["dtype"];
}

/** Rounds of fitting levels and changing codes in turn, at every width. */
const ROUNDS = 2;

/**
 * Nested codes as {@link quantizeNested} makes them, a codebook a row, chosen so that the layer's outputs on a
 * calibration text change least at every width, rather than the weights themselves: at the smallest width codes are
 * chosen with feedback of errors (GPTQ) among the clusters of k-means, and levels and codes are fitted in turn; at
 * every further width each weight chooses between the two children of its code in the same way. (The alternation is
 * that of LNQ, Kim et al., GuidedQuant, ICML 2025; nesting it is ours.)
 *
 * Time grows with rows * cols^2, some tens of passes over the moments a row: minutes for ten million weights.
 *
 * @param weights row-major, of `shape` [rows, ...]
 * @throws EdgewrightError `invalid-argument` for weights or moments that are not finite; ShapeError for sizes that
 * do not fit.
 *
 * @example
 * ```ts
 * const moments = await measureInputMoments(kernels, weights, texts);
 * const packed = quantizeNestedGptq(w.data, w.shape, { inputMoments: moments.get("layers.0.query")!, bits: 5 });
 * ```
 */
export function quantizeNestedGptq(
  weights: ArrayLike<number>,
  shape: readonly number[],
  options: QuantizeNestedGptqOptions,
): NestedTensor {
  return finishSteps(quantizeNestedGptqSteps(weights, shape, options));
}

/** {@link quantizeNestedGptq} with pauses between rows. */
export function* quantizeNestedGptqSteps(
  weights: ArrayLike<number>,
  shape: readonly number[],
  options: QuantizeNestedGptqOptions,
): Steps<NestedTensor> {
  const where = "quantizeNestedGptq";
  const { inputMoments, seedBits = 2, bits = 6, codebookType = "f16" } = options;
  const { rows, cols } = checkWeights(weights, shape, where);
  checkWhole(bits, 1, 8, "bits", where);
  checkWhole(seedBits, 1, bits, "seedBits", where);
  const metric = createErrorMetric(inputMoments, cols, where);
  const { order, moments } = metric;
  const chooser = createLevelChooser(metric);
  const sorter = createWeightSorter(cols);
  const splitter = createCodeSplitter(cols);
  const importance = Float64Array.from({ length: cols }, (_, k) => moments[k * cols + k]!);
  const codes = new Uint8Array(rows * cols);
  const codebooks = Array.from(
    { length: bits - seedBits + 1 },
    (_, at) => new Float32Array(rows * 2 ** (seedBits + at)),
  );
  const row = new Float64Array(cols);
  const rowCodes = new Uint8Array(cols);
  let sinceStep = 0;
  for (let at = 0; at < rows; at++) {
    for (let k = 0; k < cols; k++) row[k] = weights[at * cols + order[k]!]!;
    const sorted = sorter.sort(row, 0, cols, importance);
    let levels = centroidsOf(sorted, clusterSorted(sorted, 2 ** seedBits));
    for (let width = seedBits; width <= bits; width++) {
      const seeding = width === seedBits;
      if (!seeding) levels = splitter.split(sorted, rowCodes, levels);
      const table = levels;
      const choice: LevelChoice = {
        count: seeding ? table.length : 2,
        table,
        starts: Uint32Array.from(rowCodes, (code) => (seeding ? 0 : 2 * code)),
      };
      const chosen = new Uint8Array(cols);
      const readCodes = (): void => {
        for (let k = 0; k < cols; k++) {
          chosen[k] = seeding ? chooser.choices[k]! : 2 * rowCodes[k]! + chooser.choices[k]!;
        }
      };
      chooser.choose(row, choice);
      for (let round = 0; round < ROUNDS; round++) {
        readCodes();
        refitLevels(metric, chosen, chooser.error, table);
        chooser.improve(row, choice);
      }
      readCodes();
      rowCodes.set(chosen);
      codebooks[width - seedBits]!.set(table, at * 2 ** width);
    }
    for (let k = 0; k < cols; k++) codes[at * cols + order[k]!] = rowCodes[k]!;
    sinceStep += cols;
    if (sinceStep * cols < WEIGHTS_PER_STEP * 16) continue;
    sinceStep = 0;
    yield (at + 1) * cols;
  }
  return packNested({ shape, seedBits, bits, codes, codebooks, codebookType });
}
