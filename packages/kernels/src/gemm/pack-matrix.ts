import { ShapeError } from "@edgewright/core";
import type { Allocation } from "../runtime/arena.js";
import type { Kernels } from "../runtime/load.js";

/** Columns of a panel: two vectors. */
const PANEL_COLUMNS = 8;

/**
 * Constants below this magnitude are packed as 0. Folded batch normalisation leaves dead channels of
 * 1e-38 and the like; their products are subnormal numbers, which cost a processor 3 to 4 times a
 * normal multiply-add, and WebAssembly has no flush-to-zero mode.
 */
export const SMALLEST_WEIGHT: number = 2 ** -100;

/** A matrix [k, n] in the panels that the multiply kernels read. */
export interface PackedMatrix {
  readonly ptr: number;
  readonly k: number;
  readonly n: number;
  readonly bytes: number;
  /** Gives the memory back. A second call does nothing. */
  dispose(): void;
  /** `dispose` for a `using` declaration. */
  [Symbol.dispose](): void;
}

/** What {@link packMatrix} packs. */
export interface PackMatrixOptions {
  /** The matrix, row-major; a number is an address in the arena. */
  readonly data: Float32Array | number;
  /** k, the dimension that a product sums over. */
  readonly rows: number;
  /** n, the columns of a product. */
  readonly cols: number;
  /** Whether `data` holds the transpose, [cols, rows]. @default false */
  readonly transposed?: boolean;
}

/** Floats that a packed [k, n] takes: columns rounded up to a panel. */
export function packedFloats(k: number, n: number): number {
  return Math.ceil(n / PANEL_COLUMNS) * PANEL_COLUMNS * k;
}

/**
 * Packs a constant matrix B [rows, cols] once, for any number of products by {@link planGemm}.
 *
 * The layout is [cols / 8][rows][8], zeros behind the last column. Values smaller than 2^-100 become
 * 0: they would make products subnormal, which costs 3 to 4 times a normal multiply-add.
 *
 * @throws ShapeError when `data` does not hold rows x cols values.
 */
export function packMatrix(kernels: Kernels, options: PackMatrixOptions): PackedMatrix {
  const { data, rows, cols, transposed = false } = options;
  if (!(rows >= 1 && cols >= 1 && Number.isInteger(rows) && Number.isInteger(cols))) {
    throw new ShapeError(`packMatrix: expected whole rows and cols from 1, got [${rows}, ${cols}]`);
  }
  if (typeof data !== "number" && data.length !== rows * cols) {
    throw new ShapeError(
      `packMatrix: expected ${rows} x ${cols} = ${rows * cols} values, got ${data.length}`,
    );
  }
  const memory = kernels.arena.allocate(packedFloats(rows, cols) * 4);
  const source = typeof data === "number" ? kernels.arena.f32(data, rows * cols) : data;
  const out = kernels.arena.f32(memory.ptr, memory.bytes / 4);
  const [rowStep, colStep] = transposed ? [1, rows] : [cols, 1];
  packPanels(out, 0, rows, cols, (i, j) => source[i * rowStep + j * colStep]!);
  return packedMatrix(memory, rows, cols);
}

/** Writes one [k, n] of values into panels at `out[at...]`. */
export function packPanels(
  out: Float32Array,
  at: number,
  k: number,
  n: number,
  value: (i: number, j: number) => number,
): void {
  let to = at;
  for (let column = 0; column < n; column += PANEL_COLUMNS) {
    const count = Math.min(PANEL_COLUMNS, n - column);
    for (let i = 0; i < k; i++, to += PANEL_COLUMNS) {
      for (let j = 0; j < PANEL_COLUMNS; j++) {
        const v = j < count ? value(i, column + j) : 0;
        out[to + j] = Math.abs(v) < SMALLEST_WEIGHT ? 0 : v;
      }
    }
  }
}

function packedMatrix(memory: Allocation, k: number, n: number): PackedMatrix {
  const dispose = (): void => memory.dispose();
  return { ptr: memory.ptr, k, n, bytes: memory.bytes, dispose, [Symbol.dispose]: dispose };
}
