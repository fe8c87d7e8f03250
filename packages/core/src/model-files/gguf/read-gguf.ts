import { EdgewrightError, UnsupportedError, ValidationError } from "../../errors.js";
import { formatShape } from "../../shape.js";
import { sizeOf } from "../../tensor.js";
import type { ByteSource } from "../byte-source.js";
import type { WeightTensor } from "../decoder-weights.js";
import type { ReadBuffers } from "../read-buffers.js";
import type { ReadOptions } from "../read-options.js";
import { storedRows, type WeightRows, wholeRows } from "../weight-rows.js";
import { GGML_TYPES, type GgmlType } from "./ggml-type.js";
import { readBlocks } from "./read-blocks.js";
import { findTernaryFormat, readTernaryBlocks } from "./read-ternary-blocks.js";

/** What a tensor of a GGUF file is, before its bytes are read. */
export interface GgufTensorInfo {
  readonly name: string;
  /** Outermost axis first: the file's order turned round. */
  readonly shape: readonly number[];
  /** Absent for types that are not read. */
  readonly type: GgmlType | undefined;
  /** The type's number in the file. */
  readonly typeId: number;
  /** First byte of the data in the file. */
  readonly begin: number;
  /** Behind the last byte; `begin` for types that are not read. */
  readonly end: number;
}

/** A GGUF file of which the header has been read. */
export interface GgufFile {
  /** By key, as the file has them: numbers, texts, truth values, lists; 64-bit whole numbers as bigint. */
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly tensors: ReadonlyMap<string, GgufTensorInfo>;
  /**
   * Reads one tensor.
   *
   * @throws ValidationError where the file has no such tensor.
   * @throws UnsupportedError for a storage type that is not read.
   */
  readTensor(name: string, signal?: AbortSignal): Promise<WeightTensor>;
  /**
   * Opens one tensor to be read some rows at a time. What blocks of `tq1_0` and `tq2_0` become depends on all of them:
   * they are read twice from a disk, and at once from elsewhere.
   *
   * @param options `as` names buffers that other tensors do not overwrite
   * @throws as `readTensor`.
   */
  openRows(name: string, options: GgufRowsOptions): Promise<WeightRows>;
}

/** Options of {@link GgufFile}'s `openRows`. */
export interface GgufRowsOptions {
  readonly buffers: ReadBuffers;
  /** Name of the buffers for what is read at once. */
  readonly as: string;
  readonly signal?: AbortSignal;
  /** Called with the end of each range of the file that was read. */
  readonly onRead?: (end: number) => void;
}

const LARGEST_TENSOR_COUNT = 1_000_000;
const LARGEST_KEY_COUNT = 100_000;
// A name's length, the number of axes, one axis, type and offset; a key's length, its type, one byte.
const SMALLEST_TENSOR_INFO = 8 + 4 + 8 + 4 + 8;
const SMALLEST_KEY = 8 + 4 + 1;

/**
 * Reads the header of a GGUF file (versions 2 and 3, little-endian) through `@huggingface/gguf`, and checks every
 * tensor before anything is allocated for it: known axes, an aligned range inside the file that fits type
 * and shape, no two ranges that overlap, no name twice.
 *
 * @throws ValidationError for a file that is cut off, mislabelled or contradicts itself.
 * @throws UnsupportedError for big-endian files and versions that llama.cpp does not write any more.
 */
export async function readGguf(source: ByteSource, options: ReadOptions = {}): Promise<GgufFile> {
  const { signal } = options;
  await checkHead(source, signal);
  const { gguf } = await import("@huggingface/gguf");
  let header: Awaited<ReturnType<typeof gguf>>;
  try {
    header = await gguf("https://file.invalid/model.gguf", { fetch: fetchFrom(source, signal) });
  } catch (cause) {
    if (EdgewrightError.isInstance(cause)) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw fault(source, `the header cannot be read: ${reason}`, cause);
  }
  const metadata = header.metadata as unknown as Record<string, unknown>;
  const dataBegin = Number(header.tensorDataOffset);
  const alignment = Number(metadata["general.alignment"] ?? 32);
  // The header's reader pads what a source lacks with zeros.
  if (header.tensorInfoByteRange[1] > source.size) {
    throw fault(
      source,
      `the header ends at byte ${header.tensorInfoByteRange[1]}, the file has ${source.size}`,
    );
  }
  const tensors = new Map<string, GgufTensorInfo>();
  for (const { name, shape, dtype, offset } of header.tensorInfos) {
    if (tensors.has(name)) throw fault(source, `two tensors are called ${name}`);
    const begin = dataBegin + Number(offset);
    if (begin % alignment !== 0) {
      throw fault(
        source,
        `tensor ${name} at offset ${offset} is not aligned to ${alignment} bytes`,
      );
    }
    const axes = shape.map(Number).reverse();
    const type = GGML_TYPES.find((known) => known.id === (dtype as number));
    const end = begin + (type ? bytesOf(type, axes) : 0);
    tensors.set(name, { name, shape: axes, type, typeId: dtype as number, begin, end });
  }
  checkRanges(source, tensors);
  const find = (name: string): GgufTensorInfo & { readonly type: GgmlType } => {
    const info = tensors.get(name);
    if (!info) throw fault(source, `there is no tensor ${name}`);
    const { type } = info;
    if (type) return { ...info, type };
    throw new UnsupportedError(
      `readGguf: ${source.name}: tensor ${name} is stored as ggml type ${info.typeId}; only ` +
        `${GGML_TYPES.map((known) => known.name).join(", ")} are read`,
      { where: name },
    );
  };
  return {
    metadata,
    tensors,
    async readTensor(name, tensorSignal = signal) {
      const { begin, end, shape, type } = find(name);
      const read = await source.read(begin, end, tensorSignal);
      // Numbers are a view of the bytes, which may be the source's.
      const bytes = type.elements === 1 && !source.readInto ? new Uint8Array(read) : read;
      return readBlocks(type.name, bytes, shape);
    },
    async openRows(name, { buffers, as, signal: rowsSignal = signal, onRead }) {
      const { begin, end, shape, type } = find(name);
      const stored = { source, begin, end, shape, buffers, signal: rowsSignal };
      const reported = { ...stored, ...(onRead && { onRead }) };
      if (type.name !== "tq1_0" && type.name !== "tq2_0") {
        return storedRows(reported, (bytes, piece) => readBlocks(type.name, bytes, piece, buffers));
      }
      if (source.readInto === undefined) {
        // Reading twice may cost more than memory does: it may be a network.
        const bytes = await source.read(begin, end, rowsSignal);
        onRead?.(end);
        return wholeRows(readBlocks(type.name, bytes, shape, buffers, as));
      }
      const format = await findTernaryFormat(type.name, stored);
      return storedRows(reported, (bytes, piece) =>
        readTernaryBlocks(
          type.name as "tq1_0" | "tq2_0",
          bytes,
          piece,
          (part, count) => buffers.take(`piece.${part}`, count),
          format,
        ),
      );
    },
  };
}

// Counts that no file of this size can hold are refused before a list is made of them.
async function checkHead(source: ByteSource, signal: AbortSignal | undefined): Promise<void> {
  if (source.size < 24) throw fault(source, `expected a header of 24 bytes, got ${source.size}`);
  const head = await source.read(0, 24, signal);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (view.getUint32(0, false) !== 0x47475546) {
    throw fault(source, "it does not begin with GGUF");
  }
  const version = view.getUint32(4, true);
  if (version > 0xffff) {
    throw new UnsupportedError(
      `readGguf: ${source.name}: expected a little-endian file, got a big-endian one; convert it with ` +
        "gguf-py's gguf_convert_endian",
    );
  }
  if (version !== 2 && version !== 3) {
    throw new UnsupportedError(`readGguf: ${source.name}: expected version 2 or 3, got ${version}`);
  }
  const counts = [
    ["tensors", view.getBigUint64(8, true), LARGEST_TENSOR_COUNT, SMALLEST_TENSOR_INFO],
    ["keys", view.getBigUint64(16, true), LARGEST_KEY_COUNT, SMALLEST_KEY],
  ] as const;
  for (const [what, count, largest, bytes] of counts) {
    if (count > BigInt(Math.min(largest, Math.floor(source.size / bytes)))) {
      throw fault(
        source,
        `it says it has ${count} ${what}, which ${source.size} bytes cannot hold`,
      );
    }
  }
}

// The header's reader knows files by URL only: it is given a fetch that reads ranges of the source.
function fetchFrom(source: ByteSource, signal: AbortSignal | undefined): typeof fetch {
  return async (_url, request) => {
    const range = new Headers(request?.headers).get("Range") ?? "";
    const [from, to] = range.replace("bytes=", "").split("-").map(Number) as [number, number];
    if (from >= source.size) {
      throw fault(source, `the header goes on at byte ${from}, where the file ends`);
    }
    const end = Math.min(source.size, to + 1);
    const bytes = await source.read(from, end, signal);
    return new Response(new Uint8Array(bytes), {
      status: 206,
      headers: { "content-range": `bytes ${from}-${end - 1}/${source.size}` },
    });
  };
}

function checkRanges(source: ByteSource, tensors: ReadonlyMap<string, GgufTensorInfo>): void {
  const ranges: { name: string; begin: number; end: number }[] = [];
  for (const { name, shape, type, begin, end } of tensors.values()) {
    if (shape.length === 0 || shape.some((size) => !Number.isSafeInteger(size) || size < 1)) {
      throw fault(source, `tensor ${name} has the shape ${formatShape(shape)}`);
    }
    if (!type) continue; // an error only for who reads it
    if (shape.at(-1)! % type.elements !== 0) {
      throw fault(
        source,
        `tensor ${name} of shape ${formatShape(shape)} does not fill blocks of ${type.elements} ${type.name}`,
      );
    }
    if (!(end <= source.size)) {
      throw fault(
        source,
        `tensor ${name} lies at bytes ${begin} to ${end}, the file has ${source.size}; is it cut off?`,
      );
    }
    ranges.push({ name, begin, end });
  }
  ranges.sort((a, b) => a.begin - b.begin);
  ranges.forEach((range, at) => {
    const next = ranges[at + 1];
    if (next && next.begin < range.end) {
      throw fault(source, `tensors ${range.name} and ${next.name} overlap at byte ${next.begin}`);
    }
  });
}

function bytesOf(type: GgmlType, shape: readonly number[]): number {
  return (sizeOf(shape) / type.elements) * type.bytes;
}

function fault(source: ByteSource, what: string, cause?: unknown): ValidationError {
  return new ValidationError(`readGguf: ${source.name}: ${what}`, { where: source.name, cause });
}
