import { ShapeError, stridesOf } from "@edgewright/core";
import { floatBits, planCopy, planFill } from "@edgewright/kernels";
import { joinPlans } from "@edgewright/kernels/training";
import type { Operation } from "../engine/operation.js";
import { type Operand, record, type Variable } from "../engine/tape.js";
import { elementsOf } from "../engine/value.js";

/** Options of {@link slice}. */
export interface SliceOptions {
  /** First index along each axis; below 0 from the end. */
  readonly starts: readonly number[];
  /** Index behind the last along each axis; below 0 from the end, beyond the end the end. */
  readonly ends: readonly number[];
  /** Distance from one taken index to the next. @default 1 along every axis */
  readonly steps?: readonly number[];
}

/** Where a slice begins and how it walks, in elements of the whole. */
interface SliceWalk {
  readonly shape: readonly number[];
  readonly offset: number;
  readonly strides: readonly number[];
}

function walkOf(whole: readonly number[], options: SliceOptions): SliceWalk {
  const { starts, ends, steps = whole.map(() => 1) } = options;
  const rank = whole.length;
  if (starts.length !== rank || ends.length !== rank || steps.length !== rank) {
    throw new ShapeError(
      `slice: expected a start, an end and a step for each axis of [${whole}], ` +
        `got [${starts}], [${ends}], [${steps}]`,
    );
  }
  const index = (at: number, size: number): number => Math.min(at < 0 ? at + size : at, size);
  const first = starts.map((start, axis) => index(start, whole[axis]!));
  const shape = whole.map((size, axis) =>
    Math.ceil((index(ends[axis]!, size) - first[axis]!) / steps[axis]!),
  );
  const valid = [...first, ...steps.map((step) => step - 1), ...shape.map((size) => size - 1)];
  if (!valid.every((number) => Number.isInteger(number) && number >= 0)) {
    throw new ShapeError(
      `slice: [${starts}] to [${ends}] in steps of [${steps}] takes nothing of [${whole}], or is no range`,
    );
  }
  const dense = stridesOf(whole);
  return {
    shape,
    offset: first.reduce((sum, at, axis) => sum + at * dense[axis]!, 0),
    strides: dense.map((stride, axis) => stride * steps[axis]!),
  };
}

const SLICE: Operation<SliceOptions> = {
  name: "slice",
  outputShape: ([x], options) => walkOf(x!, options).shape,
  forward(build, { inputs: [x], options, outputShape: shape }) {
    const { offset, strides: xStrides } = walkOf(x!.shape, options);
    if (elementsOf(shape) === elementsOf(x!.shape)) return { output: build.view(x!, shape) };
    const output = build.value(shape);
    build.step({
      name: "slice",
      reads: [x!],
      writes: [output],
      plan: (kernels, at) =>
        planCopy(kernels, {
          x: at(x!) + 4 * offset,
          y: at(output),
          shape,
          xStrides,
          bytes: 4,
        }),
    });
    return { output };
  },
  backward(build, { inputs: [x], options, gradient }) {
    const { shape, offset, strides } = walkOf(x!.shape, options);
    const count = elementsOf(x!.shape);
    if (elementsOf(shape) === count) return [gradient];
    const dx = build.value(x!.shape);
    build.step({
      name: "gradient",
      reads: [gradient],
      writes: [dx],
      plan: (kernels, at) =>
        joinPlans([
          planFill(kernels, { y: at(dx), count, value: floatBits(0) }),
          planCopy(kernels, {
            x: at(gradient),
            y: at(dx) + 4 * offset,
            shape,
            xStrides: stridesOf(shape),
            yStrides: strides,
            bytes: 4,
          }),
        ]),
    });
    return [dx];
  },
};

/**
 * A part of x: along every axis the indices from start to end, in steps. Keeps nothing for the backward pass.
 *
 * @throws ShapeError when the lists do not fit the axes, or nothing would be taken.
 */
export function slice(x: Operand, options: SliceOptions): Variable {
  return record(SLICE, [x], options);
}

/** Options of {@link split}. */
export interface SplitOptions {
  /** Below 0 from the end. */
  readonly axis: number;
  /** Length of each part along the axis. */
  readonly sizes: readonly number[];
}

/**
 * The parts of x along an axis, one after the other. Keeps nothing for the backward pass.
 *
 * @throws ShapeError when the sizes do not add up to the axis.
 */
export function split(x: Operand, { axis, sizes }: SplitOptions): Variable[] {
  const along = axis < 0 ? axis + x.shape.length : axis;
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (x.shape[along] !== total) {
    throw new ShapeError(
      `split: expected sizes that add up to axis ${axis} of [${x.shape}], got [${sizes}]`,
    );
  }
  let from = 0;
  return sizes.map((size) => {
    const starts = x.shape.map((_, i) => (i === along ? from : 0));
    const ends = x.shape.map((length, i) => (i === along ? from + size : length));
    from += size;
    return slice(x, { starts, ends });
  });
}
