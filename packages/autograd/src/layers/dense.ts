import type { Rng } from "@edgewright/core";
import { createParameter } from "../engine/parameter.js";
import { linear } from "../operations/linear.js";
import { type Initializer, kaimingUniform } from "./initialization.js";
import type { Layer } from "./layer.js";

/** Options of {@link dense}. */
export interface DenseOptions {
  /** Parameters are called "name.weight" and "name.bias". */
  readonly name: string;
  /** Length of the last axis of the input. */
  readonly in: number;
  /** Length of the last axis of the output. */
  readonly out: number;
  /** Source of the initial weights. */
  readonly rng: Rng;
  /** Whether there is a bias. @default true */
  readonly bias?: boolean;
  /** Draws the weights. @default kaimingUniform */
  readonly initializer?: Initializer;
}

/**
 * x W + b over the last axis, [..., in] to [..., out], with weights [in, out] and a bias that begins at 0.
 *
 * @throws ShapeError for sizes that are no whole numbers from 1.
 *
 * @example
 * ```ts
 * const head = dense({ name: "head", in: 84, out: 10, rng: createRng(1) });
 * const logits = head.apply(createTape().input("x", [32, 84])); // [32, 10]
 * ```
 */
export function dense(options: DenseOptions): Layer {
  const {
    name,
    in: inputs,
    out: outputs,
    rng,
    bias = true,
    initializer = kaimingUniform,
  } = options;
  const shape = [inputs, outputs];
  const data = initializer({ shape, fanIn: inputs, fanOut: outputs }, rng);
  const weight = createParameter({ name: `${name}.weight`, shape, data });
  const shift = bias
    ? createParameter({ name: `${name}.bias`, shape: [outputs], data: new Float32Array(outputs) })
    : undefined;
  return {
    parameters: shift ? [weight, shift] : [weight],
    apply: (x) => x.tape.scope(name, () => linear(x, weight, shift ? { bias: shift } : {})),
  };
}
