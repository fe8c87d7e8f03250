import type { ResolvedDepthwise } from "./depthwise-spec.js";

/** How the kernels for 3x3 go over an image: along rows, or along columns where those are longer. */
export interface Walk3x3 {
  /** Words 16 to 59 of the kernels. */
  readonly words: readonly number[];
  /** Bytes from image to image of x and of y: words 68 and 72. */
  readonly imageBytes: readonly [x: number, y: number];
  /** Lines of y in all images, and outputs of a line. */
  readonly lines: number;
  readonly outputs: number;
  /** Taps from one to the next along a line, and from line to line. */
  readonly taps: readonly [along: number, across: number];
}

/** Chooses the longer direction: the ends of a walk cost as much as some outputs. */
export function walk3x3(
  conv: Pick<ResolvedDepthwise, "n" | "h" | "w" | "c" | "oh" | "ow" | "top" | "left">,
): Walk3x3 {
  const { n, h, w, c, oh, ow, top, left } = conv;
  const pixel = c * 4;
  const imageBytes = [h * w * pixel, oh * ow * pixel] as const;
  if (h > w) {
    const words = [w, h, ow, oh, left, top, pixel, w * pixel, pixel, ow * pixel, c];
    return { words, imageBytes, lines: n * ow, outputs: oh, taps: [3, 1] };
  }
  const words = [h, w, oh, ow, top, left, w * pixel, pixel, ow * pixel, pixel, c];
  return { words, imageBytes, lines: n * oh, outputs: ow, taps: [1, 3] };
}
