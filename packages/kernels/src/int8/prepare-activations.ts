import type { Allocation, Arena } from "../runtime/arena.js";
import type { JobSpec } from "../runtime/job.js";
import { type Int8Path, stepValues } from "./pack-panels.js";

/** Codes of 8 bits with their zero point; `real = step * (code - zeroPoint)`. */
export interface Int8Activations {
  /** Byte address. */
  readonly ptr: number;
  readonly dtype: "u8" | "i8";
  /** @default 0 */
  readonly zeroPoint?: number;
}

/** An image [n, height, width, groups * channels] and the frame it is put into. */
export interface PaddedImage {
  readonly n: number;
  readonly height: number;
  readonly width: number;
  readonly groups: number;
  /** Channels of a group. */
  readonly channels: number;
  /** Channels of a group after padding. */
  readonly paddedChannels: number;
  readonly top: number;
  readonly left: number;
  readonly paddedHeight: number;
  readonly paddedWidth: number;
}

/** Where the product kernel finds its activations. */
export interface PreparedActivations {
  readonly ptr: number;
  /** Bytes of a value. */
  readonly valueBytes: 1 | 2;
  /** What the kernel's codes still stand above zero. */
  readonly zeroPoint: number;
}

/** Adds the job that pads and widens activations, or none where the product can read them in place. */
export function prepareActivations(
  arena: Arena,
  x: Int8Activations,
  image: PaddedImage,
  path: Int8Path,
  jobs: JobSpec[],
  own: Allocation[],
): PreparedActivations {
  const signed = x.dtype === "i8";
  const { zeroPoint = 0 } = x;
  const flip = path !== "i16" && signed !== (path === "dot-signed");
  const shifted = flip ? zeroPoint + (signed ? 128 : -128) : zeroPoint;
  const padded =
    image.paddedHeight !== image.height ||
    image.paddedWidth !== image.width ||
    image.paddedChannels !== image.channels;
  if (path !== "i16" && !flip && !padded) return { ptr: x.ptr, valueBytes: 1, zeroPoint: shifted };
  const valueBytes = path === "i16" ? 2 : 1;
  const lines = image.n * image.paddedHeight;
  const lineValues = image.paddedWidth * image.groups * image.paddedChannels;
  const copy = arena.allocate(lines * lineValues * valueBytes);
  own.push(copy);
  const frame = [image.top, image.left, image.paddedHeight, image.paddedWidth];
  const sizes = [image.height, image.width, image.groups, image.channels, image.paddedChannels];
  const codes =
    path === "i16" ? [signed ? 1 : 0, zeroPoint, 0] : [0, shifted & 255, flip ? 128 : 0];
  jobs.push({
    kernel: path === "i16" ? "int8_widen" : "int8_pad",
    params: [x.ptr, copy.ptr, ...sizes, ...frame, ...codes],
    units: lines,
    grain: Math.ceil(16384 / lineValues),
  });
  return { ptr: copy.ptr, valueBytes, zeroPoint: path === "i16" ? 0 : shifted };
}

/** Rounds channels up to whole steps of a path. */
export function padChannels(channels: number, path: Int8Path): number {
  const step = stepValues(path);
  return Math.ceil(channels / step) * step;
}

/**
 * Output rows that one unit of a product computes: what stays in the second-level cache while the
 * weight panels pass by, fewer where threads would find too few units, and a whole number of tiles of 4
 * and of 6 rows.
 */
export function blockRows(rows: number, rowBytes: number, panels: number): number {
  const fits = Math.max(12, Math.floor(131072 / Math.max(1, rowBytes)));
  const shares = Math.min(Math.ceil(16 / panels), Math.ceil(rows / 48));
  const blocks = Math.max(1, Math.ceil(rows / fits), shares);
  return Math.ceil(rows / blocks / 12) * 12;
}
