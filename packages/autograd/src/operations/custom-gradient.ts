import type { Kernels } from "@edgewright/kernels";
import type { HostPlan, Operation } from "../engine/operation.js";
import { type Operand, record, type Variable } from "../engine/tape.js";
import { elementsOf, type Value } from "../engine/value.js";

/** A function in JavaScript with a gradient of your choosing; arrays are flat, row-major. */
export interface CustomGradient {
  /** Shown in accounts and errors: "device read". */
  readonly name: string;
  /** @default the shape of the first input */
  outputShape?(inputs: readonly (readonly number[])[]): readonly number[];
  /** Fills `output` from the inputs. */
  forward(inputs: readonly Float32Array[], output: Float32Array): void;
  /**
   * Fills the gradients of the inputs; `undefined` stands for those that nobody needs. All of `inputs` are
   * kept for it unless `keeps` says otherwise.
   */
  backward(
    gradient: Float32Array,
    gradients: readonly (Float32Array | undefined)[],
    inputs: readonly Float32Array[],
    output: Float32Array,
  ): void;
  /**
   * What `backward` reads besides the gradient; the rest is not kept, and is empty when it runs.
   *
   * @default { inputs: true, output: false }
   */
  readonly keeps?: { readonly inputs?: boolean; readonly output?: boolean };
}

/**
 * Puts a function of your own on the tape: straight-through estimators, models of devices, penalties.
 *
 * @throws ShapeError from `outputShape`.
 *
 * @example
 * ```ts
 * // Rounds forward, lets gradients through unchanged (Bengio et al. 2013, the straight-through estimator).
 * const rounded = customGradient([weights], {
 *   name: "round",
 *   forward: ([w], y) => y.set(w!.map(Math.round)),
 *   backward: (dy, [dw]) => dw?.set(dy),
 *   keeps: { inputs: false },
 * });
 * ```
 */
export function customGradient(operands: readonly Operand[], custom: CustomGradient): Variable {
  const operation: Operation<CustomGradient> = { ...CUSTOM, name: custom.name };
  return record(operation, operands, custom);
}

const CUSTOM: Omit<Operation<CustomGradient>, "name"> = {
  outputShape: (inputs, custom) => custom.outputShape?.(inputs) ?? inputs[0]!,
  forward(build, { inputs, options, outputShape }) {
    const output = build.value(outputShape);
    build.step({
      name: options.name,
      reads: inputs,
      writes: [output],
      plan: (kernels, at) =>
        onHost(() => {
          options.forward(
            inputs.map((value) => view(kernels, value, at)),
            view(kernels, output, at),
          );
        }),
    });
    return { output };
  },
  backward(build, { inputs, output, gradient, options, needs }) {
    const keeps = { inputs: true, output: false, ...options.keeps };
    const gradients = inputs.map((input, i) => (needs[i] ? build.value(input.shape) : undefined));
    const reads = [gradient, ...(keeps.inputs ? inputs : []), ...(keeps.output ? [output] : [])];
    build.step({
      name: "gradient",
      reads,
      writes: gradients.filter((value) => value !== undefined),
      plan: (kernels, at) =>
        onHost(() => {
          const nothing = new Float32Array(0);
          options.backward(
            view(kernels, gradient, at),
            gradients.map((value) => value && view(kernels, value, at)),
            keeps.inputs
              ? inputs.map((value) => view(kernels, value, at))
              : inputs.map(() => nothing),
            keeps.output ? view(kernels, output, at) : nothing,
          );
        }),
    });
    return gradients;
  },
};

function onHost(run: () => void): HostPlan {
  return { run, dispose: () => {} };
}

function view(kernels: Kernels, value: Value, at: (value: Value) => number): Float32Array {
  return kernels.arena.f32(at(value), elementsOf(value.shape));
}
