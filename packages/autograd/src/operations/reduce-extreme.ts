import { planBinary, planReduce } from "@edgewright/kernels";
import { joinPlans } from "@edgewright/kernels/training";
import type { Operation } from "../engine/operation.js";
import { type Operand, record, type Variable } from "../engine/tape.js";
import { elementsOf } from "../engine/value.js";
import { type ReduceOptions, reduceShape } from "./reduction-axes.js";
import { reshape } from "./reshape.js";

/** Neighbouring axes: from `first` up to, not including, `end`. */
interface AxisRun {
  readonly first: number;
  readonly end: number;
}

function extremeOf(name: "max" | "min"): Operation<AxisRun> {
  const sizes = (shape: readonly number[], { first, end }: AxisRun) => ({
    outer: elementsOf(shape.slice(0, first)),
    axis: elementsOf(shape.slice(first, end)),
    inner: elementsOf(shape.slice(end)),
  });
  return {
    name,
    outputShape: ([x], { first, end }) =>
      x!.map((size, axis) => (axis >= first && axis < end ? 1 : size)),
    forward(build, { inputs: [x], options, outputShape }) {
      const output = build.value(outputShape);
      build.step({
        name,
        reads: [x!],
        writes: [output],
        plan: (kernels, at) =>
          planReduce(kernels, {
            op: name,
            x: at(x!),
            y: at(output),
            ...sizes(x!.shape, options),
          }),
      });
      return { output };
    },
    backward(build, { inputs: [x], output, options, gradient }) {
      const { shape } = x!;
      const dx = build.value(shape);
      const kept = gradient.shape;
      build.step({
        name: "gradient",
        reads: [x!, output, gradient],
        writes: [dx],
        inPlace: { read: x!, write: dx },
        workspaceBytes: 4 * elementsOf(kept),
        plan(kernels, at, workspace) {
          const whole = { a: at(dx), aShape: shape, y: at(dx) };
          return joinPlans([
            // 1 where x is the extreme, 0 elsewhere.
            planBinary(kernels, {
              ...whole,
              op: "sub",
              a: at(x!),
              b: at(output),
              bShape: kept,
              activation: { kind: "sign", scale: name === "max" ? 1 : -1, shift: 1 },
            }),
            planReduce(kernels, { op: "sum", x: at(dx), y: workspace, ...sizes(shape, options) }),
            planBinary(kernels, {
              op: "div",
              a: at(gradient),
              aShape: kept,
              b: workspace,
              bShape: kept,
              y: workspace,
            }),
            planBinary(kernels, { ...whole, op: "mul", b: workspace, bShape: kept }),
          ]);
        },
      });
      return [dx];
    },
  };
}

const MAX: Operation<AxisRun> = /*@__PURE__*/ extremeOf("max");
const MIN: Operation<AxisRun> = /*@__PURE__*/ extremeOf("min");

function reduceRuns(operation: Operation<AxisRun>, x: Operand, options: ReduceOptions): Variable {
  const { axes, output } = reduceShape(operation.name, x.shape, options);
  const runs: { first: number; end: number }[] = [];
  for (const axis of axes) {
    const last = runs.at(-1);
    if (last?.end === axis) last.end = axis + 1;
    else runs.push({ first: axis, end: axis + 1 });
  }
  const reduced = runs.reduceRight((y: Operand, run) => record(operation, [y], run), x);
  return reshape(reduced, output);
}

/**
 * The largest element over axes; elements that share it share its gradient. Keeps x and the result for the
 * backward pass. Axes that are no neighbours are reduced one run after the other.
 *
 * @throws ShapeError for axes that x does not have.
 */
export function max(x: Operand, options: ReduceOptions = {}): Variable {
  return reduceRuns(MAX, x, options);
}

/**
 * The smallest element over axes; elements that share it share its gradient. Keeps x and the result for the
 * backward pass. Axes that are no neighbours are reduced one run after the other.
 *
 * @throws ShapeError for axes that x does not have.
 */
export function min(x: Operand, options: ReduceOptions = {}): Variable {
  return reduceRuns(MIN, x, options);
}
