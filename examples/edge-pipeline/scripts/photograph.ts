import { createRng } from "@edgewright/core";
import { createImage, type RgbaImage } from "../src/image/rgba-image.js";

/** Any picture with 3 or 4 channels of 8 bits. */
interface Sheet {
  readonly width: number;
  readonly height: number;
  readonly data: ArrayLike<number>;
  readonly channels: number;
}

type Corner = readonly [x: number, y: number];

/**
 * A photograph of a sheet of paper on a table, under light that falls off to one side.
 *
 * @param corners of the sheet in the photograph: top left, top right, bottom right, bottom left
 */
export function photographSheet(
  sheet: Sheet,
  size: { width: number; height: number },
  corners: readonly [Corner, Corner, Corner, Corner],
): RgbaImage {
  const photo = createImage(size.width, size.height);
  const toSquare = invertProjection(squareToQuad(corners));
  for (let y = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++) {
      const at = (y * size.width + x) * 4;
      const light = 1.02 - 0.22 * (x / size.width) - 0.1 * (y / size.height);
      const [u, v] = project(toSquare, x, y);
      const onSheet = u >= 0 && u < 1 && v >= 0 && v < 1;
      const colour = onSheet
        ? sampleBox(sheet, u * sheet.width, v * sheet.height)
        : tableColour(x, y);
      for (let c = 0; c < 3; c++) photo.data[at + c] = clamp(colour[c]! * light);
      photo.data[at + 3] = 255;
    }
  }
  return photo;
}

/** A Gaussian blur, for a lens that is not quite in focus. @param deviation in pixels */
export function blurImage(image: RgbaImage, deviation: number): RgbaImage {
  const radius = Math.ceil(3 * deviation);
  const taps = Array.from({ length: 2 * radius + 1 }, (_, i) =>
    Math.exp(-((i - radius) ** 2) / (2 * deviation ** 2)),
  );
  const sum = taps.reduce((total, tap) => total + tap, 0);
  const kernel = taps.map((tap) => tap / sum);
  return blurAlong(blurAlong(image, kernel, 1, 0), kernel, 0, 1);
}

function blurAlong(image: RgbaImage, kernel: number[], dx: number, dy: number): RgbaImage {
  const { width, height, data } = image;
  const radius = (kernel.length - 1) / 2;
  const blurred = createImage(width, height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let c = 0; c < 4; c++) {
        let value = 0;
        for (let i = 0; i < kernel.length; i++) {
          const column = Math.min(width - 1, Math.max(0, x + dx * (i - radius)));
          const row = Math.min(height - 1, Math.max(0, y + dy * (i - radius)));
          value += kernel[i]! * data[(row * width + column) * 4 + c]!;
        }
        blurred.data[(y * width + x) * 4 + c] = clamp(value);
      }
    }
  }
  return blurred;
}

/** Adds noise as a sensor does: normal, alike in dark and light. @param options deviation in grey levels */
export function addNoise(
  image: RgbaImage,
  options: { seed: number; deviation: number },
): RgbaImage {
  const rng = createRng(options.seed);
  const noisy = createImage(image.width, image.height);
  for (let i = 0; i < image.data.length; i++) {
    const isAlpha = i % 4 === 3;
    noisy.data[i] = isAlpha ? 255 : clamp(image.data[i]! + options.deviation * rng.normal());
  }
  return noisy;
}

/** A table of oiled wood: grain along x, slow waves across. */
function tableColour(x: number, y: number): readonly [number, number, number] {
  const grain = Math.sin(y * 0.21 + 3 * Math.sin(x * 0.006)) * 9 + Math.sin(y * 0.045) * 7;
  return [118 + grain, 84 + grain * 0.8, 56 + grain * 0.6];
}

// Mean of the 2 x 2 pixels around the point, bilinearly: the sheet has twice the photograph's resolution.
function sampleBox({ width, height, data, channels }: Sheet, x: number, y: number): number[] {
  const left = Math.min(width - 2, Math.max(0, Math.floor(x - 0.5)));
  const top = Math.min(height - 2, Math.max(0, Math.floor(y - 0.5)));
  const right = Math.min(1, Math.max(0, x - 0.5 - left));
  const bottom = Math.min(1, Math.max(0, y - 0.5 - top));
  return [0, 1, 2].map((c) => {
    const at = (column: number, row: number): number =>
      data[((top + row) * width + left + column) * channels + c]!;
    const upper = at(0, 0) * (1 - right) + at(1, 0) * right;
    const lower = at(0, 1) * (1 - right) + at(1, 1) * right;
    return upper * (1 - bottom) + lower * bottom;
  });
}

type Projection = readonly number[];

// Heckbert, "Fundamentals of Texture Mapping and Image Warping", 1989, section 2.2.3.
function squareToQuad(corners: readonly [Corner, Corner, Corner, Corner]): Projection {
  const [[x0, y0], [x1, y1], [x2, y2], [x3, y3]] = corners;
  const [dx1, dx2, sx] = [x1 - x2, x3 - x2, x0 - x1 + x2 - x3];
  const [dy1, dy2, sy] = [y1 - y2, y3 - y2, y0 - y1 + y2 - y3];
  const det = dx1 * dy2 - dx2 * dy1;
  const g = (sx * dy2 - dx2 * sy) / det;
  const h = (dx1 * sy - sx * dy1) / det;
  return [x1 - x0 + g * x1, x3 - x0 + h * x3, x0, y1 - y0 + g * y1, y3 - y0 + h * y3, y0, g, h, 1];
}

// The adjugate serves as the inverse: projections do not care about scale.
function invertProjection([a, b, c, d, e, f, g, h, i]: Projection): Projection {
  return [
    e! * i! - f! * h!,
    c! * h! - b! * i!,
    b! * f! - c! * e!,
    f! * g! - d! * i!,
    a! * i! - c! * g!,
    c! * d! - a! * f!,
    d! * h! - e! * g!,
    b! * g! - a! * h!,
    a! * e! - b! * d!,
  ];
}

function project([a, b, c, d, e, f, g, h, i]: Projection, x: number, y: number): [number, number] {
  const w = g! * x + h! * y + i!;
  return [(a! * x + b! * y + c!) / w, (d! * x + e! * y + f!) / w];
}

function clamp(value: number): number {
  return Math.min(255, Math.max(0, Math.round(value)));
}
