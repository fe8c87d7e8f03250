import { decodeFloat16, EdgewrightError, type PackedFloats, ShapeError } from "@edgewright/core";
import type { Kernels } from "../../runtime/load.js";
import { packPanels } from "./pack-panels.js";
import type { LinearFormat, PackedLinear } from "./packed-linear.js";

/** Rows of one matrix whose groups of columns have scales. */
export interface GroupedRows {
  readonly rows: number;
  /** Puts the codes of a row, one a byte, to the start of `target`. */
  readCodes(row: number, target: Uint8Array): void;
  /** [rows, groups]. */
  readonly scales: Float32Array;
  /** [rows, groups]: what is added to a weight, in the unit of weights. */
  readonly offsets?: Float32Array;
}

/** Where the codes of a step of columns lie. */
export interface StepLayout {
  /** Columns of a step. */
  readonly columns: number;
  /** Puts the codes of a step from `codes[from]` on into the four bytes of its row. */
  put(bytes: Uint8Array, at: number, codes: Uint8Array, from: number): void;
  /** The code that counts as weight 0. */
  readonly zero: number;
  /** Scales lie before the codes of a group. @default false: behind them */
  readonly scalesFirst?: boolean;
}

/** Columns of a group within the columns that there are. */
export function clampGroup(groupSize: number, cols: number): number {
  return Math.min(groupSize, Math.ceil(cols / 8) * 8);
}

/** Numbers of scales or mins as 32-bit floats. */
export function floatsOf(floats: PackedFloats): Float32Array {
  return floats.dtype === "f32" ? floats.data : decodeFloat16(floats.data);
}

/**
 * Packs rows in groups into panels of 16: for each group its steps of 64 bytes (16 rows by 4 bytes), and behind or
 * before them 16 f32 scales and, where any matrix has them, 16 f32 offsets.
 */
export function packGroups(
  kernels: Kernels,
  {
    format,
    rows,
    cols,
    groupSize,
  }: Record<"rows" | "cols" | "groupSize", number> & { format: LinearFormat },
  parts: readonly GroupedRows[],
  step: StepLayout,
): PackedLinear {
  const groups = Math.ceil(cols / groupSize);
  const offsets = parts.some((part) => part.offsets !== undefined);
  const codeBytes = (groupSize / step.columns) * 64;
  const scaleBytes = offsets ? 128 : 64;
  const groupBytes = codeBytes + scaleBytes;
  const codesAt = step.scalesFirst === true ? scaleBytes : 0;
  const scalesAt = step.scalesFirst === true ? 0 : codeBytes;
  const panelBytes = groups * groupBytes;
  const packed = packPanels(
    kernels,
    {
      ...{ format, rows, cols, panelRows: 16, panelBytes, steps: groups, groupSize },
      touchedAhead: true,
    },
    (bytes) => {
      const floats = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const codes = new Uint8Array(groups * groupSize);
      let row = 0;
      for (const part of parts) {
        checkFinite(part.scales);
        if (part.offsets) checkFinite(part.offsets);
        for (let own = 0; own < part.rows; own++, row++) {
          const rowAt = (row >> 4) * panelBytes + (row & 15) * 4;
          part.readCodes(own, codes);
          codes.fill(step.zero, cols);
          for (let group = 0; group < groups; group++) {
            const base = rowAt + group * groupBytes;
            const end = (group + 1) * groupSize;
            for (
              let col = group * groupSize, at = base + codesAt;
              col < end;
              col += step.columns, at += 64
            ) {
              step.put(bytes, at, codes, col);
            }
            const scaleAt = base + scalesAt;
            floats.setFloat32(scaleAt, part.scales[own * groups + group]!, true);
            if (part.offsets) {
              floats.setFloat32(scaleAt + 64, part.offsets[own * groups + group]!, true);
            }
          }
        }
      }
    },
  );
  return {
    ...packed,
    layout: { ...packed.layout, offsets: offsets ? 1 : 0, groupBytes, codesAt, scalesAt },
  };
}

/**
 * Refuses a part of a packed matrix that has another length than its shape wants.
 *
 * @throws ShapeError then.
 */
export function checkLength(part: string, actual: number, expected: number): void {
  if (actual === expected) return;
  throw new ShapeError(`packLinear: expected ${expected} ${part}, got ${actual}`);
}

/**
 * Refuses sizes of groups that kernels cannot take.
 *
 * @throws ShapeError then.
 */
export function checkGroupSize(groupSize: number): void {
  if (Number.isSafeInteger(groupSize / 8) && groupSize >= 8 && groupSize <= 65536) return;
  throw new ShapeError(
    `packLinear: expected a groupSize that is a multiple of 8 up to 65536, got ${groupSize}`,
  );
}

function checkFinite(values: Float32Array): void {
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  throw new EdgewrightError(
    "invalid-argument",
    `packLinear: expected finite scales, number ${bad} is ${values[bad]}`,
  );
}
