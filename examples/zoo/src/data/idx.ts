import { gunzipSync } from "node:zlib";
import {
  EdgewrightError,
  formatShape,
  type Tensor,
  UnsupportedError,
  ValidationError,
} from "@edgewright/core";

/** Most bytes that a file may unpack to; the largest of the MNIST family holds 47 MB. */
const MAX_BYTES = 256 * 2 ** 20;
const UNSIGNED_BYTE = 0x08;
const OTHER_TYPES = new Set([0x09, 0x0b, 0x0c, 0x0d, 0x0e]);

/**
 * Reads an IDX file, the format of MNIST and Fashion-MNIST: two zero bytes, the element type, the number
 * of axes, the size of each axis as a big-endian 32-bit word, then the elements in row-major order
 * (yann.lecun.com/exdb/mnist). Gzipped files are unpacked.
 *
 * @param name what errors call the file
 * @throws ValidationError when the bytes are damaged, UnsupportedError when its elements are no unsigned
 * bytes, EdgewrightError `limit-exceeded` when it unpacks to more than 256 MiB
 */
export function readIdx(bytes: Uint8Array, name: string): Tensor<"u8"> {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const raw = isGzip ? unpack(bytes, name) : bytes;
  const damaged = (problem: string) =>
    new ValidationError(`${name} is not a readable IDX file: ${problem}`, { where: name });
  if (raw.length < 4 || raw[0] !== 0 || raw[1] !== 0) {
    throw damaged("it should begin with two zero bytes, a type and a number of axes");
  }
  const type = raw[2]!;
  const rank = raw[3]!;
  if (OTHER_TYPES.has(type)) {
    throw new UnsupportedError(
      `${name}: elements of type 0x${type.toString(16).padStart(2, "0")} are not read, only unsigned bytes (0x08)`,
      { where: name },
    );
  }
  if (type !== UNSIGNED_BYTE) throw damaged(`its element type ${type} does not exist`);
  const header = 4 + 4 * rank;
  if (raw.length < header) throw damaged(`it ends within the sizes of its ${rank} axes`);
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  const size = shape.reduce((product, length) => product * length, 1);
  if (raw.length - header !== size) {
    throw damaged(
      `its shape ${formatShape(shape)} asks for ${size} elements, it holds ${raw.length - header}`,
    );
  }
  // A copy: what is a Buffer would share its memory with `slice`.
  return { dtype: "u8", shape, data: new Uint8Array(raw.subarray(header)) };
}

/** Writes what {@link readIdx} reads, not compressed. */
export function writeIdx({ shape, data }: Tensor<"u8">): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + data.length);
  bytes.set([0, 0, UNSIGNED_BYTE, shape.length]);
  const view = new DataView(bytes.buffer);
  for (const [axis, length] of shape.entries()) view.setUint32(4 + 4 * axis, length);
  bytes.set(data, 4 + 4 * shape.length);
  return bytes;
}

function unpack(bytes: Uint8Array, name: string): Uint8Array {
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_BYTES });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "ERR_BUFFER_TOO_LARGE") {
      throw new EdgewrightError(
        "limit-exceeded",
        `${name} unpacks to more than ${MAX_BYTES / 2 ** 20} MiB`,
        { cause, where: name },
      );
    }
    throw new ValidationError(`${name} is a damaged gzip file: ${message}`, { cause, where: name });
  }
}
