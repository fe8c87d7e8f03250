import { checkCounts } from "../runtime/check-counts.js";
import { createPlan, type Plan } from "../runtime/job.js";
import type { Kernels } from "../runtime/load.js";
import type { ResizeTable } from "./resize-table.js";

/** A resizing for {@link planResize2d}. */
export interface Resize2dSpec {
  /** Address of the operand, [n, h, w, c]. */
  readonly x: number;
  /** Address of the result, [n, oh, ow, c]; not the operand's. */
  readonly y: number;
  readonly n: number;
  readonly c: number;
  /** From {@link createResizeTable}: gives h and oh. */
  readonly rows: ResizeTable;
  /** From {@link createResizeTable}: gives w and ow. */
  readonly columns: ResizeTable;
}

/**
 * Plans resizing [n, h, w, c] to [n, oh, ow, c], separable: every output row and column is a weighted sum
 * of the input rows and columns that its table names. The tables are copied into the plan.
 *
 * @example
 * ```ts
 * const kernels = await loadKernels();
 * const x = kernels.arena.upload(new Float32Array([1, 2, 3, 4]));
 * const y = kernels.arena.allocate(64);
 * const axis = createResizeTable({ inputLength: 2, outputLength: 4, mode: "nearest" });
 * const plan = planResize2d(kernels, { x: x.ptr, y: y.ptr, n: 1, c: 1, rows: axis, columns: axis });
 * kernels.run(plan);
 * console.log(kernels.arena.f32(y.ptr, 4)); // 1, 1, 2, 2
 * ```
 */
export function planResize2d(kernels: Kernels, spec: Resize2dSpec): Plan {
  const { x, y, n, c, rows, columns } = spec;
  checkCounts("planResize2d", { n, c }, 1);
  const nearest = isSelection(rows) && isSelection(columns);
  const rowTable = nearest ? rows.indices : interleave(rows);
  const columnTable = nearest ? columns.indices : interleave(columns);
  const tables = kernels.arena.allocate(rowTable.byteLength + columnTable.byteLength);
  kernels.arena.i32(tables.ptr, rowTable.length).set(rowTable);
  const columnsAt = tables.ptr + rowTable.byteLength;
  kernels.arena.i32(columnsAt, columnTable.length).set(columnTable);
  const perRow = columns.outputLength * c * rows.taps * columns.taps;
  return createPlan(
    kernels.arena,
    [
      {
        kernel: nearest ? "resize_nearest_f32" : "resize_taps_f32",
        params: [
          x,
          y,
          rows.inputLength,
          columns.inputLength,
          c,
          rows.outputLength,
          columns.outputLength,
          tables.ptr,
          columnsAt,
          rows.taps,
          columns.taps,
        ],
        units: n * rows.outputLength,
        grain: Math.max(1, Math.ceil(65536 / perRow)),
      },
    ],
    [tables],
  );
}

function isSelection(table: ResizeTable): boolean {
  return table.taps === 1 && table.weights.every((weight) => weight === 1);
}

/** (index, bits of the weight) pairs. */
function interleave(table: ResizeTable): Int32Array {
  const words = new Int32Array(table.indices.length * 2);
  const bits = new Int32Array(new Float32Array(table.weights).buffer);
  table.indices.forEach((index, i) => {
    words[2 * i] = index;
    words[2 * i + 1] = bits[i]!;
  });
  return words;
}
