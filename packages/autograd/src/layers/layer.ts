import { EdgewrightError } from "@edgewright/core";
import type { Parameter } from "../engine/parameter.js";
import type { Variable } from "../engine/tape.js";

/** Options of {@link Layer.apply}. */
export interface ApplyLayerOptions {
  /**
   * `train` normalises by the batch and updates running statistics; `frozen` uses them, as inference does.
   *
   * @default "train"
   */
  readonly mode?: "train" | "frozen";
}

/** A part of a network with weights of its own. */
export interface Layer {
  readonly parameters: readonly Parameter[];
  /** Records the layer; may be called any number of times, on any tape, and shares its parameters. */
  apply(x: Variable, options?: ApplyLayerOptions): Variable;
}

/**
 * Layers and functions (`relu`, `flatten`, anything from variable to variable) one after the other.
 *
 * @throws EdgewrightError `invalid-argument` for two parameters of one name, which a checkpoint could not
 * tell apart.
 *
 * @example
 * ```ts
 * const rng = createRng(1);
 * const halve = (x: Variable) => maxPool2d(x, { kernel: 2 });
 * const leNet = sequential(
 *   convolution({ name: "conv1", in: 1, out: 6, kernel: 5, pads: "same", rng }), relu, halve,
 *   convolution({ name: "conv2", in: 6, out: 16, kernel: 5, rng }), relu, halve, flatten,
 *   dense({ name: "fc1", in: 400, out: 120, rng }), relu,
 *   dense({ name: "fc2", in: 120, out: 84, rng }), relu,
 *   dense({ name: "fc3", in: 84, out: 10, rng }),
 * );
 * const logits = leNet.apply(createTape().input("x", [32, 28, 28, 1]));
 * ```
 */
export function sequential(...parts: readonly (Layer | ((x: Variable) => Variable))[]): Layer {
  const layers = parts.filter((part) => typeof part !== "function");
  // A layer may stand in several places and is one set of parameters then.
  const parameters = [...new Set(layers.flatMap((layer) => layer.parameters))];
  const names = new Set<string>();
  for (const { name } of parameters) {
    if (names.has(name)) {
      throw new EdgewrightError(
        "invalid-argument",
        `sequential: two parameters are called "${name}"; give every layer a name of its own`,
      );
    }
    names.add(name);
  }
  return {
    parameters,
    apply: (x, options) =>
      parts.reduce<Variable>(
        (h, part) => (typeof part === "function" ? part(h) : part.apply(h, options)),
        x,
      ),
  };
}
