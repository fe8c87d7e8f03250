import type { Allocation } from "../../runtime/arena.js";
import type { JobSpec } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";

/** The job that copies some columns of x [rows, columns] to y [rows, channels.length]. */
export function pickColumnsJob(
  kernels: Kernels,
  spec: {
    readonly x: number;
    readonly y: number;
    readonly rows: number;
    readonly columns: number;
    readonly channels: readonly number[];
  },
  own: Allocation[],
): JobSpec {
  const { x, y, rows, columns, channels } = spec;
  const numbers = kernels.arena.upload(Int32Array.from(channels));
  own.push(numbers);
  return {
    kernel: "pick_columns_f32",
    params: [x, y, columns, channels.length, numbers.ptr, 0],
    units: rows,
    grain: Math.ceil(4096 / channels.length),
  };
}
