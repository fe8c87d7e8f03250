/** What the first bytes of an image file tell before anything is decoded. */
export interface ImageHeader {
  readonly format: "png" | "jpeg" | "webp" | "gif" | "tiff" | "avif" | "heic" | "bmp";
  /** Pixels as stored; `undefined` for formats that only `sharp` reads. */
  readonly size: { readonly width: number; readonly height: number } | undefined;
  /** How the camera was held, 1 to 8, as EXIF says it; 1 is upright. */
  readonly orientation: number;
}

/** Recognises an image file by its first bytes; `undefined` when it is none that we know. */
export function readImageHeader(bytes: Uint8Array): ImageHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = (at: number, length: number): string =>
    String.fromCharCode(...bytes.subarray(at, at + length));
  if (text(0, 8) === "\x89PNG\r\n\x1a\n" && bytes.length >= 24) {
    const size = { width: view.getUint32(16), height: view.getUint32(20) };
    return { format: "png", size, orientation: 1 };
  }
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return readJpegHeader(view);
  const other = otherFormat(text);
  return other && { format: other, size: undefined, orientation: 1 };
}

function otherFormat(
  text: (at: number, length: number) => string,
): ImageHeader["format"] | undefined {
  if (text(0, 4) === "RIFF" && text(8, 4) === "WEBP") return "webp";
  if (text(0, 4) === "GIF8") return "gif";
  if (text(0, 4) === "II*\0" || text(0, 4) === "MM\0*") return "tiff";
  if (text(4, 8) === "ftypavif") return "avif";
  if (/^ftyp(heic|heix|mif1|msf1)/.test(text(4, 8))) return "heic";
  // "BM" alone begins too many text files; a bitmap has zeros in its reserved words.
  if (text(0, 2) === "BM" && text(6, 4) === "\0\0\0\0") return "bmp";
  return undefined;
}

// Walks JPEG's marker segments up to the frame header, which holds the size (ITU-T T.81, B.2.2).
function readJpegHeader(view: DataView): ImageHeader {
  let orientation = 1;
  for (let at = 2; at + 9 < view.byteLength && view.getUint8(at) === 0xff; ) {
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at++;
      continue;
    }
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) {
      const size = { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
      return { format: "jpeg", size, orientation };
    }
    if (marker === 0xe1) orientation = readExifOrientation(view, at + 4) ?? orientation;
    at += 2 + view.getUint16(at + 2);
  }
  return { format: "jpeg", size: undefined, orientation };
}

// Looks tag 0x0112 up in the first directory of an EXIF segment (CIPA DC-008, 4.6.2).
function readExifOrientation(view: DataView, start: number): number | undefined {
  if (start + 14 > view.byteLength || view.getUint32(start) !== 0x45786966) return undefined;
  const tiff = start + 6;
  const little = view.getUint16(tiff) === 0x4949;
  const directory = tiff + view.getUint32(tiff + 4, little);
  if (directory + 2 > view.byteLength) return undefined;
  const entries = view.getUint16(directory, little);
  for (let i = 0; i < entries; i++) {
    const entry = directory + 2 + 12 * i;
    if (entry + 12 > view.byteLength) return undefined;
    if (view.getUint16(entry, little) !== 0x0112) continue;
    const orientation = view.getUint16(entry + 8, little);
    return orientation >= 1 && orientation <= 8 ? orientation : undefined;
  }
  return undefined;
}
