import { type Int4GroupTensor, ShapeError } from "@edgewright/core";
import type { Kernels, KernelVariant } from "../../runtime/load.js";
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

/** Nibbles from the lowest up are columns 0, 2, 4, 6 in the first two bytes and 1, 3, 5, 7 in the others. */
const TELESCOPING: StepLayout = {
  columns: 8,
  zero: 8,
  put(bytes, at, codes, from) {
    bytes[at] = codes[from]! | (codes[from + 2]! << 4);
    bytes[at + 1] = codes[from + 4]! | ((codes[from + 6]! ^ 8) << 4);
    bytes[at + 2] = codes[from + 1]! | (codes[from + 3]! << 4);
    bytes[at + 3] = codes[from + 5]! | ((codes[from + 7]! ^ 8) << 4);
  },
};

/** Byte j holds columns j (low) and j + 4. */
const DOTTING: StepLayout = {
  columns: 8,
  zero: 8,
  scalesFirst: true,
  put(bytes, at, codes, from) {
    bytes[at] = codes[from]! | (codes[from + 4]! << 4);
    bytes[at + 1] = codes[from + 1]! | (codes[from + 5]! << 4);
    bytes[at + 2] = codes[from + 2]! | (codes[from + 6]! << 4);
    bytes[at + 3] = codes[from + 3]! | (codes[from + 7]! << 4);
  },
};

/** Products with 4-bit weights in groups of columns. */
export const int4Driver: LinearDriver = {
  pack(kernels, like, rows, cols) {
    const size = sizeOf(like as Int4GroupTensor, rows, cols, kernels.variant);
    const groups = Math.ceil(cols / size.groupSize);
    const step = dots(kernels) ? DOTTING : TELESCOPING;
    return packGroups<Int4GroupTensor>(kernels, size, step, (part) => {
      if (hasOffsets(part) && !size.offsets) {
        throw new ShapeError(
          "packLinear: expected no mins or zeroPoints, as the first part has none; pack it apart",
        );
      }
      return groupedRows(part, cols, groups);
    });
  },
  weightBytes: (like, rows, cols, variant) =>
    groupedBytes(sizeOf(like as Int4GroupTensor, rows, cols, variant), TELESCOPING),
  workspaceBytes({ cols, n, groupSize }) {
    const group = clampGroup(groupSize ?? 8, cols);
    const { out } = preparedRowBytes(cols, { group, columnBytes: 2 });
    const { info } = preparedRowBytes(cols, { group: 8, columnBytes: 2, whole: group });
    // Of a size without groups: as much padding as there can be.
    return n * (groupSize === undefined ? 2 * out + 2 * info : out + info);
  },
  jobs(kernels, request) {
    const groupSize = request.weights.groupSize!;
    if (!dots(kernels)) {
      const { job, prepared } = quantizeRows(request, {
        kernel: "linear_quantize_int4",
        group: groupSize,
        columnBytes: 2,
      });
      return [job, productJob("linear_int4", request, { ...prepared, groupSteps: groupSize / 8 })];
    }
    const group = chunkOf(groupSize);
    const kernel = "linear_quantize_int4_dot";
    const { job, prepared } = quantizeRows(request, {
      ...{ kernel, group, columnBytes: 1 },
      whole: groupSize, // the product goes through all chunks of a group of weights
    });
    const steps = { groupSteps: group / 8, chunks: groupSize / group };
    const product = groupKernel("linear_int4_dot", request.weights);
    return [job, productJob(product, request, { ...prepared, ...steps })];
  },
};

/** The most columns that divide a group and whose sums fit 16 bits. */
function chunkOf(groupSize: number): number {
  return [32, 24, 16].find((columns) => groupSize % columns === 0) ?? 8;
}

/** Whether the build has the relaxed dot product. */
function dots(kernels: Kernels): boolean {
  return kernels.variant === "relaxed";
}

function groupedRows(part: Int4GroupTensor, cols: number, groups: number): GroupedRows {
  const rows = part.shape[0]!;
  checkGroupSize(part.groupSize);
  checkLength("groups of columns", Math.ceil(cols / part.groupSize), groups);
  const width = (groups * part.groupSize) / 2;
  checkLength("bytes of codes", part.codes.length, rows * width);
  checkLength("scales", part.scales.data.length, rows * groups);
  const readScales = (row: number, target: Float32Array): void =>
    readFloats(part.scales, row * groups, target);
  const plain = {
    rows,
    readCodes: (row: number, target: Uint8Array) => {
      const { codes } = part;
      let from = row * width;
      // The last byte may hold padding in its high nibble, for which target has room.
      for (let col = 0; col < cols; col += 2) {
        const byte = codes[from++]!;
        target[col] = byte & 15;
        target[col + 1] = byte >> 4;
      }
    },
    readScales,
  };
  const { mins, zeroPoints } = part;
  // The products take 8 off a code, so what is left to add is this.
  if (mins) {
    checkLength("mins", mins.data.length, rows * groups);
    const scales = new Float32Array(groups);
    return {
      ...plain,
      readOffsets(row, target) {
        readScales(row, scales);
        readFloats(mins, row * groups, target);
        for (let i = 0; i < groups; i++) target[i] = 8 * scales[i]! - target[i]!;
      },
    };
  }
  if (zeroPoints === undefined) return plain;
  const zeroBytes = Math.ceil(groups / 2);
  checkLength("bytes of zeroPoints", zeroPoints.length, rows * zeroBytes);
  return {
    ...plain,
    readOffsets(row, target) {
      readScales(row, target);
      for (let i = 0; i < groups; i++) {
        const zero = (zeroPoints[row * zeroBytes + (i >> 1)]! >> ((i & 1) * 4)) & 15;
        target[i] = (8 - zero) * target[i]!;
      }
    },
  };
}

function sizeOf(
  like: Int4GroupTensor,
  rows: number,
  cols: number,
  variant: KernelVariant,
): GroupedSize {
  checkGroupSize(like.groupSize);
  const groupSize = clampGroup(like.groupSize, cols);
  const offsets = hasOffsets(like);
  // The product of the other build is bound by its instructions, and would lose what memory gains.
  const halves = like.scales.dtype === "f16" && !offsets && variant === "relaxed";
  return { format: like.format, rows, cols, groupSize, offsets, halves };
}

function hasOffsets({ mins, zeroPoints }: Int4GroupTensor): boolean {
  return mins !== undefined || zeroPoints !== undefined;
}
