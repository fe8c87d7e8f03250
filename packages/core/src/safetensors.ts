import { arrayConstructor, bytesPerElement, type DType } from "./dtype.js";
import { ValidationError } from "./errors.js";
import { sizeOf, type Tensor } from "./tensor.js";

/** Named tensors and texts: the content of a safetensors file. */
export interface Safetensors {
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Texts that describe the file, by name. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** A header longer than this is refused, as the format's own reader does. */
const LARGEST_HEADER = 100_000_000;
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
  if (bytes.length < 8) throw refusal(`expected at least 8 bytes, got ${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = view.getBigUint64(0, true);
  if (headerBytes > BigInt(Math.min(LARGEST_HEADER, bytes.length - 8))) {
    throw refusal(`the header should have ${headerBytes} bytes, the file has ${bytes.length - 8}`);
  }
  const start = 8 + Number(headerBytes);
  const header = parseHeader(bytes.subarray(8, start));
  const tensors = new Map<string, Tensor>();
  const ranges: [number, number][] = [];
  let metadata: Record<string, string> = {};
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") {
      metadata = readMetadata(entry);
      continue;
    }
    const { dtype, shape, from, to } = readEntry(name, entry, bytes.length - start);
    ranges.push([from, to]);
    // Not `slice`, which gives a view of all bytes where `bytes` is a Buffer of Node.
    const data = new Uint8Array(bytes.subarray(start + from, start + to)).buffer;
    tensors.set(name, { dtype, shape, data: new (arrayConstructor(dtype))(data) });
  }
  let end = 0;
  for (const [from, to] of ranges.sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    if (from !== end)
      throw refusal(`tensors ${from < end ? "overlap" : "leave a gap"} at byte ${end}`);
    end = to;
  }
  if (end !== bytes.length - start) {
    throw refusal(`${bytes.length - start - end} bytes behind the last tensor belong to none`);
  }
  return { tensors, metadata };
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  try {
    const header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (typeof header === "object" && header !== null && !Array.isArray(header)) return header;
  } catch (cause) {
    throw new ValidationError("readSafetensors: the header is no JSON", { cause });
  }
  throw refusal("the header is no JSON object");
}

function readMetadata(entry: unknown): Record<string, string> {
  const valid =
    typeof entry === "object" &&
    entry !== null &&
    Object.values(entry).every((value) => typeof value === "string");
  if (!valid) throw refusal("__metadata__ is no object of texts");
  return entry as Record<string, string>;
}

function readEntry(
  name: string,
  entry: unknown,
  dataBytes: number,
): { dtype: DType; shape: number[]; from: number; to: number } {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
  const type = TYPES.find((known) => known.toUpperCase() === dtype);
  if (type === undefined) throw refusal(`tensor ${name} has the element type ${String(dtype)}`);
  const whole = (list: unknown): list is number[] =>
    Array.isArray(list) && list.every((one) => Number.isSafeInteger(one) && one >= 0);
  if (!whole(shape)) throw refusal(`tensor ${name} has no shape of whole numbers`);
  if (!whole(offsets) || offsets.length !== 2) throw refusal(`tensor ${name} has no two offsets`);
  const [from, to] = offsets as [number, number];
  if (from > to || to > dataBytes) {
    throw refusal(`tensor ${name} lies at bytes ${from} to ${to} of ${dataBytes}`);
  }
  if (sizeOf(shape) * bytesPerElement(type) !== to - from) {
    throw refusal(`tensor ${name} of ${type} [${shape}] cannot have ${to - from} bytes`);
  }
  return { dtype: type, shape, from, to };
}

const TYPES: readonly DType[] = [
  ...(["f32", "f64", "f16", "bf16", "i8", "u8", "i16", "u16"] as const),
  ...(["i32", "u32", "i64", "u64", "bool"] as const),
];

function refusal(what: string): ValidationError {
  return new ValidationError(`readSafetensors: ${what}; is it a whole safetensors file?`);
}
