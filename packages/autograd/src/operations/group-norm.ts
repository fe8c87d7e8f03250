import { ShapeError } from "@edgewright/core";
import {
  type GroupNormShape,
  groupNormGradientWorkspaceBytes,
  groupNormTrainingWorkspaceBytes,
  planGroupNormGradient,
  planGroupNormTraining,
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

/** Options of {@link groupNorm}. */
export interface GroupNormOptions extends ScaleAndShift {
  /** Divides the channels; neighbouring ones share mean and variance. */
  readonly groups: number;
  /** Added to the variance. @default 1e-5 */
  readonly epsilon?: number;
}

interface Resolved {
  readonly groups: number;
  readonly epsilon: number;
  readonly places: ScaleAndShiftPlaces;
}

/** Saves mean and 1 / deviation of every group, [2, n, groups]. */
const GROUP_NORM: Operation<Resolved, Value> = {
  name: "groupNorm",
  outputShape(shapes, { groups }) {
    checkChannels("groupNorm", shapes);
    const [x] = shapes as [readonly number[]];
    const c = x.at(-1)!;
    if (x.length < 2 || !Number.isInteger(groups) || groups < 1 || c % groups !== 0) {
      throw new ShapeError(
        `groupNorm: expected x [n, ..., c] with a c that divides into ${groups} groups, got [${x}]`,
      );
    }
    return x;
  },
  forward(build, { inputs, options, outputShape }) {
    const shape = shapeOf(outputShape, options);
    const output = build.value(outputShape);
    const half = shape.n * shape.groups;
    const statistics = build.value([2, shape.n, shape.groups], { label: "mean and deviation" });
    build.step({
      name: "groupNorm",
      reads: inputs,
      writes: [output, statistics],
      inPlace: { read: inputs[0]!, write: output },
      workspaceBytes: groupNormTrainingWorkspaceBytes(shape),
      plan: (kernels, at, workspace) =>
        planGroupNormTraining(kernels, {
          ...{ ...shape, x: at(inputs[0]!), y: at(output), epsilon: options.epsilon, workspace },
          ...addressesOf(inputs, options.places, at),
          ...{ mean: at(statistics), rstd: at(statistics) + 4 * half },
        }),
    });
    return { output, saved: statistics };
  },
  backward(build, { inputs, options, needs, gradient, saved: statistics }) {
    const { places } = options;
    const shape = shapeOf(gradient.shape, options);
    const half = shape.n * shape.groups;
    const wants = (place: number): boolean => place > 0 && needs[place]!;
    const x = inputs[0]!;
    if (!needs[0] && !wants(places.scale)) {
      const dshift = biasGradient(build, gradient, undefined);
      return inputs.map((_, i) => (i === places.shift ? dshift : undefined));
    }
    const scale = needs[0] && places.scale ? inputs[places.scale] : undefined;
    const dx = needs[0] ? build.value(x.shape) : undefined;
    const dscale = wants(places.scale) ? build.value([shape.c]) : undefined;
    const dshift = wants(places.shift) ? build.value([shape.c]) : undefined;
    build.step({
      name: "gradient",
      reads: scale ? [gradient, x, statistics, scale] : [gradient, x, statistics],
      writes: [dx, dscale, dshift].filter((value) => value !== undefined),
      ...(dx && { inPlace: { read: gradient, write: dx } }),
      workspaceBytes: groupNormGradientWorkspaceBytes(shape),
      plan: (kernels, at, workspace) =>
        planGroupNormGradient(kernels, {
          ...{ ...shape, x: at(x), dy: at(gradient), workspace },
          ...{ mean: at(statistics), rstd: at(statistics) + 4 * half },
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

function shapeOf(shape: readonly number[], { groups }: Resolved): GroupNormShape {
  return { n: shape[0]!, positions: elementsOf(shape.slice(1, -1)), c: shape.at(-1)!, groups };
}

/**
 * Group normalisation of x [n, ..., c] (Wu and He, "Group Normalization", ECCV 2018): mean and variance of
 * every image over its positions and each group of channels. As many groups as channels are instance
 * normalisation. Keeps x and two numbers a group; nothing where only the
 * shift is trained.
 *
 * @throws ShapeError when the channels do not divide into the groups, and when scale or shift is not [c].
 */
export function groupNorm(x: Operand, options: GroupNormOptions): Variable {
  const { groups, epsilon = 1e-5 } = options;
  const { operands, places } = placeScaleAndShift(options);
  return record(GROUP_NORM, [x, ...operands], { groups, epsilon, places });
}
