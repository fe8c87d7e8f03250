import { EdgewrightError } from "@edgewright/core";
import jpeg from "jpeg-js";
import { decodePng } from "./decode-png.js";
import { type ImageHeader, readImageHeader } from "./image-header.js";
import type { RgbaImage } from "./rgba-image.js";
import { type Sharp, tryLoadSharp } from "./sharp-if-present.js";
import { applyOrientation } from "./turn-image.js";

/** A decoded picture, and who decoded it. */
export interface DecodedImage {
  /** Upright, opaque. */
  readonly image: RgbaImage;
  readonly format: ImageHeader["format"];
  readonly decoder: "sharp" | "fast-png" | "jpeg-js";
}

/** Options of {@link decodeImage}. */
export interface DecodeImageOptions {
  /** Named in errors. @default "the image" */
  name?: string;
  /** Larger pictures are refused before they are unpacked: a small file may hold a huge one. @default 50 */
  maxMegapixels?: number;
  /** @default sharp when it is installed */
  sharp?: Sharp | undefined;
}

/**
 * Decodes an image file: by `sharp` when it is installed, else PNG by `fast-png` and JPEG by `jpeg-js`.
 *
 * @throws EdgewrightError `invalid-data` when the bytes are no readable image, `unsupported` for a format
 * that needs `sharp`, `limit-exceeded` for a picture that is too large.
 */
export async function decodeImage(
  bytes: Uint8Array,
  options: DecodeImageOptions = {},
): Promise<DecodedImage> {
  const { name = "the image", maxMegapixels = 50 } = options;
  const header = readImageHeader(bytes);
  if (!header) {
    throw new EdgewrightError(
      "invalid-data",
      `${name} is not an image that can be read here (PNG or JPEG; more formats when sharp is installed)`,
    );
  }
  checkSize(header, name, maxMegapixels);
  const sharp = "sharp" in options ? options.sharp : await tryLoadSharp();
  const decoder = sharp ? "sharp" : decoderOf(header, name);
  try {
    const image = await decodeWith(decoder, bytes, header, sharp, maxMegapixels);
    return { image, format: header.format, decoder };
  } catch (cause) {
    throw new EdgewrightError(
      "invalid-data",
      `${name} is a damaged or unusual ${header.format.toUpperCase()} file: ${messageOf(cause)}`,
      { cause },
    );
  }
}

async function decodeWith(
  decoder: DecodedImage["decoder"],
  bytes: Uint8Array,
  header: ImageHeader,
  sharp: Sharp | undefined,
  maxMegapixels: number,
): Promise<RgbaImage> {
  if (decoder === "sharp" && sharp) {
    const { data, info } = await sharp(bytes, { limitInputPixels: maxMegapixels * 1e6 })
      .rotate()
      .flatten({ background: "#fff" })
      .toColourspace("srgb")
      .ensureAlpha(1)
      .raw()
      .toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, data };
  }
  if (decoder === "fast-png") return decodePng(bytes);
  const decoded = jpeg.decode(bytes, {
    useTArray: true,
    maxResolutionInMP: maxMegapixels,
    maxMemoryUsageInMB: 1024,
  });
  return applyOrientation(decoded, header.orientation);
}

function decoderOf(header: ImageHeader, name: string): "fast-png" | "jpeg-js" {
  if (header.format === "png") return "fast-png";
  if (header.format === "jpeg") return "jpeg-js";
  throw new EdgewrightError(
    "unsupported",
    `${name} is a ${header.format.toUpperCase()} file, which needs the package sharp; install it, or save the picture as PNG or JPEG`,
  );
}

function checkSize({ size }: ImageHeader, name: string, maxMegapixels: number): void {
  if (!size) return;
  const { width, height } = size;
  if (width < 1 || height < 1) {
    throw new EdgewrightError(
      "invalid-data",
      `${name} says that it is ${width} x ${height} pixels`,
    );
  }
  if (width * height > maxMegapixels * 1e6) {
    const megapixels = Math.round((width * height) / 1e6);
    throw new EdgewrightError(
      "limit-exceeded",
      `${name} is ${width} x ${height} pixels (${megapixels} megapixels); at most ${maxMegapixels} are read. Make it smaller first`,
    );
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
