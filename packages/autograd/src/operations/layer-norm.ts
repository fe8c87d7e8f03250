import {
  planRowNormGradient,
  planRowNormTraining,
  rowNormGradientWorkspaceBytes,
} from "@edgewright/kernels/training";
import type { Operation } from "../engine/operation.js";
import { type Operand, record, type Variable } from "../engine/tape.js";
import { elementsOf, type Value } from "../engine/value.js";
import { biasGradient } from "./bias-gradient.js";
import {
  addressesOf,
  checkChannels,
  placeScaleAndShift,
  type ScaleAndShift,
  type ScaleAndShiftPlaces,
} from "./scale-and-shift.js";

/** Options of {@link layerNorm}. */
export interface LayerNormOptions extends ScaleAndShift {
  /** Added to the variance. @default 1e-5 */
  readonly epsilon?: number;
}

/** Options of {@link rmsNorm}. */
export interface RmsNormOptions extends Pick<ScaleAndShift, "scale"> {
  /** Added to the mean of squares. @default 1e-5 */
  readonly epsilon?: number;
}

interface Resolved {
  readonly epsilon: number;
  readonly places: ScaleAndShiftPlaces;
}

function rowNorm(name: string, centred: boolean): Operation<Resolved, Value> {
  const label = centred ? "mean and deviation" : "root mean square";
  /** [1 / deviation of every row, mean of every row] */
  const addresses = (
    statistics: Value,
    rows: number,
    at: (value: Value) => number,
  ): { rstd: number; mean?: number } => ({
    rstd: at(statistics),
    ...(centred && { mean: at(statistics) + 4 * rows }),
  });
  return {
    name,
    outputShape(shapes) {
      checkChannels(name, shapes);
      return shapes[0]!;
    },
    forward(build, { inputs, options, outputShape }) {
      const shape = rowsOf(outputShape);
      const output = build.value(outputShape);
      const statistics = build.value(centred ? [2, shape.rows] : [shape.rows], { label });
      build.step({
        name,
        reads: inputs,
        writes: [output, statistics],
        inPlace: { read: inputs[0]!, write: output },
        plan: (kernels, at) =>
          planRowNormTraining(kernels, {
            ...{ ...shape, x: at(inputs[0]!), y: at(output), epsilon: options.epsilon },
            ...addressesOf(inputs, options.places, at),
            ...addresses(statistics, shape.rows, at),
          }),
      });
      return { output, saved: statistics };
    },
    backward(build, { inputs, options, needs, gradient, saved: statistics }) {
      const { places } = options;
      const shape = rowsOf(gradient.shape);
      const wants = (place: number): boolean => place > 0 && needs[place]!;
      const x = inputs[0]!;
      if (!needs[0] && !wants(places.scale)) {
        const dshift = biasGradient(build, gradient, undefined);
        return inputs.map((_, i) => (i === places.shift ? dshift : undefined));
      }
      const scale = needs[0] && places.scale ? inputs[places.scale] : undefined;
      const dx = needs[0] ? build.value(x.shape) : undefined;
      const dscale = wants(places.scale) ? build.value([shape.cols]) : undefined;
      const dshift = wants(places.shift) ? build.value([shape.cols]) : undefined;
      build.step({
        name: "gradient",
        reads: scale ? [gradient, x, statistics, scale] : [gradient, x, statistics],
        writes: [dx, dscale, dshift].filter((value) => value !== undefined),
        ...(dx && { inPlace: { read: gradient, write: dx } }),
        workspaceBytes: rowNormGradientWorkspaceBytes(shape),
        plan: (kernels, at, workspace) =>
          planRowNormGradient(kernels, {
            ...{ ...shape, x: at(x), dy: at(gradient), workspace },
            ...addresses(statistics, shape.rows, at),
            ...(scale && { gamma: at(scale) }),
            ...(dx && { dx: at(dx) }),
            ...(dscale && { dgamma: at(dscale) }),
            ...(dshift && { dbeta: at(dshift) }),
          }),
      });
      return inputs.map((_, i) => {
        if (i === 0) return dx;
        return i === places.scale ? dscale : dshift;
      });
    },
  };
}

const LAYER_NORM = /*@__PURE__*/ rowNorm("layerNorm", true);
const RMS_NORM = /*@__PURE__*/ rowNorm("rmsNorm", false);

function rowsOf(shape: readonly number[]): { rows: number; cols: number } {
  const cols = shape.at(-1)!;
  return { rows: elementsOf(shape) / cols, cols };
}

/**
 * Layer normalisation over the last axis (Ba, Kiros and Hinton, "Layer Normalization", 2016):
 * (x - mean) / sqrt(variance + epsilon) * scale + shift of every row. Keeps x and two numbers a row; nothing
 * where only the shift is trained.
 *
 * @throws ShapeError for a scalar, and when scale or shift is not as long as the last axis.
 */
export function layerNorm(x: Operand, options: LayerNormOptions = {}): Variable {
  const { operands, places } = placeScaleAndShift(options);
  return record(LAYER_NORM, [x, ...operands], { epsilon: options.epsilon ?? 1e-5, places });
}

/**
 * Root-mean-square normalisation over the last axis (Zhang and Sennrich, "Root Mean Square Layer
 * Normalization", NeurIPS 2019): x / sqrt(mean(x^2) + epsilon) * scale of every row. Keeps x and one number a
 * row.
 *
 * @throws ShapeError for a scalar, and when scale is not as long as the last axis.
 */
export function rmsNorm(x: Operand, options: RmsNormOptions = {}): Variable {
  const { epsilon = 1e-5, scale } = options;
  const { operands, places } = placeScaleAndShift(scale === undefined ? {} : { scale });
  return record(RMS_NORM, [x, ...operands], { epsilon, places });
}
