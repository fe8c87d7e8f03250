import type { Kernels } from "../runtime/load.js";
import { supportsRelaxedSimd } from "../runtime/relaxed-probe.js";
import { loadTrainingKernels } from "./load-training-kernels.js";

/** Every configuration that a training kernel must agree in: both builds, and two threads. */
export async function loadEveryTrainingKind(): Promise<[name: string, kernels: Kernels][]> {
  const kinds: [string, Kernels][] = [
    ["baseline", await loadTrainingKernels({ variant: "baseline" })],
    ["baseline, two threads", await loadTrainingKernels({ variant: "baseline", threads: 2 })],
  ];
  if (supportsRelaxedSimd()) {
    kinds.push(
      ["relaxed", await loadTrainingKernels({ variant: "relaxed" })],
      ["relaxed, two threads", await loadTrainingKernels({ variant: "relaxed", threads: 2 })],
    );
  }
  return kinds;
}
