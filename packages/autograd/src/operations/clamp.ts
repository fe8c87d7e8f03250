import { EdgewrightError } from "@edgewright/core";
import { planUnary } from "@edgewright/kernels";
import {
  activationMaskBytes,
  planMaskedActivation,
  planMaskGradient,
} from "@edgewright/kernels/training";
import type { Operation } from "../engine/operation.js";
import { type Operand, record, type Variable } from "../engine/tape.js";
import { elementsOf, type Value } from "../engine/value.js";

/** Options of {@link clamp}. */
export interface ClampOptions {
  /** @default no limit */
  readonly low?: number;
  /** @default no limit */
  readonly high?: number;
}

const CLAMP: Operation<Required<ClampOptions>, Value | undefined> = {
  name: "clamp",
  outputShape: ([x]) => x!,
  forward(build, { inputs: [x], options, outputShape, needs }) {
    const output = build.value(outputShape);
    const count = elementsOf(outputShape);
    const clip = { kind: "clip", alpha: options.low, beta: options.high } as const;
    const mask = needs[0]
      ? build.value([activationMaskBytes(count)], { type: "u8", label: "mask" })
      : undefined;
    build.step({
      name: "clamp",
      reads: [x!],
      writes: mask ? [output, mask] : [output],
      inPlace: { read: x!, write: output },
      plan(kernels, at) {
        const spec = { x: at(x!), y: at(output), count };
        return mask
          ? planMaskedActivation(kernels, { ...spec, ...clip, mask: at(mask) })
          : planUnary(kernels, { ...spec, op: clip });
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
          kind: "clip",
          alpha: options.low,
          beta: options.high,
          dy: at(gradient),
          dx: at(dx),
          mask: at(mask!),
          count: elementsOf(dx.shape),
        }),
    });
    return [dx];
  },
};

/**
 * x held between two numbers; no gradient beyond them or at them. Keeps one bit an element for the backward
 * pass.
 *
 * @throws EdgewrightError `invalid-argument` when low is above high.
 */
export function clamp(x: Operand, options: ClampOptions): Variable {
  const { low = Number.NEGATIVE_INFINITY, high = Number.POSITIVE_INFINITY } = options;
  if (!(low <= high)) {
    throw new EdgewrightError(
      "invalid-argument",
      `clamp: expected low up to high, got ${low} and ${high}`,
    );
  }
  return record(CLAMP, [x], { low, high });
}
