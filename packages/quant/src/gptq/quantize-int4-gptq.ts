import {
  fromFloat16Bits,
  type Int4GroupTensor,
  packInt4Group,
  toFloat16Bits,
} from "@edgewright/core";
import { checkWeights, checkWhole } from "../internal/matrix.js";
import { finishSteps, type Steps, WEIGHTS_PER_STEP } from "../internal/steps.js";
import { createLevelChooser, type LevelChoice } from "./choose-levels.js";
import { createErrorMetric } from "./error-metric.js";

/** Options of {@link quantizeInt4Gptq}. */
export interface QuantizeInt4GptqOptions {
  /** Second moments of the layer's inputs, [cols, cols]: see {@link measureInputMoments}. */
  readonly inputMoments: ArrayLike<number>;
  /** Columns that share a scale, a multiple of 8. @default 32 */
  readonly groupSize?: number;
  /** A zero point of 8 everywhere, rather than one a group. @default true */
  readonly symmetric?: boolean;
  /** How scales are stored. @default "f16" */
  readonly scales?: "f16" | "f32";
}

/**
 * Rounds weights to 4 bits so that the layer's outputs on a calibration text change least: scales of each group
 * from a search, then columns in falling order of their inputs' energy, each making good for the errors of those
 * before it (GPTQ, Frantar et al., ICLR 2023, with activation order and scales that are fixed beforehand), then
 * column by column while that helps. The same format and size as `quantizeInt4Group`, and never a larger error of
 * the outputs at the same scales.
 *
 * Time grows with rows * cols^2.
 *
 * @param weights row-major, of `shape` [rows, ...]
 * @throws EdgewrightError `invalid-argument` for weights or moments that are not finite; ShapeError for sizes that
 * do not fit.
 *
 * @example
 * ```ts
 * const moments = await measureInputMoments(kernels, weights, texts);
 * const packed = quantizeInt4Gptq(w.data, w.shape, { inputMoments: moments.get("layers.0.query")! });
 * ```
 */
export function quantizeInt4Gptq(
  weights: ArrayLike<number>,
  shape: readonly number[],
  options: QuantizeInt4GptqOptions,
): Int4GroupTensor {
  return finishSteps(quantizeInt4GptqSteps(weights, shape, options));
}

/** {@link quantizeInt4Gptq} with pauses between rows. */
export function* quantizeInt4GptqSteps(
  weights: ArrayLike<number>,
  shape: readonly number[],
  options: QuantizeInt4GptqOptions,
): Steps<Int4GroupTensor> {
  const where = "quantizeInt4Gptq";
  const { inputMoments, groupSize = 32, symmetric = true, scales: scaleType = "f16" } = options;
  const { rows, cols } = checkWeights(weights, shape, where);
  checkWhole(groupSize, 8, Infinity, "groupSize", where);
  const metric = createErrorMetric(inputMoments, cols, where);
  const { order, moments } = metric;
  const chooser = createLevelChooser(metric);
  const groups = Math.ceil(cols / groupSize);
  const codes = new Uint8Array(rows * cols);
  const scales = new Float32Array(rows * groups);
  const zeroPoints = new Uint8Array(rows * groups).fill(8);
  const importance = new Float64Array(cols);
  for (let k = 0; k < cols; k++) importance[order[k]!] = moments[k * cols + k]!;
  const store =
    scaleType === "f16" ? (one: number) => fromFloat16Bits(toFloat16Bits(one)) : Math.fround;
  const row = new Float64Array(cols);
  const levels: LevelChoice = {
    count: 16,
    table: new Float64Array(groups * 16),
    starts: Uint32Array.from(order, (col) => 16 * Math.floor(col / groupSize)),
  };
  let sinceStep = 0;
  for (let at = 0; at < rows; at++) {
    const base = at * groups;
    for (let group = 0; group < groups; group++) {
      const start = at * cols + group * groupSize;
      const end = Math.min(start + groupSize, (at + 1) * cols);
      const found = searchScale(weights, start, end, importance, at * cols, symmetric, store);
      scales[base + group] = found.scale;
      zeroPoints[base + group] = found.zeroPoint;
      for (let code = 0; code < 16; code++) {
        levels.table[group * 16 + code] = (code - found.zeroPoint) * found.scale;
      }
    }
    for (let k = 0; k < cols; k++) row[k] = weights[at * cols + order[k]!]!;
    chooser.choose(row, levels);
    for (let k = 0; k < cols; k++) codes[at * cols + order[k]!] = chooser.choices[k]!;
    sinceStep += cols;
    if (sinceStep * cols < WEIGHTS_PER_STEP * 64) continue;
    sinceStep = 0;
    yield (at + 1) * cols;
  }
  const packed =
    scaleType === "f16"
      ? { dtype: "f16" as const, data: Uint16Array.from(scales, toFloat16Bits) }
      : { dtype: "f32" as const, data: scales };
  const parts = { shape, groupSize, codes, scales: packed };
  return packInt4Group(symmetric ? parts : { ...parts, zeroPoints });
}

// Tries ranges from all of a group's weights down to 70 % of them and keeps the one with the smallest error by the
// inputs' energies: a few weights that are cut off cost less than a coarse grid for all.
function searchScale(
  weights: ArrayLike<number>,
  start: number,
  end: number,
  importance: Float64Array,
  rowStart: number,
  symmetric: boolean,
  store: (one: number) => number,
): { scale: number; zeroPoint: number } {
  let low = 0;
  let high = 0;
  for (let at = start; at < end; at++) {
    low = Math.min(low, weights[at]!);
    high = Math.max(high, weights[at]!);
  }
  const extreme = high > -low ? high : low;
  let best = { scale: 1, zeroPoint: 8 };
  let smallest = Infinity;
  for (let share = 1; share > 0.69; share -= 0.05) {
    const scale = store(symmetric ? (share * extreme) / -8 : (share * (high - low)) / 15);
    if (scale === 0) continue;
    const zeroPoint = symmetric ? 8 : clampCode(Math.round((-low * share) / scale));
    let error = 0;
    for (let at = start; at < end; at++) {
      const code = clampCode(Math.round(weights[at]! / scale) + zeroPoint);
      error += importance[at - rowStart]! * (weights[at]! - (code - zeroPoint) * scale) ** 2;
    }
    if (error >= smallest) continue;
    smallest = error;
    best = { scale, zeroPoint };
  }
  return best;
}

function clampCode(code: number): number {
  return Math.min(15, Math.max(0, code));
}
