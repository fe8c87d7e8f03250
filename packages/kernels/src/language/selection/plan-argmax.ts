import { createPlan, type Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { requireLanguage } from "../load-language-kernels.js";
import { checkRows } from "./check-rows.js";

/** Rows to find the largest element of, for {@link planArgmax}. */
export interface ArgmaxSpec {
  /** Address of the rows, f32 [rows, cols]. */
  readonly x: number;
  /** Address of the indices, i32 [rows]. */
  readonly y: number;
  readonly rows: number;
  readonly cols: number;
}

/**
 * Plans the index of every row's largest element: the first of equal ones, never that of a NaN; -1 where a row
 * has nothing else.
 *
 * @throws ShapeError for sizes that are no whole numbers.
 * @throws UnsupportedError for kernels without the language extension.
 */
export function planArgmax(kernels: Kernels, spec: ArgmaxSpec): Plan {
  const { x, y, rows, cols } = spec;
  requireLanguage("planArgmax", kernels);
  checkRows("planArgmax", rows, cols);
  const grain = Math.max(1, Math.ceil(32768 / cols));
  return createPlan(kernels.arena, [
    { kernel: "argmax_f32", params: [x, y, cols], units: rows, grain },
  ]);
}
