import { EdgewrightError, ShapeError } from "../errors.js";
import { checkWidths, joinWidths, packBitPlanes, unpackBitPlanes } from "./bit-planes.js";
import { checkElements, checkPart, packFloats, unpackFloats, viewAsMatrix } from "./matrix-view.js";
import type { BinaryCodedTensor, PackedFloats } from "./packed-tensor.js";

/** Signs and scales, unpacked: what {@link packBinaryCoded} packs. */
export interface BinaryCodedParts {
  readonly shape: readonly number[];
  /** The smallest width that has scales. */
  readonly seedBits: number;
  /** Planes, at most 8. */
  readonly bits: number;
  /** [rows, cols], each below 2^bits: bit `bits - 1 - k` is 1 where plane k adds its scale, 0 where it takes it off. */
  readonly codes: Uint8Array;
  /** Columns that share scales: a multiple of 32, or all columns. @default all columns */
  readonly groupSize?: number;
  /** For each width from `seedBits` to `bits`: [rows, groups, width + 1] numbers, an offset and a scale a plane. */
  readonly scales: readonly Float32Array[];
  /** How scales are stored. @default "f16" */
  readonly scaleType?: PackedFloats["dtype"];
}

/**
 * Packs weights that are sums of signed scales into bit planes, so that the first b planes serve a product
 * at b bits (binary-coding quantisation, Xu et al., ICLR 2018, nested over its planes).
 *
 * @throws EdgewrightError `invalid-argument` for widths out of range or a code that has more bits, ShapeError for
 * a group size that is neither a multiple of 32 nor all columns.
 *
 * @example
 * ```ts
 * const packed = packBinaryCoded({
 *   shape: [1, 4], seedBits: 1, bits: 2, codes: Uint8Array.of(0b11, 0b10, 0b01, 0b00),
 *   scales: [Float32Array.of(0, 1), Float32Array.of(0.5, 1, 0.25)],
 * });
 * unpackBinaryCoded(packed, 1); // 1, 1, -1, -1
 * unpackBinaryCoded(packed); // 1.75, 1.25, -0.25, -0.75
 * ```
 */
export function packBinaryCoded(parts: BinaryCodedParts): BinaryCodedTensor {
  const where = "packBinaryCoded";
  const { shape, seedBits, bits, codes, scaleType = "f16" } = parts;
  const view = viewAsMatrix(shape, where);
  const groupSize = parts.groupSize ?? Math.max(1, view.cols);
  checkWidths(seedBits, bits, where);
  checkElements(codes.length, shape, where);
  const groups = view.rows * countGroups(view.cols, groupSize, where);
  checkPart(parts.scales.length, bits - seedBits + 1, "scales", where);
  parts.scales.forEach((scales, i) => {
    const width = seedBits + i;
    checkPart(scales.length, groups * (width + 1), `the scales of ${width} bits`, where);
  });
  const planes = packBitPlanes(codes, view, bits, where);
  const scales = packFloats(joinWidths(parts.scales), scaleType);
  return { format: "binary-coded", shape, seedBits, bits, planes, groupSize, scales };
}

/** Signs at `width` bits, [rows, cols], read from the first `width` planes alone: bit `width - 1 - k` is plane k's. */
export function unpackBinaryCodes(
  packed: BinaryCodedTensor,
  width: number = packed.bits,
): Uint8Array {
  const where = "unpackBinaryCodes";
  const { seedBits, bits, planes, shape } = packed;
  checkWidths(seedBits, bits, where);
  return unpackBitPlanes(planes, viewAsMatrix(shape, where), bits, width, where);
}

/** The scales of one width, [rows, groups, width + 1]: an offset, then one scale a plane. */
export function binaryCodedScales(packed: BinaryCodedTensor, width: number): Float32Array {
  const where = "binaryCodedScales";
  const { seedBits, bits, groupSize } = packed;
  const { rows, cols } = viewAsMatrix(packed.shape, where);
  checkWidths(seedBits, bits, where);
  if (!Number.isInteger(width) || width < seedBits || width > bits) {
    throw new EdgewrightError(
      "invalid-argument",
      `${where}: there are scales of ${seedBits} to ${bits} bits, not of ${width}`,
    );
  }
  const groups = rows * countGroups(cols, groupSize, where);
  const before = (end: number): number => groups * scalesBefore(seedBits, end);
  checkPart(packed.scales.data.length, before(bits + 1), "scales", where);
  return unpackFloats(packed.scales).slice(before(width), before(width + 1));
}

/** The numbers that binary-coded weights stand for at `width` bits, row-major. */
export function unpackBinaryCoded(
  packed: BinaryCodedTensor,
  width: number = packed.bits,
): Float32Array {
  const { rows, cols } = viewAsMatrix(packed.shape, "unpackBinaryCoded");
  const codes = unpackBinaryCodes(packed, width);
  const scales = binaryCodedScales(packed, width);
  const groups = countGroups(cols, packed.groupSize, "unpackBinaryCoded");
  const weights = new Float32Array(rows * cols);
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      const at = (row * groups + Math.floor(col / packed.groupSize)) * (width + 1);
      const code = codes[row * cols + col]!;
      let weight = scales[at]!;
      for (let plane = 0; plane < width; plane++) {
        const scale = scales[at + 1 + plane]!;
        weight += (code >> (width - 1 - plane)) & 1 ? scale : -scale;
      }
      weights[row * cols + col] = weight;
    }
  }
  return weights;
}

/** Numbers of a row and group in the scales of the widths from `seedBits` to below `width`. */
function scalesBefore(seedBits: number, width: number): number {
  let count = 0;
  for (let each = seedBits; each < width; each++) count += each + 1;
  return count;
}

function countGroups(cols: number, groupSize: number, where: string): number {
  const whole = Number.isInteger(groupSize) && groupSize > 0;
  if (whole && (groupSize % 32 === 0 || groupSize >= cols)) return Math.ceil(cols / groupSize);
  throw new ShapeError(
    `${where}: expected a groupSize that is a multiple of 32, or all ${cols} columns, got ${groupSize}`,
  );
}
