import { EdgewrightError, ShapeError } from "@edgewright/core";
import {
  type Activation,
  activationWords,
  isIdentityActivation,
} from "../activation/activation.js";
import { createPlan, type JobSpec, type Plan } from "../runtime/job.js";
import type { Kernels } from "../runtime/load.js";
import { mergeAxes, type StridedAxis, splitOuterAxes } from "./strided-axes.js";

/** Name of a function of two operands; `prelu` is a < 0 ? a b : a. */
export type BinaryOp = "add" | "sub" | "mul" | "div" | "max" | "min" | "pow" | "prelu";

/** An elementwise function of two operands for {@link planBinary}. */
export interface BinarySpec {
  readonly op: BinaryOp;
  /** Address of the first operand. */
  readonly a: number;
  readonly aShape: readonly number[];
  /** Address of the second operand. */
  readonly b: number;
  readonly bShape: readonly number[];
  /** Address of the result; may be that of an operand which has the result's shape. */
  readonly y: number;
  /** Applied to the result. @default identity */
  readonly activation?: Activation;
}

const CHUNK = 1024; // floats of a unit where no operand is broadcast along rows
const A_IS_SCALAR = 1;
const B_IS_SCALAR = 2;
const ACTIVATES = 4;
const ROWS_WORTH_A_THREAD = 65536; // floats

/**
 * Plans y = activation(a op b) with numpy's broadcasting: shapes are aligned at the end, and an axis of
 * length 1 (or a missing one) repeats.
 *
 * `max` and `min` give NaN where an operand is NaN. Any number of axes; neighbours that broadcast alike
 * are merged first, so that the usual cases (same shape, scalar, a vector along the last axis, one value
 * per channel) each run as one loop over long rows.
 *
 * @throws ShapeError when the shapes cannot be broadcast together.
 *
 * @example
 * ```ts
 * const kernels = await loadKernels();
 * const x = kernels.arena.upload(new Float32Array([1, 2, 3, 4]));
 * const bias = kernels.arena.upload(new Float32Array([10, 20]));
 * const plan = planBinary(kernels, {
 *   op: "add", a: x.ptr, aShape: [2, 2], b: bias.ptr, bShape: [2], y: x.ptr,
 * });
 * kernels.run(plan);
 * console.log(kernels.arena.f32(x.ptr, 4)); // 11, 22, 13, 24
 * ```
 */
export function planBinary(kernels: Kernels, spec: BinarySpec): Plan {
  const op = OPS.indexOf(spec.op);
  if (op < 0) {
    throw new EdgewrightError(
      "invalid-argument",
      `planBinary: expected one of ${OPS.join(", ")}, got ${JSON.stringify(spec.op)}`,
    );
  }
  const axes = mergeAxes(broadcastAxes(spec.aShape, spec.bShape));
  const activates = !isIdentityActivation(spec.activation);
  const words = activationWords(spec.activation);
  const jobs: JobSpec[] = [];
  const total = axes.reduce((product, axis) => product * axis.length, 1);
  if (total > 0) {
    const { inner, outer, blocks } = splitOuterAxes(axes, 3);
    const [aStep, bStep] = inner.strides as [number, number];
    const flags =
      (aStep === 0 ? A_IS_SCALAR : 0) |
      (bStep === 0 ? B_IS_SCALAR : 0) |
      (activates ? ACTIVATES : 0);
    const rows = outer.reduce((product, axis) => product * axis.length, 1);
    const alone = rows === 1 && blocks.length === 1;
    const count = rows * inner.length;
    // A single long row is cut into chunks, so that threads can share it.
    const width = alone ? Math.min(CHUNK, inner.length) : inner.length;
    if (alone) {
      const chunks = {
        length: Math.ceil(inner.length / width),
        strides: [aStep * width, bStep * width, 0],
      };
      outer[2] = chunks;
    }
    for (const block of blocks) {
      jobs.push({
        kernel: "binary_f32",
        params: [
          spec.a + 4 * block.offsets[0]!,
          spec.b + 4 * block.offsets[1]!,
          spec.y + 4 * block.index * count,
          op,
          width,
          count,
          flags,
          outer[1]!.length,
          outer[2]!.length,
          ...outer.map((axis) => 4 * axis.strides[0]!),
          ...outer.map((axis) => 4 * axis.strides[1]!),
          ...words,
        ],
        units: outer.reduce((product, axis) => product * axis.length, 1),
        grain: Math.max(1, Math.ceil(ROWS_WORTH_A_THREAD / width)),
      });
    }
  }
  return createPlan(kernels.arena, jobs);
}

const OPS: readonly string[] = ["add", "sub", "mul", "div", "max", "min", "pow", "prelu"];

/** The axes of the broadcast shape with the strides of both operands, in elements; 0 repeats. */
function broadcastAxes(aShape: readonly number[], bShape: readonly number[]): StridedAxis[] {
  const rank = Math.max(aShape.length, bShape.length);
  const axes: StridedAxis[] = [];
  let aStride = 1;
  let bStride = 1;
  for (let i = 1; i <= rank; i++) {
    const a = aShape[aShape.length - i] ?? 1;
    const b = bShape[bShape.length - i] ?? 1;
    if (a !== b && a !== 1 && b !== 1) {
      throw new ShapeError(
        `planBinary: [${aShape.join(", ")}] and [${bShape.join(", ")}] cannot be broadcast together`,
      );
    }
    const length = a === 1 ? b : a;
    axes.unshift({ length, strides: [a === 1 ? 0 : aStride, b === 1 ? 0 : bStride] });
    aStride *= a;
    bStride *= b;
  }
  return axes;
}
