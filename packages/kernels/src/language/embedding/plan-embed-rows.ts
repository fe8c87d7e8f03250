import { EdgewrightError, UnsupportedError } from "@edgewright/core";
import { checkCounts } from "../../runtime/check-counts.js";
import { createPlan, type JobSpec, type Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import type { PackedLinear } from "../linear/packed-linear.js";
import { requireLanguage } from "../load-language-kernels.js";

/** A choice of rows of packed weights for {@link planEmbedRows}; addresses are bytes in the arena. */
export interface EmbedRowsSpec {
  /** The table [vocabulary, dim]: what `packLinear` made of it, so that a tied output product shares its memory. */
  readonly table: PackedLinear;
  /** Address of the numbers of the rows, i32 [n]. */
  readonly ids: number;
  /** Address of y, f32 [n, dim]. */
  readonly y: number;
  /** Rows of y. */
  readonly n: number;
  /** Width to read at (`nested`, `binary-coded`). @default the largest */
  readonly bits?: number;
}

const ELEMENTS_WORTH_A_THREAD = 4096;

/**
 * Plans y[i] = row `ids[i]` of a table of packed weights, as 32-bit floats: the embeddings of tokens. The ids are
 * read when the plan runs. An id that is no row of the table gives zeros.
 *
 * @throws ShapeError for sizes that are no whole numbers, EdgewrightError `invalid-argument` for a width that the
 * table does not have, UnsupportedError without the language extension.
 *
 * @example
 * ```ts
 * const kernels = await loadLanguageKernels();
 * const table = packLinear(kernels, tensor("f32", [3, 2], [1, 2, 3, 4, 5, 6]));
 * const ids = kernels.arena.upload(Int32Array.of(2, 0));
 * const y = kernels.arena.allocate(16);
 * kernels.run(planEmbedRows(kernels, { table, ids: ids.ptr, y: y.ptr, n: 2 }));
 * console.log(kernels.arena.f32(y.ptr, 4)); // 5, 6, 1, 2
 * ```
 */
export function planEmbedRows(kernels: Kernels, spec: EmbedRowsSpec): Plan {
  const where = "planEmbedRows";
  requireLanguage(where, kernels);
  const { table, ids, y, n, bits } = spec;
  checkCounts(where, { n }, 1);
  checkWidth(where, table, bits);
  const { ptr, rows, cols } = table;
  const job: JobSpec = {
    kernel: kernelOf(table),
    params: [ptr, ids, y, rows, cols, table.layout.panelBytes!],
    units: n,
    grain: Math.ceil(ELEMENTS_WORTH_A_THREAD / cols),
  };
  return createPlan(kernels.arena, [job]);
}

function kernelOf({ format }: PackedLinear): string {
  switch (format) {
    case "f32":
      return "embed_f32";
    default:
      throw new UnsupportedError(
        `planEmbedRows: no rows are read from weights of format ${String(format)}; pack the embeddings as f32`,
      );
  }
}

function checkWidth(where: string, table: PackedLinear, bits: number | undefined): void {
  if (bits === undefined) return;
  const { seedBits, bits: most, format } = table;
  if (seedBits !== undefined && most !== undefined) {
    if (Number.isInteger(bits) && bits >= seedBits && bits <= most) return;
    throw new EdgewrightError(
      "invalid-argument",
      `${where}: expected bits from ${seedBits} to ${most}, got ${bits}`,
    );
  }
  throw new EdgewrightError(
    "invalid-argument",
    `${where}: a table of format ${format} has one width, got bits ${bits}; leave it out`,
  );
}
