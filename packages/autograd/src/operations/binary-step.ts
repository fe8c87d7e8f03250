import type { Activation, BinaryOp } from "@edgewright/kernels";
import { planBinary } from "@edgewright/kernels";
import type { ProgramBuilder } from "../engine/operation.js";
import { elementsOf, type Value } from "../engine/value.js";

/** Options of {@link binaryStep}. */
export interface BinaryStepOptions {
  /** Shape of the result, which both operands broadcast to. */
  readonly shape: readonly number[];
  /** Applied to the result. @default identity */
  readonly activation?: Activation;
}

/** A step that computes activation(a op b) with broadcasting, in the place of an operand where that is possible. */
export function binaryStep(
  build: ProgramBuilder,
  name: string,
  op: BinaryOp,
  [a, b]: readonly [Value, Value],
  { shape, activation }: BinaryStepOptions,
): Value {
  const y = build.value(shape);
  const full = [a, b].find((operand) => elementsOf(operand.shape) === elementsOf(shape));
  build.step({
    name,
    reads: [a, b],
    writes: [y],
    ...(full && { inPlace: { read: full, write: y } }),
    plan: (kernels, at) =>
      planBinary(kernels, {
        op,
        a: at(a),
        aShape: a.shape,
        b: at(b),
        bShape: b.shape,
        y: at(y),
        ...(activation && { activation }),
      }),
  });
  return y;
}
