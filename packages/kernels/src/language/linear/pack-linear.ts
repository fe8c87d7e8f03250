import { type Int4GroupTensor, ShapeError, sizeOf } from "@edgewright/core";
import type { Kernels, KernelVariant } from "../../runtime/load.js";
import { supportsRelaxedSimd } from "../../runtime/relaxed-probe.js";
import { requireLanguage } from "../load-language-kernels.js";
import { linearDriverOf } from "./linear-driver.js";
import type { LinearPacking } from "./linear-packing.js";
import type { LinearFormat, LinearWeights, PackedLinear } from "./packed-linear.js";

/**
 * Packs the weights W [rows, cols] of y = W x for {@link planLinear}, in the format that they have.
 *
 * Several matrices of the same format and number of columns become one, their rows after one another: query, key
 * and value, or gate and up, then cost one product.
 *
 * @throws ShapeError when sizes do not fit one another, EdgewrightError `invalid-argument` for matrices of
 * different formats and for codes out of range, UnsupportedError without the language extension.
 *
 * @example
 * ```ts
 * const kernels = await loadLanguageKernels();
 * const weights = packLinear(kernels, tensor("f32", [2, 3], [1, 2, 3, 4, 5, 6]));
 * const x = kernels.arena.upload(new Float32Array([1, 1, 1]));
 * const y = kernels.arena.allocate(8);
 * kernels.run(planLinear(kernels, { weights, x: x.ptr, y: y.ptr, n: 1 }));
 * console.log(kernels.arena.f32(y.ptr, 2)); // 6, 15
 * ```
 */
export function packLinear(
  kernels: Kernels,
  weights: LinearWeights | readonly LinearWeights[],
): PackedLinear {
  requireLanguage("packLinear", kernels);
  const parts = Array.isArray(weights)
    ? (weights as readonly LinearWeights[])
    : [weights as LinearWeights];
  const first = parts[0];
  if (first === undefined)
    throw new ShapeError("packLinear: expected one matrix or more, got none");
  const rows = parts.reduce((sum, part) => sum + matrixOf(part)[0], 0);
  const packing = packLinearParts(
    kernels,
    parts.find(hasOffsets) ?? parts.find(hasFloatScales) ?? first,
    rows,
  );
  try {
    for (const part of parts) packing.append(part);
    return packing.finish();
  } catch (error) {
    packing.dispose();
    throw error;
  }
}

/**
 * As {@link packLinear}, of a matrix that comes a part of its rows at a time: a file is packed as it is read, and
 * never lies in memory as a whole. Of formats `nested` and `binary-coded` parts are kept until the end.
 *
 * @param like a part that has what all have: format, columns, sizes of groups; it may have no rows, and is not packed
 * @param rows rows of all parts together
 *
 * @throws as {@link packLinear}.
 *
 * @example
 * ```ts
 * const kernels = await loadLanguageKernels();
 * const packing = packLinearParts(kernels, tensor("f32", [0, 3], []), 2);
 * packing.append(tensor("f32", [1, 3], [1, 2, 3]));
 * packing.append(tensor("f32", [1, 3], [4, 5, 6]));
 * console.log(packing.finish().rows); // 2
 * ```
 */
export function packLinearParts(
  kernels: Kernels,
  like: LinearWeights,
  rows: number,
): LinearPacking {
  requireLanguage("packLinear", kernels);
  const format = formatOf(like);
  const cols = columnsOf(like, rows);
  const packing = linearDriverOf("packLinear", format).pack(kernels, like, rows, cols);
  return {
    ...packing,
    append(part) {
      const [, partCols] = matrixOf(part);
      if (formatOf(part) !== format || partCols !== cols) {
        throw new ShapeError(
          `packLinear: expected matrices of format ${format} and ${cols} columns, as the first is, got ` +
            `${formatOf(part)} and ${partCols}; pack it apart`,
        );
      }
      packing.append(part);
    },
  };
}

/** Options of {@link packedLinearBytes}. */
export interface PackedLinearBytesOptions {
  /** The build that multiplies: with relaxed SIMD some scales take 16 bits. @default what the engine can run */
  readonly variant?: KernelVariant;
}

/**
 * Bytes of WebAssembly memory that {@link packLinear} will take for a matrix.
 *
 * @param like a weight of the matrix's format and columns; its rows and codes do not matter
 * @throws as {@link packLinear}.
 */
export function packedLinearBytes(
  like: LinearWeights,
  rows: number,
  { variant = supportsRelaxedSimd() ? "relaxed" : "baseline" }: PackedLinearBytesOptions = {},
): number {
  const cols = columnsOf(like, rows);
  const driver = linearDriverOf("packedLinearBytes", formatOf(like));
  return driver.weightBytes(like, rows, cols, variant);
}

/** Whether what is added to weights lies beside their scales. */
function hasOffsets(part: LinearWeights): boolean {
  const { zeroPoints, mins } = part as Partial<Int4GroupTensor>;
  return zeroPoints !== undefined || mins !== undefined;
}

/** Whether the scales of groups take 32 bits, as then those of all parts do. */
function hasFloatScales(part: LinearWeights): boolean {
  const { scales } = part as Partial<Int4GroupTensor>;
  return scales?.dtype === "f32";
}

function columnsOf({ shape }: LinearWeights, rows: number): number {
  checkSize([rows, ...shape.slice(1)]);
  return shape[1]!;
}

function formatOf(weights: LinearWeights): LinearFormat {
  return "format" in weights ? weights.format : weights.dtype;
}

function matrixOf(weights: LinearWeights): readonly [rows: number, cols: number] {
  const { shape } = weights;
  checkSize(shape);
  if ("data" in weights && weights.data.length !== sizeOf(shape)) {
    throw new ShapeError(
      `packLinear: expected ${sizeOf(shape)} elements for shape [${shape.join(", ")}], got ${weights.data.length}`,
    );
  }
  return shape as readonly [number, number];
}

function checkSize(shape: readonly number[]): void {
  const [rows = 0, cols = 0] = shape;
  const sized = Number.isSafeInteger(rows) && rows >= 1 && Number.isSafeInteger(cols) && cols >= 1;
  if (shape.length === 2 && sized && cols <= 65536 && rows <= 2 ** 24) return;
  throw new ShapeError(
    "packLinear: expected a matrix [rows, columns] of at most 2^24 rows and 65536 columns, got " +
      `[${shape.join(", ")}]`,
  );
}
