import { ShapeError } from "@edgewright/core";
import { planBinary } from "@edgewright/kernels";
import { planPreluGradient } from "@edgewright/kernels/training";
import type { Operation } from "../engine/operation.js";
import { type Operand, record, type Variable } from "../engine/tape.js";
import { elementsOf } from "../engine/value.js";

const PRELU: Operation<undefined> = {
  name: "prelu",
  outputShape([x, slope]) {
    const slopes = elementsOf(slope!);
    if (slope!.length > 1 || (slopes !== 1 && slopes !== (x!.at(-1) ?? 1))) {
      throw new ShapeError(
        `prelu: expected one slope, or one for each of the last axis of [${x}], got [${slope}]`,
      );
    }
    return x!;
  },
  forward(build, { inputs: [x, slope], outputShape }) {
    const output = build.value(outputShape);
    build.step({
      name: "prelu",
      reads: [x!, slope!],
      writes: [output],
      inPlace: { read: x!, write: output },
      plan: (kernels, at) =>
        planBinary(kernels, {
          op: "prelu",
          a: at(x!),
          aShape: x!.shape,
          b: at(slope!),
          bShape: slope!.shape,
          y: at(output),
        }),
    });
    return { output };
  },
  backward(build, { inputs: [x, slope], gradient, needs }) {
    const cols = x!.shape.at(-1) ?? 1;
    const shape = { rows: elementsOf(x!.shape) / cols, cols, slopes: elementsOf(slope!.shape) };
    // The slopes' gradient goes first: the input's may then take the place of the gradient.
    const dslope = needs[1] ? build.value(slope!.shape) : undefined;
    if (dslope) {
      build.step({
        name: "slope gradient",
        reads: [gradient, x!],
        writes: [dslope],
        plan: (kernels, at) =>
          planPreluGradient(kernels, {
            ...shape,
            ...{ x: at(x!), dy: at(gradient), slope: 0, dslope: at(dslope) },
          }),
      });
    }
    const dx = needs[0] ? build.value(x!.shape) : undefined;
    if (dx) {
      build.step({
        name: "input gradient",
        reads: [gradient, x!, slope!],
        writes: [dx],
        inPlace: { read: gradient, write: dx },
        plan: (kernels, at) =>
          planPreluGradient(kernels, {
            ...shape,
            ...{ x: at(x!), dy: at(gradient), slope: at(slope!), dx: at(dx) },
          }),
      });
    }
    return [dx, dslope];
  },
};

/**
 * x where x is not below 0, else slope x, with a trained slope for each entry of the last axis or one for all
 * (He et al. 2015, arXiv:1502.01852). Keeps x for the backward pass.
 *
 * @throws ShapeError when `slope` is neither [channels] nor [1].
 */
export function prelu(x: Operand, slope: Operand): Variable {
  return record(PRELU, [x, slope], undefined);
}
