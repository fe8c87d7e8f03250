import { UnsupportedError } from "@edgewright/core";
import { LANGUAGE_BASELINE_WASM } from "../generated/language-baseline.js";
import { LANGUAGE_RELAXED_WASM } from "../generated/language-relaxed.js";
import {
  type KernelExtension,
  type Kernels,
  type LoadKernelsOptions,
  loadKernels,
} from "../runtime/load.js";

/**
 * The kernels that only language models need, for the `extensions` of {@link loadKernels}. Where compiling at run
 * time is forbidden, `{ ...languageKernels, module }` takes the file
 * `@edgewright/kernels/kernels-language.wasm` or `kernels-language-relaxed.wasm`.
 */
export const languageKernels: KernelExtension = {
  name: "language",
  wasm: (variant) => (variant === "relaxed" ? LANGUAGE_RELAXED_WASM : LANGUAGE_BASELINE_WASM),
};

/**
 * Loads the kernels together with {@link languageKernels}.
 *
 * @throws EdgewrightError as {@link loadKernels} does.
 *
 * @example
 * ```ts
 * const kernels = await loadLanguageKernels();
 * console.log(kernels.extensions); // ["language"]
 * kernels.dispose();
 * ```
 */
export function loadLanguageKernels(
  options: Omit<LoadKernelsOptions, "extensions"> = {},
): Promise<Kernels> {
  return loadKernels({ ...options, extensions: [languageKernels] });
}

/**
 * Refuses kernels that were loaded without the language extension, in the name of the function `where`.
 *
 * @throws UnsupportedError then.
 */
export function requireLanguage(where: string, kernels: Kernels): void {
  if (kernels.extensions.includes("language")) return;
  throw new UnsupportedError(
    `${where}: these kernels were loaded without the language extension; load them by ` +
      "loadLanguageKernels() or loadKernels({ extensions: [languageKernels] })",
  );
}
