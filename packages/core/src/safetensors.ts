import { arrayConstructor, bytesPerElement } from "./dtype.js";
import { parseSafetensorsHeader, safetensorsHeaderBytes } from "./safetensors-header.js";
import type { Tensor } from "./tensor.js";

/** Named tensors and texts: the content of a safetensors file. */
export interface Safetensors {
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Texts that describe the file, by name. */
  readonly metadata: Readonly<Record<string, string>>;
}

const ALIGNMENT = 8;

/**
 * Writes named tensors as a safetensors file: 8 bytes that give the length of a JSON header, the header, the
 * numbers (https://github.com/huggingface/safetensors, format version of 2022).
 *
 * The same input gives the same bytes: tensors in the order of the map, each at a multiple of 8.
 *
 * @example
 * ```ts
 * const bytes = writeSafetensors(new Map([["w", tensor("f32", [2], [1, 2])]]), { step: "10" });
 * readSafetensors(bytes).tensors.get("w"); // the same tensor
 * ```
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  const entries: [string, unknown][] = [];
  if (Object.keys(metadata).length > 0) entries.push(["__metadata__", metadata]);
  let offset = 0;
  // The format allows no gaps: the widest elements first keep all of them aligned.
  const ordered = [...tensors].sort(
    ([, a], [, b]) => bytesPerElement(b.dtype) - bytesPerElement(a.dtype),
  );
  for (const [name, { dtype, shape, data }] of ordered) {
    const end = offset + data.byteLength;
    entries.push([name, { dtype: dtype.toUpperCase(), shape, data_offsets: [offset, end] }]);
    offset = end;
  }
  const text = new TextEncoder().encode(JSON.stringify(Object.fromEntries(entries)));
  const headerBytes = Math.ceil(text.length / ALIGNMENT) * ALIGNMENT;
  const bytes = new Uint8Array(8 + headerBytes + offset).fill(0x20, 8, 8 + headerBytes); // padded by spaces
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerBytes), true);
  bytes.set(text, 8);
  let at = 8 + headerBytes;
  for (const [, { data }] of ordered) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/**
 * Reads a safetensors file. The tensors are copies.
 *
 * @throws ValidationError when the bytes are no such file: a header that is cut off, too long or no JSON,
 * element types or shapes that do not exist, offsets that lie outside, overlap, leave gaps or do not fit
 * the shape.
 */
export function readSafetensors(bytes: Uint8Array): Safetensors {
  const start = 8 + safetensorsHeaderBytes(bytes, bytes.length);
  const { entries, metadata } = parseSafetensorsHeader(
    bytes.subarray(8, start),
    bytes.length - start,
  );
  const tensors = new Map<string, Tensor>();
  for (const [name, { dtype, shape, from, to }] of entries) {
    // Not `slice`, which gives a view of all bytes where `bytes` is a Buffer of Node.
    const data = new Uint8Array(bytes.subarray(start + from, start + to)).buffer;
    tensors.set(name, { dtype, shape, data: new (arrayConstructor(dtype))(data) });
  }
  return { tensors, metadata };
}
