import type { Kernels } from "../runtime/load.js";
import { supportsRelaxedSimd } from "../runtime/relaxed-probe.js";
import { loadLanguageKernels } from "./load-language-kernels.js";

/** Every configuration that a kernel must agree in: both builds, and two threads. */
export async function loadEveryLanguageKind(): Promise<[name: string, kernels: Kernels][]> {
  const kinds: [string, Kernels][] = [
    ["baseline", await loadLanguageKernels({ variant: "baseline" })],
    ["baseline, two threads", await loadLanguageKernels({ variant: "baseline", threads: 2 })],
  ];
  if (supportsRelaxedSimd()) {
    kinds.push(
      ["relaxed", await loadLanguageKernels({ variant: "relaxed" })],
      ["relaxed, two threads", await loadLanguageKernels({ variant: "relaxed", threads: 2 })],
    );
  }
  return kinds;
}
