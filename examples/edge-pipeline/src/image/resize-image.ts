import { createImage, type RgbaImage } from "./rgba-image.js";

/** One output pixel as a weighted sum of neighbouring input pixels. */
interface Taps {
  readonly first: number;
  readonly weights: Float32Array;
}

/**
 * Resizes with Keys' cubic filter (a = -0.5), widened when it makes the picture smaller, so that
 * nothing is skipped over. R. Keys, "Cubic convolution interpolation for digital image processing", 1981.
 */
export function resizeImage(image: RgbaImage, width: number, height: number): RgbaImage {
  if (width === image.width && height === image.height) return image;
  const columns = filterTaps(image.width, width);
  const rows = filterTaps(image.height, height);
  // Horizontal pass, kept in floats; then the vertical one.
  const narrowed = new Float32Array(width * image.height * 4);
  for (let y = 0; y < image.height; y++) {
    for (let x = 0; x < width; x++) {
      const { first, weights } = columns[x]!;
      const to = (y * width + x) * 4;
      for (let tap = 0; tap < weights.length; tap++) {
        const from = (y * image.width + first + tap) * 4;
        const weight = weights[tap]!;
        for (let c = 0; c < 4; c++) narrowed[to + c]! += weight * image.data[from + c]!;
      }
    }
  }
  const resized = createImage(width, height);
  const line = new Float32Array(width * 4);
  for (let y = 0; y < height; y++) {
    line.fill(0);
    const { first, weights } = rows[y]!;
    for (let tap = 0; tap < weights.length; tap++) {
      const from = (first + tap) * line.length;
      const weight = weights[tap]!;
      for (let i = 0; i < line.length; i++) line[i]! += weight * narrowed[from + i]!;
    }
    const to = y * line.length;
    for (let i = 0; i < line.length; i++) {
      resized.data[to + i] = Math.min(255, Math.max(0, Math.round(line[i]!)));
    }
  }
  return resized;
}

/** Puts the picture at the top left of a larger canvas; its last row and column go on to the edges. */
export function extendImage(image: RgbaImage, width: number, height: number): RgbaImage {
  if (width === image.width && height === image.height) return image;
  const extended = createImage(width, height);
  for (let y = 0; y < height; y++) {
    const row = Math.min(y, image.height - 1) * image.width * 4;
    const to = y * width * 4;
    extended.data.set(image.data.subarray(row, row + image.width * 4), to);
    const last = image.data.subarray(row + (image.width - 1) * 4, row + image.width * 4);
    for (let x = image.width; x < width; x++) extended.data.set(last, to + x * 4);
  }
  return extended;
}

function filterTaps(from: number, to: number): Taps[] {
  const scale = from / to;
  const stretch = Math.max(1, scale);
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - 2 * stretch));
    const end = Math.min(from, Math.ceil(centre + 2 * stretch));
    const weights = Float32Array.from({ length: end - first }, (_, tap) =>
      cubic((first + tap + 0.5 - centre) / stretch),
    );
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { first, weights: weights.map((weight) => weight / sum) };
  });
}

function cubic(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return 1.5 * x ** 3 - 2.5 * x ** 2 + 1;
  if (x < 2) return -0.5 * x ** 3 + 2.5 * x ** 2 - 4 * x + 2;
  return 0;
}
