import { ShapeError } from "@edgewright/core";
import type { Kernels } from "../runtime/load.js";
import type { RelaxedDotOperand } from "../runtime/relaxed-probe.js";
import { chooseInt8Path, type PackedInt8Weights, packPanels } from "./pack-panels.js";
import { padChannels } from "./prepare-activations.js";

/** A right-hand matrix of 8-bit codes, packed by {@link packInt8Matrix}. */
export interface PackedInt8Matrix extends PackedInt8Weights {
  /** Rows before padding. */
  readonly k: number;
  /** Columns before padding. */
  readonly n: number;
}

/** Arguments of {@link packInt8Matrix}. */
export interface PackInt8MatrixOptions {
  /** Codes, [rows, cols], or [cols, rows] when `transposed`. */
  readonly data: Int8Array | Uint8Array;
  readonly rows: number;
  readonly cols: number;
  /** @default false */
  readonly transposed?: boolean;
  /** One for all columns or one a column. @default 0 */
  readonly zeroPoint?: number | ArrayLike<number>;
  /**
   * How the engine reads the relaxed dot product's second operand; `"seven-bit"` asks for the path that
   * is the same everywhere. @default what {@link relaxedDotOperand} finds
   */
  readonly dotOperand?: RelaxedDotOperand;
}

/**
 * Packs the right-hand side of an int8 matrix product, once for any number of products.
 *
 * Takes 2 bytes a weight, or 1 where the engine has an exact byte dot product.
 *
 * @throws ShapeError when the sizes do not fit the data or the zero points.
 */
export function packInt8Matrix(kernels: Kernels, options: PackInt8MatrixOptions): PackedInt8Matrix {
  const { data, rows, cols, transposed = false, zeroPoint = 0, dotOperand } = options;
  if (!(rows >= 1 && cols >= 1) || data.length !== rows * cols) {
    throw new ShapeError(
      `packInt8Matrix: expected ${rows} x ${cols} codes, both from 1, got ${data.length}`,
    );
  }
  if (typeof zeroPoint !== "number" && zeroPoint.length !== cols) {
    throw new ShapeError(
      `packInt8Matrix: expected one zero point or ${cols}, got ${zeroPoint.length}`,
    );
  }
  const depth = Math.ceil(rows / 4) * 4;
  const columns = new Int16Array(cols * depth);
  const [rowStep, colStep] = transposed ? [1, rows] : [cols, 1];
  for (let n = 0; n < cols; n++) {
    const zero = typeof zeroPoint === "number" ? zeroPoint : zeroPoint[n]!;
    for (let k = 0; k < rows; k++) {
      columns[n * depth + k] = data[k * rowStep + n * colStep]! - zero;
    }
  }
  const path = chooseInt8Path(kernels, columns, dotOperand);
  const padded = padChannels(rows, path);
  const packed = packPanels(kernels, trimColumns(columns, depth, padded), 1, cols, padded, path);
  return { ...packed, k: rows, n: cols };
}

function trimColumns(columns: Int16Array, from: number, to: number): Int16Array {
  if (from === to) return columns;
  const count = columns.length / from;
  const trimmed = new Int16Array(count * to);
  for (let i = 0; i < count; i++) trimmed.set(columns.subarray(i * from, i * from + to), i * to);
  return trimmed;
}
