import { convertIndexedToRgb, type DecodedPng, decode } from "fast-png";
import { createImage, type RgbaImage } from "./rgba-image.js";

/** Decodes a PNG of any colour type and depth; transparent parts become white, as on paper. */
export function decodePng(bytes: Uint8Array): RgbaImage {
  const png = decode(bytes);
  const { samples, channels, maximum } = spreadSamples(png);
  const image = createImage(png.width, png.height);
  const hasAlpha = channels === 2 || channels === 4;
  const colours = hasAlpha ? channels - 1 : channels;
  for (let pixel = 0; pixel < png.width * png.height; pixel++) {
    const from = pixel * channels;
    const alpha = hasAlpha ? samples[from + colours]! / maximum : 1;
    for (let c = 0; c < 3; c++) {
      const colour = samples[from + Math.min(c, colours - 1)]! / maximum;
      image.data[pixel * 4 + c] = Math.round(255 * (colour * alpha + 1 - alpha));
    }
    image.data[pixel * 4 + 3] = 255;
  }
  return image;
}

interface Samples {
  readonly samples: ArrayLike<number>;
  readonly channels: number;
  /** The value that means full intensity. */
  readonly maximum: number;
}

// One number a sample: palettes are looked up, and grey levels of less than a byte unpacked.
function spreadSamples(png: DecodedPng): Samples {
  if (png.palette) {
    const channels = png.palette[0]?.length ?? 3;
    return { samples: convertIndexedToRgb(png), channels, maximum: 255 };
  }
  if (png.depth < 8) {
    const levels = 2 ** png.depth;
    const palette = Array.from({ length: levels }, (_, level) => [level]);
    const samples = convertIndexedToRgb({ ...png, palette });
    return { samples, channels: 1, maximum: levels - 1 };
  }
  return { samples: png.data, channels: png.channels, maximum: png.depth === 16 ? 65535 : 255 };
}
