import { EdgewrightError, ShapeError } from "@edgewright/core";
import type { Allocation } from "../../runtime/arena.js";
import { checkCounts } from "../../runtime/check-counts.js";
import { createPlan, type JobSpec, type Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import type { PackedLinear } from "../linear/packed-linear.js";
import { requireLanguage } from "../load-language-kernels.js";
import { type BinaryCodedLayout, binaryScalesAt } from "../nested/binary-coded-linear.js";
import { type NestedLayout, nestedTablesAt } from "../nested/nested-linear.js";

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
 * @throws ShapeError for sizes that are no whole numbers or too large, EdgewrightError `invalid-argument` for a width that the
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
  if (n * table.cols >= 2 ** 30) {
    throw new ShapeError(
      `${where}: y of [${n}, ${table.cols}] does not fit into the 4 GiB of WebAssembly's memory`,
    );
  }
  checkWidth(where, table, bits);
  const own: Allocation[] = [];
  if (table.format === "nested") own.push(kernels.arena.allocate(DECODED_BYTES * kernels.threads));
  const job: JobSpec = {
    kernel: `embed_${readerOf(table)}`,
    params: [
      ...[table.ptr, ids, y, table.rows, table.cols],
      ...wordsOf(table, bits ?? table.bits ?? 0, own[0]?.ptr ?? 0),
    ],
    units: n,
    grain: Math.ceil(ELEMENTS_WORTH_A_THREAD / table.cols),
  };
  return createPlan(kernels.arena, [job], own);
}

const DECODED_BYTES = 512; // of a thread

function readerOf({ format }: PackedLinear): string {
  switch (format) {
    case "int8-channel":
    case "int8-group":
      return "int8";
    case "int4-group":
      return "int4";
    case "binary-coded":
      return "binary_coded";
    default:
      return format;
  }
}

/** The argument words behind the common ones: see assembly/language/embed-rows.ts and nested/embed.ts. */
function wordsOf(table: PackedLinear, bits: number, scratch: number): readonly number[] {
  if (table.format === "nested") {
    const { blocks, planesPtr, planeBytes } = table.layout as unknown as NestedLayout;
    const { tables, factors } = nestedTablesAt(table, bits);
    return [blocks, bits, tables, planesPtr, planeBytes, factors, scratch];
  }
  if (table.format === "binary-coded") {
    const { steps, panels, first, groupSteps, groups, halves } =
      table.layout as unknown as BinaryCodedLayout;
    return [steps, bits, binaryScalesAt(table, bits), panels, first, groupSteps, groups, halves];
  }
  const { panelBytes = 0, groupBytes = 0, offsets = 0, scalesPtr = 0 } = table.layout;
  const { codesAt = 0, scalesAt = 0, lift = 0 } = table.layout;
  const places = [scalesPtr, codesAt, scalesAt, lift];
  return [panelBytes, table.groupSize ?? 0, groupBytes, offsets, ...places];
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
