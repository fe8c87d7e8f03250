import type { JobSpec } from "../../runtime/job.js";
import type { LinearRequest } from "./linear-driver.js";
import type { PreparedRows } from "./product-job.js";

const LINE = 64;
const roundUp = (value: number, multiple: number): number => Math.ceil(value / multiple) * multiple;

/** How a row of x is quantised. */
export interface Quantization {
  readonly kernel: string;
  /** Columns that share a scale of x, a multiple of 8. */
  readonly group: number;
  /** Columns are made up by zeros to a multiple of this, itself one of `group`. @default group */
  readonly whole?: number;
  /** Bytes that a column takes afterwards. */
  readonly columnBytes: number;
}

/** Bytes of one row of x, prepared, and of what goes with it. */
export function preparedRowBytes(
  cols: number,
  { group, columnBytes, whole = group }: Omit<Quantization, "kernel">,
): { groups: number; out: number; info: number } {
  const groups = (Math.ceil(cols / whole) * whole) / group;
  return {
    groups,
    out: roundUp(groups * group * columnBytes, LINE),
    info: roundUp(groups * 16, LINE),
  };
}

/** The job that quantises the rows of x into the workspace: the words of assembly/language/linear/quantize.ts. */
export function quantizeRows(
  { weights, x, n, xStrideBytes, workspace }: LinearRequest,
  quantization: Quantization,
): { job: JobSpec; prepared: PreparedRows } {
  const { kernel, group } = quantization;
  const { cols } = weights;
  const { groups, out, info } = preparedRowBytes(cols, quantization);
  const infoAt = workspace + n * out;
  return {
    job: {
      kernel,
      params: [...[x, workspace, infoAt, cols, group, groups], ...[xStrideBytes, out, info]],
      units: n,
      grain: Math.ceil(8192 / cols),
    },
    prepared: { x: workspace, xStrideBytes: out, info: infoAt, infoStrideBytes: info },
  };
}
