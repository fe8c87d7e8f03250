import { EdgewrightError } from "@edgewright/core";

// Scales in 16 bits are a sign, 5 bits of exponent and 10 of fraction: moved to where an f32 has these they are the
// scale over 2^lift. Those of halves all fit the larger lift. With the smaller one every half below 128 is a normal
// number, of which some processors make products many times as fast, so it serves until a larger scale comes.

/** The lift to begin with: scales from 2^-24 to below 128. */
export const SMALL_LIFT = 102;

/** The lift of halves. */
export const HALF_LIFT = 112;

/** What kernels multiply by, as the bits of an f32. */
export function liftWord(lift: number): number {
  return (127 + lift) * 2 ** 23;
}

/** Byte of a row among the scales of the 16 rows of a panel: lane i of 32 bits holds rows i and i + 4 of 8. */
export function halfScaleAt(row: number): number {
  return ((row & 8) | ((row & 3) << 1) | ((row >> 2) & 1)) << 1;
}

/** The 16 bits of scales, or undefined where they do not hold one exactly. */
export function encodeScales(scales: Float32Array, lift: number): Uint16Array | undefined {
  const moved = scales.map((scale) => scale * 2 ** -lift);
  const words = new Uint32Array(moved.buffer);
  const halves = new Uint16Array(scales.length);
  for (let i = 0; i < scales.length; i++) {
    const word = words[i]!;
    // Too large for 5 bits of exponent, too fine for 10 bits of fraction, or rounded when moved.
    if ((word & 0x70001fff) !== 0 || moved[i]! * 2 ** lift !== scales[i]) return undefined;
    halves[i] = ((word >>> 16) & 0x8000) | ((word >>> 13) & 0x7fff);
  }
  return halves;
}

/** Writes the scales that {@link encodeScales} made with the smaller lift as it makes them with that of halves. */
export function reliftScales(bytes: DataView, begin: number, count: number): void {
  const words = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    const half = bytes.getUint16(begin + i * 2, true);
    words[i] = ((half & 0x8000) << 16) | ((half & 0x7fff) << 13);
  }
  const scales = new Float32Array(words.buffer).map((moved) => moved * 2 ** SMALL_LIFT);
  const halves = encodeScales(scales, HALF_LIFT) ?? refuse();
  for (let i = 0; i < count; i++) bytes.setUint16(begin + i * 2, halves[i]!, true);
}

/**
 * Says that a part has scales that 16 bits cannot hold.
 *
 * @throws EdgewrightError always.
 */
export function refuse(): never {
  throw new EdgewrightError(
    "invalid-argument",
    "packLinear: expected scales that are f16 numbers, as those of the first part are; pack it apart",
  );
}
