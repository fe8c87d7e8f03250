import { type Activation, planUnary } from "@edgewright/kernels";
import {
  activationGradientReads,
  type DifferentiableActivation,
  planActivationGradient,
} from "@edgewright/kernels/training";
import type { Operation } from "../engine/operation.js";
import { elementsOf } from "../engine/value.js";

/** A differentiable activation of the kernels with its parameters. */
export interface SmoothActivation {
  readonly kind: DifferentiableActivation;
  readonly alpha?: number;
  readonly beta?: number;
}

/** An activation that keeps its input or its output for the backward pass, whichever its slope is computed from. */
export function smoothActivation<Options>(
  name: string,
  activationOf: (options: Options) => SmoothActivation,
): Operation<Options> {
  return {
    name,
    outputShape: ([x]) => x!,
    forward(build, { inputs: [x], options, outputShape }) {
      const output = build.value(outputShape);
      const op: Activation = activationOf(options);
      build.step({
        name,
        reads: [x!],
        writes: [output],
        inPlace: { read: x!, write: output },
        plan: (kernels, at) =>
          planUnary(kernels, { op, x: at(x!), y: at(output), count: elementsOf(outputShape) }),
      });
      return { output };
    },
    backward(build, { inputs: [x], output, options, gradient }) {
      const activation = activationOf(options);
      const source = activationGradientReads(activation.kind) === "result" ? output : x!;
      const dx = build.value(gradient.shape);
      build.step({
        name: "gradient",
        reads: [gradient, source],
        writes: [dx],
        inPlace: { read: gradient, write: dx },
        plan: (kernels, at) =>
          planActivationGradient(kernels, {
            ...activation,
            dy: at(gradient),
            source: at(source),
            dx: at(dx),
            count: elementsOf(dx.shape),
          }),
      });
      return [dx];
    },
  };
}
