import type { Rng } from "@edgewright/core";
import type { LabelledImages } from "./labelled-images.js";

/** How training pictures are varied; absent parts stay as they are. */
export interface Augmentation {
  /** Mirror every second picture, left to right. @default false */
  readonly flip?: boolean;
  /** Most pixels to shift by in each direction; what comes in is black. @default 0 */
  readonly shift?: number;
  /** Side of a square that half of the pictures lose, in pixels. @default 0 */
  readonly erase?: number;
}

/**
 * Writes pictures of a set into a batch, each varied at random, through a table of grey levels.
 *
 * All draws are whole numbers, so that the same stream gives the same batch in every engine.
 *
 * @param indices which pictures
 * @param levels what each grey level becomes, 256 values; level 0 also fills what is shifted in, the
 * square that is erased becomes `erased`
 * @param out [indices.length, height, width]
 * @param erased value of erased pixels. @default 0, the mean of standardised pictures
 */
export function writeAugmented(
  set: LabelledImages,
  indices: ArrayLike<number>,
  levels: Float32Array,
  out: Float32Array,
  rng: Rng,
  augmentation: Augmentation = {},
  erased = 0,
): void {
  const { flip = false, shift = 0, erase = 0 } = augmentation;
  const { height, width, pixels } = set;
  const area = height * width;
  for (let i = 0; i < indices.length; i++) {
    const source = indices[i]! * area;
    const target = i * area;
    const isFlipped = flip && rng.integer(0, 2) === 1;
    const down = shift > 0 ? rng.integer(-shift, shift + 1) : 0;
    const right = shift > 0 ? rng.integer(-shift, shift + 1) : 0;
    const step = isFlipped ? -1 : 1;
    for (let y = 0; y < height; y++) {
      const row = target + y * width;
      const from = y - down;
      if (from < 0 || from >= height) {
        out.fill(levels[0]!, row, row + width);
        continue;
      }
      const first = source + from * width + (isFlipped ? width - 1 : 0);
      const begin = Math.max(0, right);
      const end = Math.min(width, width + right);
      for (let x = 0; x < begin; x++) out[row + x] = levels[0]!;
      for (let x = begin; x < end; x++) out[row + x] = levels[pixels[first + step * (x - right)]!]!;
      for (let x = end; x < width; x++) out[row + x] = levels[0]!;
    }
    if (erase > 0 && rng.integer(0, 2) === 1) {
      const top = rng.integer(1 - erase, height);
      const left = rng.integer(1 - erase, width);
      for (let y = Math.max(0, top); y < Math.min(height, top + erase); y++) {
        const row = target + y * width;
        out.fill(erased, row + Math.max(0, left), row + Math.min(width, left + erase));
      }
    }
  }
}
