import { planUnary } from "@edgewright/kernels";
import {
  activationMaskBytes,
  type MaskedActivation,
  planMaskedActivation,
  planMaskGradient,
} from "@edgewright/kernels/training";
import type { Operation } from "../engine/operation.js";
import { elementsOf, type Value } from "../engine/value.js";

/** An activation of straight pieces, which keeps one bit an element for the backward pass. */
export function maskedActivation<Options>(
  name: string,
  activationOf: (options: Options) => MaskedActivation,
): Operation<Options, Value | undefined> {
  return {
    name,
    outputShape: ([x]) => x!,
    forward(build, { inputs: [x], options, outputShape, needs }) {
      const output = build.value(outputShape);
      const count = elementsOf(outputShape);
      const activation = activationOf(options);
      const mask = needs[0]
        ? build.value([activationMaskBytes(count)], { type: "u8", label: "mask" })
        : undefined;
      build.step({
        name,
        reads: [x!],
        writes: mask ? [output, mask] : [output],
        inPlace: { read: x!, write: output },
        plan(kernels, at) {
          const where = { x: at(x!), y: at(output), count };
          return mask
            ? planMaskedActivation(kernels, { ...activation, ...where, mask: at(mask) })
            : planUnary(kernels, { ...where, op: withDefaults(activation) });
        },
      });
      return { output, saved: mask };
    },
    backward(build, { saved: mask, options, gradient }) {
      const dx = build.value(gradient.shape);
      build.step({
        name: "gradient",
        reads: [gradient, mask!],
        writes: [dx],
        inPlace: { read: gradient, write: dx },
        plan: (kernels, at) =>
          planMaskGradient(kernels, {
            ...activationOf(options),
            dy: at(gradient),
            dx: at(dx),
            mask: at(mask!),
            count: elementsOf(dx.shape),
          }),
      });
      return [dx];
    },
  };
}

/** Kernels for inference have other defaults in two places. */
function withDefaults(activation: MaskedActivation): MaskedActivation {
  if (activation.kind === "clip") return { alpha: 0, beta: 6, ...activation };
  if (activation.kind === "hard-sigmoid") return { alpha: 1 / 6, beta: 0.5, ...activation };
  return activation;
}
