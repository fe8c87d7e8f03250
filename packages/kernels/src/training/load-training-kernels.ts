import { UnsupportedError } from "@edgewright/core";
import { TRAINING_BASELINE_WASM } from "../generated/training-baseline.js";
import { TRAINING_RELAXED_WASM } from "../generated/training-relaxed.js";
import {
  type KernelExtension,
  type Kernels,
  type LoadKernelsOptions,
  loadKernels,
} from "../runtime/load.js";

/**
 * The kernels that only training needs, for the `extensions` of {@link loadKernels}. Where compiling at run
 * time is forbidden, `{ ...trainingKernels, module }` takes the file
 * `@edgewright/kernels/kernels-training.wasm` or `kernels-training-relaxed.wasm`.
 */
export const trainingKernels: KernelExtension = {
  name: "training",
  wasm: (variant) => (variant === "relaxed" ? TRAINING_RELAXED_WASM : TRAINING_BASELINE_WASM),
};

/**
 * Loads the kernels together with {@link trainingKernels}.
 *
 * @throws EdgewrightError as {@link loadKernels} does.
 *
 * @example
 * ```ts
 * const kernels = await loadTrainingKernels();
 * console.log(kernels.extensions); // ["training"]
 * kernels.dispose();
 * ```
 */
export function loadTrainingKernels(
  options: Omit<LoadKernelsOptions, "extensions"> = {},
): Promise<Kernels> {
  return loadKernels({ ...options, extensions: [trainingKernels] });
}

/**
 * Refuses kernels that were loaded without the training extension, in the name of the function `where`.
 *
 * @throws UnsupportedError then.
 */
export function requireTraining(where: string, kernels: Kernels): void {
  if (kernels.extensions.includes("training")) return;
  throw new UnsupportedError(
    `${where}: these kernels were loaded without the training extension; load them by ` +
      "loadTrainingKernels() or loadKernels({ extensions: [trainingKernels] })",
  );
}
