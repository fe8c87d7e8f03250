import {
  decodeFloat16,
  EdgewrightError,
  fromFloat16Bits,
  type PackedFloats,
  ShapeError,
} from "@edgewright/core";
import type { Kernels } from "../../runtime/load.js";
import {
  encodeScales,
  HALF_LIFT,
  halfScaleAt,
  liftWord,
  refuse,
  reliftScales,
  SMALL_LIFT,
} from "./half-scales.js";
import type { LinearPacking } from "./linear-packing.js";
import { type PanelLayout, packPanels, panelsBytes } from "./pack-panels.js";
import type { LinearFormat, LinearWeights } from "./packed-linear.js";

/** Rows of one matrix whose groups of columns have scales. */
export interface GroupedRows {
  readonly rows: number;
  /** Puts the codes of a row, one a byte, to the start of `target`. */
  readCodes(row: number, target: Uint8Array): void;
  /** Puts the scales of a row's groups into `target`. */
  readScales(row: number, target: Float32Array): void;
  /** Puts what is added to the weights of a row's groups, in their unit, into `target`. @default 0 */
  readOffsets?(row: number, target: Float32Array): void;
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

/** Reads some of the numbers of scales or mins, from number `begin` on. */
export function readFloats(
  { dtype, data }: PackedFloats,
  begin: number,
  target: Float32Array,
): void {
  for (let i = 0; i < target.length; i++) {
    const value = data[begin + i]!;
    target[i] = dtype === "f32" ? value : fromFloat16Bits(value);
  }
}

/** Sizes of a matrix whose groups of columns have scales. */
export interface GroupedSize {
  readonly format: LinearFormat;
  readonly rows: number;
  readonly cols: number;
  readonly groupSize: number;
  /** Whether scales have offsets beside them. */
  readonly offsets: boolean;
  /** Whether scales take 16 bits, being halves without offsets beside them. */
  readonly halves: boolean;
}

/** Bytes that {@link packGroups} takes. */
export function groupedBytes(size: GroupedSize, step: StepLayout): number {
  return panelsBytes(panelsOf(size, step).layout);
}

/**
 * Packs rows in groups into panels of 16: for each group its steps of 64 bytes (16 rows by 4 bytes), and behind or
 * before them 16 scales, in 16 bits or f32, and, where any matrix has them, 16 f32 offsets.
 */
export function packGroups<W extends LinearWeights>(
  kernels: Kernels,
  size: GroupedSize,
  step: StepLayout,
  rowsOf: (part: W) => GroupedRows,
): LinearPacking {
  const { cols, groupSize } = size;
  const { layout, groupBytes, codesAt, scalesAt } = panelsOf(size, step);
  const { steps: groups, panelBytes } = layout;
  const codes = new Uint8Array(groups * groupSize);
  const scales = new Float32Array(groups);
  const offsets = new Float32Array(groups);
  let lift = SMALL_LIFT;
  const packing = packPanels<W>(kernels, layout, (given, { panels, firstRow }) => {
    const part = rowsOf(given);
    const bytes = new DataView(panels.buffer, panels.byteOffset, panels.byteLength);
    const encode = (): Uint16Array => {
      const halves = encodeScales(scales, lift);
      if (halves) return halves;
      if (lift === HALF_LIFT) refuse();
      for (let at = scalesAt; at < panels.length; at += groupBytes) reliftScales(bytes, at, 16);
      lift = HALF_LIFT;
      return encode();
    };
    for (let own = 0; own < part.rows; own++) {
      const row = firstRow + own;
      const rowAt = (row >> 4) * panelBytes + (row & 15) * 4;
      part.readCodes(own, codes);
      codes.fill(step.zero, cols);
      part.readScales(own, scales);
      checkFinite(scales, own);
      part.readOffsets?.(own, offsets);
      checkFinite(offsets, own);
      const halves = size.halves ? encode() : undefined;
      for (let group = 0; group < groups; group++) {
        const base = rowAt + group * groupBytes;
        const end = (group + 1) * groupSize;
        for (
          let col = group * groupSize, at = base + codesAt;
          col < end;
          col += step.columns, at += 64
        ) {
          step.put(panels, at, codes, col);
        }
        const scaleAt = base + scalesAt;
        if (halves) {
          const halfAt = scaleAt - (row & 15) * 4 + halfScaleAt(row & 15);
          bytes.setUint16(halfAt, halves[group]!, true);
        } else {
          bytes.setFloat32(scaleAt, scales[group]!, true);
          if (part.readOffsets) bytes.setFloat32(scaleAt + 64, offsets[group]!, true);
        }
      }
    }
  });
  if (!size.halves) return packing;
  return {
    ...packing,
    finish() {
      const packed = packing.finish();
      return { ...packed, layout: { ...packed.layout, lift: liftWord(lift) } };
    },
  };
}

function panelsOf(
  { format, rows, cols, groupSize, offsets, halves }: GroupedSize,
  step: StepLayout,
): { layout: PanelLayout; groupBytes: number; codesAt: number; scalesAt: number } {
  const groups = Math.ceil(cols / groupSize);
  const codeBytes = (groupSize / step.columns) * 64;
  const scaleBytes = halves ? 32 : offsets ? 128 : 64;
  const groupBytes = codeBytes + scaleBytes;
  const codesAt = step.scalesFirst === true ? scaleBytes : 0;
  const scalesAt = step.scalesFirst === true ? 0 : codeBytes;
  const layout: PanelLayout = {
    ...{ format, rows, cols, panelRows: 16, panelBytes: groups * groupBytes, steps: groups },
    ...{ groupSize, touchedAhead: true },
    more: { offsets: offsets ? 1 : 0, groupBytes, codesAt, scalesAt },
  };
  return { layout, groupBytes, codesAt, scalesAt };
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

function checkFinite(values: Float32Array, row: number): void {
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) continue;
    throw new EdgewrightError(
      "invalid-argument",
      `packLinear: expected finite scales, number ${row * values.length + i} is ${values[i]}`,
    );
  }
}
