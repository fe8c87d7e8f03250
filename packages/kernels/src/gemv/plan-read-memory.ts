import { createPlan, type Plan } from "../runtime/job.js";
import type { Kernels } from "../runtime/load.js";

/**
 * Plans a pure read of memory, to measure the bandwidth that matrix-vector products are held against.
 *
 * @param ptr first byte
 * @param bytes rounded down to whole 4 kB
 */
export function planReadMemory(kernels: Kernels, ptr: number, bytes: number): Plan {
  const result = kernels.arena.allocate(16);
  const units = Math.floor(bytes / 4096);
  const job = { kernel: "read_memory", params: [ptr, result.ptr], units, grain: 16 };
  return createPlan(kernels.arena, [job], [result]);
}
