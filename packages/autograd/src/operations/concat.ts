import { ShapeError } from "@edgewright/core";
import { planCopy2d } from "@edgewright/kernels";
import { joinPlans } from "@edgewright/kernels/training";
import type { Operation } from "../engine/operation.js";
import { type Operand, record, type Variable } from "../engine/tape.js";
import { elementsOf } from "../engine/value.js";

/** Options of {@link concat}. */
export interface ConcatOptions {
  /** Below 0 from the end. */
  readonly axis: number;
}

/** Bytes of a row of every part, of the whole, and their number: everything from the axis on is a row. */
function rowsOf(shapes: readonly (readonly number[])[], { axis }: ConcatOptions) {
  const along = axis < 0 ? axis + shapes[0]!.length : axis;
  const rowBytes = shapes.map((shape) => 4 * elementsOf(shape.slice(along)));
  let offset = 0;
  const offsets = rowBytes.map((bytes) => {
    offset += bytes;
    return offset - bytes;
  });
  return { rows: elementsOf(shapes[0]!.slice(0, along)), rowBytes, offsets, wholeBytes: offset };
}

const CONCAT: Operation<ConcatOptions> = {
  name: "concat",
  outputShape(shapes, { axis }) {
    const first = shapes[0]!;
    const along = axis < 0 ? axis + first.length : axis;
    const fits = (shape: readonly number[]): boolean =>
      shape.length === first.length && shape.every((size, i) => i === along || size === first[i]);
    if (first[along] === undefined || !shapes.every(fits)) {
      const all = shapes.map((shape) => `[${shape}]`).join(" and ");
      throw new ShapeError(`concat: ${all} do not line up beside axis ${axis}`);
    }
    const total = shapes.reduce((sum, shape) => sum + shape[along]!, 0);
    return first.map((size, i) => (i === along ? total : size));
  },
  forward(build, { inputs, options, outputShape }) {
    const output = build.value(outputShape);
    const shapes = inputs.map((input) => input.shape);
    const { rows, rowBytes, offsets, wholeBytes } = rowsOf(shapes, options);
    build.step({
      name: "concat",
      reads: inputs,
      writes: [output],
      plan: (kernels, at) =>
        joinPlans(
          inputs.map((input, i) =>
            planCopy2d(kernels, {
              x: at(input),
              y: at(output) + offsets[i]!,
              rows,
              rowBytes: rowBytes[i]!,
              yStride: wholeBytes,
            }),
          ),
        ),
    });
    return { output };
  },
  backward(build, { inputs, options, gradient, needs }) {
    const shapes = inputs.map((input) => input.shape);
    const { rows, rowBytes, offsets, wholeBytes } = rowsOf(shapes, options);
    return inputs.map((input, i) => {
      if (!needs[i]) return undefined;
      const dx = build.value(input.shape);
      build.step({
        name: "gradient",
        reads: [gradient],
        writes: [dx],
        plan: (kernels, at) =>
          planCopy2d(kernels, {
            x: at(gradient) + offsets[i]!,
            y: at(dx),
            rows,
            rowBytes: rowBytes[i]!,
            xStride: wholeBytes,
          }),
      });
      return dx;
    });
  },
};

/**
 * Several tensors side by side along an axis. Keeps nothing for the backward pass.
 *
 * @throws ShapeError when they differ in another axis.
 */
export function concat(xs: readonly Operand[], options: ConcatOptions): Variable {
  return record(CONCAT, xs, options);
}
