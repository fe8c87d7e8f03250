import { EdgewrightError, type PackedTensor, ShapeError } from "@edgewright/core";
import type { Kernels, KernelVariant } from "../runtime/load.js";
import type { GemvWeights, Int4GemvWeights, PackedGemvWeights } from "./gemv-weights.js";
import { gemvWeightsOfPacked } from "./gemv-weights-of-packed.js";

type Layout = Pick<PackedGemvWeights, "kernel" | "panels" | "panelBytes" | "steps" | "groupSize">;

/**
 * Repacks the weights of y = W x for {@link planGemv}: panels of 16 rows (ternary: 64), each one
 * sequential stream, because several streams a power of two apart halve the memory's speed.
 *
 * Takes plain arrays of codes, or a packed tensor of `@edgewright/core`.
 *
 * @throws ShapeError when sizes do not fit the data, and EdgewrightError `invalid-argument` for codes
 * out of range or half floats that are not finite, `unsupported` for packed tensors without a kernel.
 */
export function packGemvWeights(
  kernels: Kernels,
  source: GemvWeights | PackedTensor,
): PackedGemvWeights {
  const weights = "shape" in source ? gemvWeightsOfPacked(source) : source;
  checkWeights(weights);
  const { format, rows, cols } = weights;
  const layout = layoutOf(weights, kernels.variant);
  const codeBytes = layout.panels * layout.panelBytes;
  const scaleRows =
    format === "int8" || format === "ternary" ? layout.panels * panelRows(format) : 0;
  const { ptr, bytes, dispose } = kernels.arena.allocate(codeBytes + scaleRows * 4);
  const stream = kernels.arena.u8(ptr, bytes);
  try {
    if (weights.format === "f32") {
      const target = new Float32Array(stream.buffer, ptr, codeBytes / 4);
      fillPanels(target, weights, weights.data, 16, (row) => row);
    } else if (weights.format === "int8") {
      packInt8(stream, weights.data, weights, layout.panelBytes);
    } else if (weights.format === "int4") packInt4(kernels, ptr, weights, layout);
    else if (weights.format === "ternary") {
      packTernary(stream, weights.data, weights, layout.panelBytes);
    } else {
      const target = new Uint16Array(stream.buffer, ptr, codeBytes / 2);
      fillPanels(target, weights, weights.data, 16, halfLane);
    }
  } catch (error) {
    dispose();
    throw error;
  }
  if (scaleRows > 0) {
    const { scales } = weights as { scales: number | Float32Array };
    const target = kernels.arena.f32(ptr + codeBytes, scaleRows).fill(0);
    if (typeof scales === "number") target.fill(scales, 0, rows);
    else target.set(scales);
  }
  const shape = { format, rows, cols, ...layout };
  return { ...shape, ptr, bytes, scalesPtr: ptr + codeBytes, dispose, [Symbol.dispose]: dispose };
}

/** Rows of a panel. */
function panelRows(format: string): number {
  return format === "ternary" ? 64 : 16;
}

function layoutOf(weights: GemvWeights, variant: KernelVariant): Layout {
  const { format, rows, cols } = weights;
  const common = { kernel: `gemv_${format}`, panels: Math.ceil(rows / panelRows(format)) };
  switch (format) {
    case "f32":
      return { ...common, panelBytes: cols * 64, steps: cols, groupSize: 0 };
    case "f16":
    case "bf16":
      return { ...common, panelBytes: cols * 32, steps: cols, groupSize: 0 };
    case "int8": {
      const steps = Math.ceil(cols / 4);
      return { ...common, panelBytes: steps * 64, steps, groupSize: 0 };
    }
    case "int4": {
      const { groupSize } = weights;
      const steps = Math.ceil(cols / groupSize);
      const dot = variant === "relaxed" && groupSize % 32 === 0;
      const kernel = dot ? "gemv_int4_dot" : "gemv_int4";
      return { ...common, kernel, panelBytes: steps * (groupSize * 8 + 64), steps, groupSize };
    }
    case "ternary": {
      const steps = Math.ceil(cols / 4);
      return { ...common, panelBytes: steps * 64, steps, groupSize: 0 };
    }
  }
}

function checkWeights(weights: GemvWeights): void {
  const { format, rows, cols, data } = weights;
  if (!(rows >= 1 && cols >= 1) || data.length !== rows * cols) {
    throw new ShapeError(
      `packGemvWeights: expected ${rows} x ${cols} weights, both from 1, got ${data.length}`,
    );
  }
  if (cols > 65536) {
    throw new ShapeError(`packGemvWeights: expected at most 65536 columns, got ${cols}`);
  }
  if (format === "int4") {
    const { groupSize, scales } = weights;
    if (!Number.isInteger(groupSize / 8) || groupSize < 8 || groupSize > 1024) {
      throw new ShapeError(
        `packGemvWeights: expected a groupSize that is a multiple of 8 up to 1024, got ${groupSize}`,
      );
    }
    const expected = rows * Math.ceil(cols / groupSize);
    if (scales.length !== expected) {
      throw new ShapeError(`packGemvWeights: expected ${expected} scales, got ${scales.length}`);
    }
  } else if (format === "int8" || format === "ternary") {
    const { scales } = weights;
    if (typeof scales !== "number" && scales.length !== rows) {
      throw new ShapeError(`packGemvWeights: expected one scale or ${rows}, got ${scales.length}`);
    }
  } else if (format !== "f32") {
    const infinite = format === "f16" ? 0x7c00 : 0x7f80;
    const bad = weights.data.findIndex((bits) => (bits & infinite) === infinite);
    if (bad >= 0) {
      throw new EdgewrightError(
        "invalid-argument",
        `packGemvWeights: expected finite ${format} weights, element ${bad} is not`,
      );
    }
  }
}

/** Lane order of the 16-bit formats: a 32-bit lane holds rows i (low half) and i + 4 of 8 rows. */
function halfLane(row: number): number {
  return (row & 8) | ((row & 3) << 1) | ((row >> 2) & 1);
}

type Plain = { rows: number; cols: number; transposed?: boolean };

function stepsOf({ rows, cols, transposed }: Plain): [rowStep: number, colStep: number] {
  return transposed ? [1, rows] : [cols, 1];
}

// One element a column and row: [panel][column][row].
function fillPanels<T extends Float32Array | Uint16Array>(
  target: T,
  shape: Plain,
  data: T,
  height: number,
  laneOf: (row: number) => number,
): void {
  const { rows, cols } = shape;
  const [rowStep, colStep] = stepsOf(shape);
  target.fill(0);
  for (let row = 0; row < rows; row++) {
    const inPanel = row % height;
    const base = (row - inPanel) * cols + laneOf(inPanel);
    for (let col = 0, from = row * rowStep; col < cols; col++, from += colStep) {
      target[base + col * height] = data[from]!;
    }
  }
}

// [panel][4 columns][row][4], even columns with 128 added.
function packInt8(stream: Uint8Array, data: Int8Array, shape: Plain, panelBytes: number): void {
  const [rowStep, colStep] = stepsOf(shape);
  const zeros = new Uint32Array(stream.buffer, stream.byteOffset, stream.byteLength >> 2);
  zeros.fill(0x00800080);
  for (let row = 0; row < shape.rows; row++) {
    const base = (row >> 4) * panelBytes + (row & 15) * 4;
    for (let col = 0, from = row * rowStep; col < shape.cols; col++, from += colStep) {
      stream[base + (col >> 2) * 64 + (col & 3)] = data[from]! ^ (col & 1 ? 0 : 0x80);
    }
  }
}

// [panel][group]: [8 columns][row][4 bytes], then the 16 scales.
function packInt4(kernels: Kernels, ptr: number, weights: Int4GemvWeights, layout: Layout): void {
  const { rows, cols, data, scales, groupSize } = weights;
  const [rowStep, colStep] = stepsOf(weights);
  const dot = layout.kernel === "gemv_int4_dot";
  const groupBytes = groupSize * 8 + 64;
  const bytes = layout.panels * layout.panelBytes;
  const stream = kernels.arena.u8(ptr, bytes);
  const words = kernels.arena.i32(ptr, bytes / 4).fill(dot ? 0x88888888 : 0x08880888); // zeros
  const floats = kernels.arena.f32(ptr, bytes / 4);
  // Byte and shift of each of 8 columns in a row's word; the plain kernel's highest nibbles are signed.
  const byteOf = dot ? [0, 1, 2, 3, 0, 1, 2, 3] : [0, 2, 0, 2, 1, 3, 1, 3];
  const shiftOf = dot ? [0, 0, 0, 0, 4, 4, 4, 4] : [0, 0, 4, 4, 0, 0, 4, 4];
  const flipOf = dot ? [0, 0, 0, 0, 0, 0, 0, 0] : [0, 0, 0, 0, 0, 0, 8, 8];
  for (let row = 0; row < layout.panels * 16; row++) {
    const panel = (row >> 4) * layout.panelBytes;
    for (let group = 0; group < layout.steps; group++) {
      const start = panel + group * groupBytes;
      const scalesAt = (start + groupSize * 8) / 4 + (row & 15);
      words[scalesAt] = 0;
      if (row >= rows) continue;
      floats[scalesAt] = scales[row * layout.steps + group]!;
      const end = Math.min(groupSize, cols - group * groupSize);
      let from = row * rowStep + group * groupSize * colStep;
      for (let i = 0; i < end; i++, from += colStep) {
        const code = data[from]!;
        if (code > 15) {
          throw new EdgewrightError(
            "invalid-argument",
            `packGemvWeights: expected int4 codes from 0 to 15, got ${code} in row ${row}`,
          );
        }
        const at = start + (i >> 3) * 64 + (row & 15) * 4 + byteOf[i & 7]!;
        const shift = shiftOf[i & 7]!;
        stream[at] = (stream[at]! & ~(15 << shift)) | ((code ^ flipOf[i & 7]!) << shift);
      }
    }
  }
}

// [panel][4 columns][4 vectors]; see assembly/gemv-ternary.ts for the order of rows.
function packTernary(stream: Uint8Array, data: Int8Array, shape: Plain, panelBytes: number): void {
  const [rowStep, colStep] = stepsOf(shape);
  stream.fill(0x44); // the number of the combination (0, 0), twice
  for (let row = 0; row < shape.rows; row++) {
    const inPanel = row & 63;
    const byte = inPanel & 8 ? ((inPanel & 7) << 1) + 1 : (inPanel & 7) << 1;
    const base = (row >> 6) * panelBytes + (inPanel >> 4) * 16 + byte;
    for (let col = 0; col < shape.cols; col += 2) {
      const from = row * rowStep + col * colStep;
      const first = data[from]!;
      const second = col + 1 < shape.cols ? data[from + colStep]! : 0;
      if (first < -1 || first > 1 || second < -1 || second > 1) {
        throw new EdgewrightError(
          "invalid-argument",
          `packGemvWeights: expected ternary weights -1, 0 or 1, got ${first}, ${second} in row ${row}`,
        );
      }
      const at = base + (col >> 2) * 64;
      const shift = col & 2 ? 4 : 0;
      stream[at] = (stream[at]! & ~(15 << shift)) | ((3 * first + second + 4) << shift);
    }
  }
}
