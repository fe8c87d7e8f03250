import { readFile, stat } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { EdgewrightError } from "@edgewright/core";
import { decodeImage } from "../image/decode-image.js";
import { resizeImage } from "../image/resize-image.js";
import type { RgbaImage } from "../image/rgba-image.js";
import type { PipelineContext } from "../pipeline.js";

const PAGE = new URL("../../page/page.jpg", import.meta.url);
const PAGE_TEXT = new URL("../../page/page.txt", import.meta.url);
/** No photograph is larger; a file that is was meant to be something else. */
const MAX_FILE_BYTES = 256e6;

/** Reads and decodes the picture, and makes it smaller when it is larger than the user wants to wait for. */
export async function decodePage(context: PipelineContext): Promise<void> {
  const { clock, options } = context;
  clock.enter("decode image", "read file");
  const path = options.image ?? fileURLToPath(PAGE);
  const bytes = await readImageFile(path);
  clock.enter("decode image", "decode");
  const { image, decoder } = await decodeImage(bytes, { name: basename(path) });
  clock.enter("decode image", "fit");
  context.page = {
    name: basename(path),
    image: fitImage(image, options.maxSide),
    originalWidth: image.width,
    originalHeight: image.height,
    decoder,
    truth: options.image === undefined ? await readFile(PAGE_TEXT, "utf8") : undefined,
  };
}

async function readImageFile(path: string): Promise<Uint8Array> {
  try {
    const { size } = await stat(path);
    if (size > MAX_FILE_BYTES) {
      const megabytes = Math.round(size / 1e6);
      throw new EdgewrightError(
        "limit-exceeded",
        `${path} has ${megabytes} MB; pictures up to ${MAX_FILE_BYTES / 1e6} MB are read`,
      );
    }
    return await readFile(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const problem = { ENOENT: "there is no such file", EISDIR: "it is a folder" }[code ?? ""];
    if (EdgewrightError.isInstance(cause)) throw cause;
    throw new EdgewrightError(
      "invalid-argument",
      `cannot read ${path}: ${problem ?? (cause as Error).message}`,
      { cause },
    );
  }
}

function fitImage(image: RgbaImage, maxSide: number): RgbaImage {
  const scale = maxSide / Math.max(image.width, image.height);
  if (scale >= 1) return image;
  return resizeImage(
    image,
    Math.max(1, Math.round(image.width * scale)),
    Math.max(1, Math.round(image.height * scale)),
  );
}
