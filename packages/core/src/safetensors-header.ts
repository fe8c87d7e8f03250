import { bytesPerElement, type DType } from "./dtype.js";
import { ValidationError } from "./errors.js";
import { sizeOf } from "./tensor.js";

/** A header longer than this is refused, as the format's own reader does. */
const LARGEST_HEADER = 100_000_000;

/** Where a tensor of a safetensors file lies. */
export interface SafetensorsEntry {
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** First byte, counted from the end of the header. */
  readonly from: number;
  /** Behind the last byte. */
  readonly to: number;
}

/** What the header of a safetensors file says, checked. */
export interface SafetensorsHeader {
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * The bytes that the header takes behind the 8 that say so.
 *
 * @param head the first 8 bytes of the file, or more
 * @param size bytes of the file
 */
export function safetensorsHeaderBytes(head: Uint8Array, size: number): number {
  if (size < 8 || head.length < 8) throw refusal(`expected at least 8 bytes, got ${size}`);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const headerBytes = view.getBigUint64(0, true);
  if (headerBytes > BigInt(Math.min(LARGEST_HEADER, size - 8))) {
    throw refusal(`the header should have ${headerBytes} bytes, the file has ${size - 8}`);
  }
  return Number(headerBytes);
}

/**
 * Reads and checks a header: known types, shapes that fit their ranges, ranges that fill the data without gap or
 * overlap.
 *
 * @param dataBytes bytes of the file behind the header
 */
export function parseSafetensorsHeader(bytes: Uint8Array, dataBytes: number): SafetensorsHeader {
  const entries = new Map<string, SafetensorsEntry>();
  let metadata: Record<string, string> = {};
  for (const [name, entry] of Object.entries(parseHeader(bytes))) {
    if (name === "__metadata__") metadata = readMetadata(entry);
    else entries.set(name, readEntry(name, entry, dataBytes));
  }
  let end = 0;
  const ordered = [...entries.values()].sort((a, b) => a.from - b.from || a.to - b.to);
  for (const { from, to } of ordered) {
    if (from !== end) {
      throw refusal(`tensors ${from < end ? "overlap" : "leave a gap"} at byte ${end}`);
    }
    end = to;
  }
  if (end !== dataBytes) {
    throw refusal(`${dataBytes - end} bytes behind the last tensor belong to none`);
  }
  return { entries, metadata };
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

function readEntry(name: string, entry: unknown, dataBytes: number): SafetensorsEntry {
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
