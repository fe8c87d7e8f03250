import { ShapeError } from "@edgewright/core";
import { checkCounts } from "../../runtime/check-counts.js";

/** Options of {@link createRotaryAngles}. */
export interface RotaryAnglesOptions {
  /** Positions that the table covers. */
  readonly places: number;
  /** Elements of a vector that are turned: an even number. */
  readonly rotated: number;
  /** Wavelengths grow from 2 pi to this times 2 pi. @default 10000 */
  readonly base?: number;
  /** Position of the first row. @default 0 */
  readonly offset?: number;
  /** Multiplies positions: below 1 squeezes longer texts into the trained range. @default 1 */
  readonly positionScale?: number;
  /** Angle per position of every pair, [rotated / 2]. @default base ** (-2 i / rotated) */
  readonly frequencies?: readonly number[];
}

/**
 * Computes the table of `planRotary`, [places, rotated]: the cosines of the angles of a position, then
 * their sines.
 *
 * Su et al., "RoFormer: Enhanced Transformer with Rotary Position Embedding", 2021, eq. 15; computed in double
 * precision, so that positions of any size are exact.
 *
 * @throws ShapeError when `rotated` is odd or `frequencies` does not have half as many entries.
 *
 * @example
 * ```ts
 * const angles = createRotaryAngles({ places: 2, rotated: 4 });
 * console.log(angles.slice(4)); // cos 1, cos 0.01, sin 1, sin 0.01
 * ```
 */
export function createRotaryAngles(options: RotaryAnglesOptions): Float32Array {
  const { places, rotated, base = 10000, offset = 0, positionScale = 1 } = options;
  checkCounts("createRotaryAngles", { places, rotated }, 0);
  const half = rotated / 2;
  const { frequencies = Array.from({ length: Math.ceil(half) }, (_, i) => base ** (-i / half)) } =
    options;
  if (!Number.isInteger(half) || frequencies.length !== half) {
    throw new ShapeError(
      `createRotaryAngles: expected an even number of rotated elements and half as many frequencies, ` +
        `got ${rotated} and ${frequencies.length}`,
    );
  }
  const table = new Float32Array(places * rotated);
  for (let place = 0; place < places; place++) {
    const position = (place + offset) * positionScale;
    for (let i = 0; i < half; i++) {
      const angle = position * frequencies[i]!;
      table[place * rotated + i] = Math.cos(angle);
      table[place * rotated + half + i] = Math.sin(angle);
    }
  }
  return table;
}
