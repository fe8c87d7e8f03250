import type { Allocation } from "../../runtime/arena.js";
import type { JobSpec } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";

/**
 * One job of the kernel `column_product_f32`: C[r, j] = sum over positions p of A[p + offset(r)] B[p, j], A
 * and B read in place; assembly/training/column-product.ts says what it serves. Distances are in floats.
 */
export interface ColumnProduct {
  /** Addresses of A, B and C at their first position, row and column. */
  readonly a: number;
  readonly b: number;
  readonly c: number;
  /** Rows of C whose values lie side by side in A, and how many such runs there are. */
  readonly runRows: number;
  readonly runs: readonly ColumnRun[];
  readonly columns: number;
  /** From one row of C to the next. */
  readonly cRow: number;
  /** Positions, and how far they are apart in A and in B. */
  readonly images: number;
  readonly height: number;
  readonly width: number;
  readonly aSteps: readonly [image: number, line: number, position: number];
  readonly bSteps: readonly [image: number, line: number, position: number];
  /** Adds to what C holds. */
  readonly accumulate: boolean;
  /** Products of one shape and the distances between them. */
  readonly products?: {
    readonly count: number;
    readonly a: number;
    readonly b: number;
    readonly c: number;
  };
}

/** Where a run's values lie relative to a position, and the positions that have them. */
export interface ColumnRun {
  readonly offset: number;
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/** Positions summed in registers at most: what C costs is shared by as many. */
const BLOCK_POSITIONS = 512;
/** Bytes of A and B that a block takes at most, a part of the L2 cache, unless that were too few positions. */
const BLOCK_BYTES = 96 * 1024;
const FEWEST_POSITIONS = 128;
/** Multiply-adds in a unit: some 20 microseconds. */
const UNIT_WORK = 2 ** 19;
/** A multiple of both tile heights, 4 and 6. */
const ROW_QUANTUM = 24;

/** The job for such a product; `own` receives the memory that must live as long as the plan. */
export function columnProductJob(
  kernels: Kernels,
  spec: ColumnProduct,
  own: Allocation[],
): JobSpec {
  const { runs, runRows, columns, images, height, width, products } = spec;
  const table = kernels.arena.upload(
    new Int32Array(
      runs.flatMap(({ offset, top, bottom, left, right }) => [
        offset * 4,
        top,
        bottom,
        left,
        right,
      ]),
    ),
  );
  own.push(table);
  const block = chooseBlock(spec);
  const unit = chooseUnit(spec, kernels.threads);
  const runChunks = Math.ceil(runs.length / unit.runs);
  const rowChunks = Math.ceil(runRows / unit.rows);
  const columnChunks = Math.ceil(columns / unit.columns);
  const count = products?.count ?? 1;
  const bytes = (steps: readonly number[]): number[] => steps.map((step) => step * 4);
  return {
    kernel: "column_product_f32",
    units: count * runChunks * rowChunks * columnChunks,
    params: [
      ...[spec.a, spec.b, spec.c],
      ...bytes([products?.a ?? 0, products?.b ?? 0, products?.c ?? 0]),
      ...[table.ptr, runs.length, runRows, columns, spec.cRow * 4, images, height, width],
      ...bytes(spec.aSteps),
      ...bytes(spec.bSteps),
      ...[block.images, block.lines, block.width],
      ...[unit.runs, unit.rows, unit.columns, runChunks, rowChunks, columnChunks],
      spec.accumulate ? 1 : 0,
    ],
  };
}

// The blocks decide the order of the sums: they must depend on the shape alone.
function chooseBlock({ images, height, width, runs, runRows, columns, aSteps }: ColumnProduct) {
  const perPosition =
    (Math.min(runs.length * runRows, Math.max(Math.abs(aSteps[2]), runRows)) + columns) * 4;
  const fit = Math.max(
    FEWEST_POSITIONS,
    Math.min(BLOCK_POSITIONS, Math.floor(BLOCK_BYTES / perPosition)),
  );
  if (width >= fit) return { images: 1, lines: 1, width: evenly(width, fit) };
  const lines = Math.floor(fit / width);
  if (height >= lines) return { images: 1, lines: evenly(height, lines), width };
  const together = Math.floor(lines / height);
  return { images: evenly(images, together), lines: height, width };
}

/** Parts of at most `most` and nearly the same size. */
function evenly(size: number, most: number): number {
  return Math.ceil(size / Math.ceil(size / most));
}

// Units may depend on the threads: every element of C is summed by one unit, whatever its others are.
function chooseUnit(spec: ColumnProduct, threads: number) {
  const { runs, runRows, columns, images, height, width } = spec;
  const all = { runs: runs.length, rows: runRows, columns: Math.ceil(columns / 8) * 8 };
  const positions = images * height * width;
  const work = positions * runs.length * runRows * columns;
  if (threads === 1 || work < 2 * UNIT_WORK) return all;
  // Eight units a thread are enough to even out.
  const share = Math.max(UNIT_WORK, work / (8 * threads));
  const perRow = positions * columns;
  if (perRow * runRows <= share) {
    return { ...all, runs: Math.max(1, Math.floor(share / (perRow * runRows))) };
  }
  const rows = Math.min(
    runRows,
    Math.max(ROW_QUANTUM, Math.floor(share / perRow / ROW_QUANTUM) * ROW_QUANTUM),
  );
  const panels = Math.max(1, Math.ceil(share / (positions * rows * 8)));
  return { runs: 1, rows, columns: Math.min(all.columns, panels * 8) };
}
