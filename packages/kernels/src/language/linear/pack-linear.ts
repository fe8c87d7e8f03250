import { ShapeError, sizeOf } from "@edgewright/core";
import type { Kernels } from "../../runtime/load.js";
import { requireLanguage } from "../load-language-kernels.js";
import { linearDriverOf } from "./linear-driver.js";
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
  const format = formatOf(first);
  const [, cols] = matrixOf(first);
  let rows = 0;
  for (const part of parts) {
    const [partRows, partCols] = matrixOf(part);
    if (formatOf(part) !== format || partCols !== cols) {
      throw new ShapeError(
        `packLinear: expected matrices of format ${format} and ${cols} columns, as the first is, got ` +
          `${formatOf(part)} and ${partCols}; pack it apart`,
      );
    }
    rows += partRows;
  }
  return linearDriverOf("packLinear", format).pack(kernels, parts, rows, cols);
}

function formatOf(weights: LinearWeights): LinearFormat {
  return "format" in weights ? weights.format : weights.dtype;
}

function matrixOf(weights: LinearWeights): readonly [rows: number, cols: number] {
  const { shape } = weights;
  const [rows = 0, cols = 0] = shape;
  const sized = Number.isSafeInteger(rows) && rows >= 1 && Number.isSafeInteger(cols) && cols >= 1;
  if (shape.length !== 2 || !sized || cols > 65536 || rows > 2 ** 24) {
    throw new ShapeError(
      "packLinear: expected a matrix [rows, columns] of at most 2^24 rows and 65536 columns, got " +
        `[${shape.join(", ")}]`,
    );
  }
  if ("data" in weights && weights.data.length !== sizeOf(shape)) {
    throw new ShapeError(
      `packLinear: expected ${sizeOf(shape)} elements for shape [${shape.join(", ")}], got ${weights.data.length}`,
    );
  }
  return [rows, cols];
}
