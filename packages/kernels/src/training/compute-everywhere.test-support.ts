import { computeFloats } from "../runtime/fixtures.test-support.js";
import type { Plan } from "../runtime/job.js";
import type { Kernels } from "../runtime/load.js";

/**
 * Computes a result with every kind of kernels and gives those of the different builds. Fails when the
 * number of threads changes a single bit.
 */
export function computeEverywhere(
  kinds: readonly (readonly [name: string, kernels: Kernels])[],
  inputs: readonly ArrayBufferView[],
  length: number,
  make: (kernels: Kernels, addresses: number[], y: number) => Plan,
): Float32Array[] {
  const byVariant = new Map<string, Float32Array>();
  for (const [name, kernels] of kinds) {
    const result = computeFloats(kernels, inputs, length, (at, y) => make(kernels, at, y));
    const before = byVariant.get(kernels.variant);
    if (before === undefined) byVariant.set(kernels.variant, result);
    else {
      const words = new Int32Array(result.buffer, result.byteOffset, result.length);
      const wordsBefore = new Int32Array(before.buffer, before.byteOffset, before.length);
      const at = words.findIndex((word, i) => word !== wordsBefore[i]);
      if (at >= 0) throw new Error(`${name}: other bits at ${at}: ${result[at]}, ${before[at]}`);
    }
  }
  return [...byVariant.values()];
}
