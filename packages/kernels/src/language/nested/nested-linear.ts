import { EdgewrightError, type NestedTensor, ShapeError } from "@edgewright/core";
import type { JobSpec } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { checkLength, floatsOf } from "../linear/group-stream.js";
import type { LinearDriver, LinearRequest, LinearSize } from "../linear/linear-driver.js";
import { collectParts } from "../linear/linear-packing.js";
import type { PackedLinear } from "../linear/packed-linear.js";
import { productJob } from "../linear/product-job.js";
import { checkPlanes } from "./bit-plane-panels.js";
import { fillNestedPieces } from "./nested-pieces.js";
import { withOwnWords } from "./with-own-words.js";

const PANEL_ROWS = 8; // of a unit
const BLOCK_COLUMNS = 128;
const PIECE_BYTES = 32; // of a block: the upper two bits
const PLANE_BYTES = 16; // of a block and further bit
const LINE = 64;
const MOST_THREADS = 64; // that loadKernels takes
const roundUp = (value: number, multiple: number): number => Math.ceil(value / multiple) * multiple;

/**
 * Products with nested codes: any centroids, one table a row. Centroids are kept in 8 bits between the smallest and
 * the largest of their row and width (7 where the relaxed dot product is used), x in 15 bits (8) with a scale for
 * 128 columns.
 */
export const nestedDriver: LinearDriver = {
  pack(kernels, _like, rows, cols) {
    return collectParts<NestedTensor>(rows, (parts) =>
      packNestedLinear(kernels, parts, rows, cols),
    );
  },
  weightBytes(like, rows, cols) {
    const { seedBits, bits } = like as NestedTensor;
    const { codeBytes, tableBytes, factorBytes } = sizesOf(seedBits, bits, rows, cols);
    return codeBytes + tableBytes + factorBytes;
  },
  workspaceBytes(size) {
    const { codes, info, scratch } = workspaceOf(size);
    return size.n * (codes + info) + scratch * MOST_THREADS;
  },
  jobs(kernels, request) {
    return planJobs(kernels, request);
  },
};

/** Sizes and addresses of packed nested codes. */
export interface NestedLayout {
  /** Blocks of 128 columns. */
  readonly blocks: number;
  /** Rows rounded up to whole units. */
  readonly paddedRows: number;
  /** Address of the third plane. */
  readonly planesPtr: number;
  /** Bytes from one plane to the next. */
  readonly planeBytes: number;
  readonly tablesPtr: number;
  readonly factorsPtr: number;
}

/** Where the tables and factors of a width lie. */
export function nestedTablesAt(
  weights: PackedLinear,
  width: number,
): { tables: number; factors: number } {
  const { paddedRows, tablesPtr, factorsPtr } = weights.layout as unknown as NestedLayout;
  const { seedBits = 1 } = weights;
  return {
    tables: tablesPtr + entriesBefore(seedBits, width) * paddedRows,
    factors: factorsPtr + (width - seedBits) * paddedRows * 8,
  };
}

function packNestedLinear(
  kernels: Kernels,
  parts: readonly NestedTensor[],
  rows: number,
  cols: number,
): PackedLinear {
  const [{ format, seedBits, bits }] = parts as [NestedTensor];
  checkPlanes(parts, cols);
  const sizes = sizesOf(seedBits, bits, rows, cols);
  const { blocks, paddedRows, pieceBytes, planeBytes } = sizes;
  const { codeBytes, tableBytes, factorBytes } = sizes;
  const { ptr, bytes, dispose } = kernels.arena.allocate(codeBytes + tableBytes + factorBytes);
  const planesPtr = ptr + pieceBytes;
  const tablesPtr = ptr + codeBytes;
  const factorsPtr = tablesPtr + tableBytes;
  kernels.arena.u8(ptr, bytes).fill(0);
  const packed: PackedLinear = {
    ...{ format, rows, cols, bytes, seedBits, bits, ptr, dispose },
    bytesAt: (width = bits) =>
      paddedRows * (blocks * 16 * Math.max(2, width) + entriesOf(width) + 8),
    layout: {
      ...{ blocks, paddedRows, planesPtr, planeBytes, tablesPtr, factorsPtr },
    } satisfies NestedLayout,
    [Symbol.dispose]: dispose,
  };
  try {
    fillNestedPieces(kernels.arena.u8(ptr, codeBytes), parts, cols, paddedRows);
    fillTables(kernels, packed, parts);
  } catch (error) {
    dispose();
    throw error;
  }
  return packed;
}

function sizesOf(
  seedBits: number,
  bits: number,
  rows: number,
  cols: number,
): Record<
  | ("blocks" | "paddedRows")
  | ("pieceBytes" | "planeBytes" | "codeBytes" | "tableBytes" | "factorBytes"),
  number
> {
  const blocks = Math.ceil(cols / BLOCK_COLUMNS);
  const paddedRows = roundUp(rows, PANEL_ROWS);
  const pieceBytes = paddedRows * blocks * PIECE_BYTES;
  const planeBytes = paddedRows * blocks * PLANE_BYTES;
  return {
    ...{ blocks, paddedRows, pieceBytes, planeBytes },
    codeBytes: pieceBytes + Math.max(0, bits - 2) * planeBytes,
    tableBytes: entriesBefore(seedBits, bits + 1) * paddedRows,
    factorBytes: (bits - seedBits + 1) * paddedRows * 8,
  };
}

function fillTables(kernels: Kernels, packed: PackedLinear, parts: readonly NestedTensor[]): void {
  const { arena } = kernels;
  const largest = kernels.variant === "relaxed" ? 127 : 255;
  let first = 0;
  for (const part of parts) {
    const { seedBits, bits, rowsPerCodebook } = part;
    const rows = part.shape[0]!;
    const books = countBooks(rows, rowsPerCodebook);
    const centroids = floatsOf(part.codebooks);
    checkLength("centroids", centroids.length, books * (2 ** (bits + 1) - 2 ** seedBits));
    const bad = centroids.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) {
      throw new EdgewrightError(
        "invalid-argument",
        `packLinear: expected finite centroids, number ${bad} is ${centroids[bad]}`,
      );
    }
    for (let width = seedBits; width <= bits; width++) {
      const { tables, factors } = nestedTablesAt(packed, width);
      const start = books * (2 ** width - 2 ** seedBits);
      const entries = entriesOf(width);
      const table = arena.u8(tables + first * entries, rows * entries);
      const factor = arena.f32(factors + first * 8, rows * 2);
      for (let row = 0; row < rows; row++) {
        const from = start + Math.floor(row / rowsPerCodebook) * 2 ** width;
        const book = centroids.subarray(from, from + 2 ** width);
        const low = book.reduce((least, value) => Math.min(least, value));
        const step = (book.reduce((most, value) => Math.max(most, value)) - low) / largest;
        for (let at = 0; at < Math.max(4, 2 ** width); at++) {
          const value = book[codeOf(at, width)]!;
          const code = step > 0 ? Math.round((value - low) / step) : 0;
          table[row * entries + at] = Math.min(largest, code);
        }
        factor[row * 2] = step;
        factor[row * 2 + 1] = low;
      }
    }
    first += rows;
  }
}

/** The code whose bits, the upper two in order and then the further ones from the third bit up, number an entry. */
function codeOf(at: number, width: number): number {
  if (width === 1) return at >> 1;
  let code = at & 3;
  for (let plane = 2; plane < width; plane++) code = (code << 1) | ((at >> plane) & 1);
  return code;
}

/** Bytes of a row's table. */
function entriesOf(width: number): number {
  return Math.max(16, 2 ** width);
}

function entriesBefore(seedBits: number, width: number): number {
  let count = 0;
  for (let each = seedBits; each < width; each++) count += entriesOf(each);
  return count;
}

function countBooks(rows: number, rowsPerCodebook: number): number {
  if (Number.isSafeInteger(rowsPerCodebook) && rowsPerCodebook > 0) {
    return Math.ceil(rows / rowsPerCodebook);
  }
  throw new ShapeError(
    `packLinear: expected rowsPerCodebook to be a whole number from 1, got ${rowsPerCodebook}`,
  );
}

/** Bytes of a row of codes of x, of what goes with it, and of a thread's scratch. */
function workspaceOf({ cols, n }: Pick<LinearSize, "cols" | "n">): {
  codes: number;
  info: number;
  scratch: number;
} {
  const blocks = Math.ceil(cols / BLOCK_COLUMNS);
  return {
    codes: blocks * 256,
    info: roundUp(4 + blocks * 4, LINE),
    scratch: roundUp(2048 + n * 96, LINE),
  };
}

function planJobs(kernels: Kernels, request: LinearRequest): JobSpec[] {
  const { weights, x, n, xStrideBytes, workspace, bits = weights.bits! } = request;
  const { cols } = weights;
  const { blocks, paddedRows, planesPtr, planeBytes } = weights.layout as unknown as NestedLayout;
  const { info, scratch } = workspaceOf({ cols, n });
  const codes = blocks * (kernels.variant === "relaxed" ? 128 : 256);
  const infoAt = workspace + n * codes;
  const { tables, factors } = nestedTablesAt(weights, bits);
  const prepare: JobSpec = {
    kernel: "nested_rows",
    params: [x, workspace, infoAt, cols, blocks, xStrideBytes, codes, info],
    units: n,
    grain: Math.ceil(8192 / cols),
  };
  const layout = {
    panels: paddedRows / PANEL_ROWS,
    panelBytes: PANEL_ROWS * blocks * 16 * bits,
    steps: blocks,
    scalesPtr: tables,
  };
  const product = productJob(
    "linear_nested",
    { ...request, weights: { ...weights, layout } },
    {
      ...{ x: workspace, xStrideBytes: codes, info: infoAt, infoStrideBytes: info },
      groupSteps: bits,
    },
  );
  const scratchAt = infoAt + n * info;
  return [
    prepare,
    {
      ...withOwnWords(product, [planesPtr, planeBytes, factors, scratchAt, scratch]),
      grain: Math.ceil(4096 / (layout.panelBytes * Math.min(n, 8))),
    },
  ];
}
