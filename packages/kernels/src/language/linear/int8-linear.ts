import { type Int8ChannelTensor, type Int8GroupTensor, ShapeError } from "@edgewright/core";
import {
  checkGroupSize,
  checkLength,
  clampGroup,
  type GroupedRows,
  type GroupedSize,
  groupedBytes,
  packGroups,
  readFloats,
  type StepLayout,
} from "./group-stream.js";
import type { LinearDriver } from "./linear-driver.js";
import { preparedRowBytes, quantizeRows } from "./prepare-rows.js";
import { groupKernel, productJob } from "./product-job.js";

/** The product takes bytes in pairs, the even one unsigned: see assembly/generated/linear-groups.ts. */
const STEP: StepLayout = {
  columns: 4,
  zero: 0,
  put(bytes, at, codes, from) {
    bytes[at] = codes[from]! ^ 0x80;
    bytes[at + 1] = codes[from + 1]!;
    bytes[at + 2] = codes[from + 2]! ^ 0x80;
    bytes[at + 3] = codes[from + 3]!;
  },
};

/** Products with 8-bit weights, whose scales belong to groups of columns or to rows. */
export const int8Driver: LinearDriver = {
  pack(kernels, like, rows, cols) {
    const size = sizeOf(like as Int8Tensor, rows, cols);
    return packGroups<Int8Tensor>(kernels, size, STEP, (part) => {
      const rowsOfPart = groupedRows(part, cols, size.groupSize);
      if (rowsOfPart.readOffsets === undefined || size.offsets) return rowsOfPart;
      throw new ShapeError(
        "packLinear: expected no zeroPoints, as the first part has none; pack it apart",
      );
    });
  },
  weightBytes: (like, rows, cols) => groupedBytes(sizeOf(like as Int8Tensor, rows, cols), STEP),
  workspaceBytes({ cols, n, groupSize }) {
    const group = clampGroup(groupSize ?? 8, cols);
    const { out, info } = preparedRowBytes(cols, { group, columnBytes: 2 });
    // Of a size without groups: as many groups as there can be, and as much padding.
    return n * (groupSize === undefined ? 2 * out + info : out + info);
  },
  jobs(_kernels, request) {
    const group = request.weights.groupSize!;
    const { job, prepared } = quantizeRows(request, {
      kernel: "linear_quantize_int8",
      group,
      columnBytes: 2,
    });
    const product = groupKernel("linear_int8", request.weights);
    return [job, productJob(product, request, { ...prepared, groupSteps: group / 4 })];
  },
};

type Int8Tensor = Int8ChannelTensor | Int8GroupTensor;

/**
 * From so many rows on, a matrix is that of a vocabulary, which generation multiplies by one row of x or few: scales in
 * 16 bits make that faster by what they save. Tens of rows, as prompts have in layers, would take 3 % longer.
 */
const ROWS_OF_VOCABULARIES = 16384;

function sizeOf(like: Int8Tensor, rows: number, cols: number): GroupedSize {
  const offsets = like.format === "int8-channel" && like.zeroPoints !== undefined;
  const stored = like.format === "int8-group" && like.scales.dtype === "f16";
  const halves = stored && rows >= ROWS_OF_VOCABULARIES;
  return { format: like.format, rows, cols, groupSize: groupSizeOf(like, cols), offsets, halves };
}

/** Rows with one scale are cut into groups all the same, because x has a scale a group. */
function groupSizeOf(part: Int8Tensor, cols: number): number {
  if (part.format === "int8-channel") return Math.ceil(cols / Math.ceil(cols / 256) / 8) * 8;
  checkGroupSize(part.groupSize);
  return clampGroup(part.groupSize, cols);
}

function groupedRows(part: Int8Tensor, cols: number, groupSize: number): GroupedRows {
  const rows = part.shape[0]!;
  const groups = Math.ceil(cols / groupSize);
  if (part.format === "int8-group") {
    if (part.groupSize !== groupSize) checkGroupSize(part.groupSize);
    const width = Math.ceil(cols / part.groupSize) * part.groupSize;
    checkLength("groups of columns", Math.ceil(cols / part.groupSize), groups);
    checkLength("codes", part.codes.length, rows * width);
    checkLength("scales", part.scales.data.length, rows * groups);
    return {
      rows,
      readCodes: (row, target) => target.set(part.codes.subarray(row * width, row * width + cols)),
      readScales: (row, target) => readFloats(part.scales, row * groups, target),
    };
  }
  const { codes, scales, zeroPoints } = part;
  checkLength("codes", codes.length, rows * cols);
  checkLength("scales", scales.length, rows);
  const plain = {
    rows,
    readCodes: (row: number, target: Uint8Array) =>
      target.set(codes.subarray(row * cols, (row + 1) * cols)),
    readScales: (row: number, target: Float32Array) => {
      target.fill(scales[row]!);
    },
  };
  if (zeroPoints === undefined) return plain;
  checkLength("zeroPoints", zeroPoints.length, rows);
  return {
    ...plain,
    readOffsets: (row, target) => {
      target.fill(-zeroPoints[row]! * scales[row]!);
    },
  };
}
