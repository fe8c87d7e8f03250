import { arrayConstructor, type DType, type DTypeArrays } from "../dtype.js";
import type { ByteSource } from "./byte-source.js";
import type { WeightTensor } from "./decoder-weights.js";
import { type ReadBuffers, readRange } from "./read-buffers.js";

/** A weight that can be read some rows at a time. */
export interface WeightRows {
  /** Of the whole weight. */
  readonly shape: readonly number[];
  /** A weight of the same form, format and columns; its rows are some or none. */
  readonly like: WeightTensor;
  /**
   * Reads the weight from its first row to its last in pieces of whole rows. What a piece holds may be overwritten when
   * the next is asked for, of this weight or of another one with the same buffers.
   */
  pieces(): AsyncIterable<WeightTensor>;
}

/** File bytes of a piece: enough that a read costs little beside them. */
const PIECE_BYTES = 2 ** 16;

/** A weight that is there, or does not come in pieces. */
export function wholeRows(weight: WeightTensor): WeightRows {
  return {
    shape: weight.shape,
    like: weight,
    async *pieces() {
      yield weight;
    },
  };
}

/** Where the rows of a weight lie in a file. */
export interface StoredRows {
  readonly source: ByteSource;
  readonly begin: number;
  readonly end: number;
  readonly shape: readonly number[];
  readonly buffers: ReadBuffers;
  readonly signal: AbortSignal | undefined;
  /** Called with the end of each piece, and its bytes. */
  readonly onRead?: (end: number, bytes: number) => void;
}

/**
 * A weight whose rows follow one another in a file.
 *
 * @param decode turns the bytes of rows into a weight; also those of none
 */
export function storedRows(
  stored: StoredRows,
  decode: (bytes: Uint8Array, shape: readonly number[]) => WeightTensor,
): WeightRows {
  const { begin, end, shape, onRead } = stored;
  const [rows = 0, ...columns] = shape;
  return {
    shape,
    like: decode(new Uint8Array(0), [0, ...columns]),
    async *pieces() {
      let at = begin;
      for await (const bytes of storedBytes(stored)) {
        const count = (bytes.length / (end - begin)) * rows;
        const piece = decode(bytes, [Math.round(count), ...columns]);
        at += bytes.length;
        onRead?.(at, bytes.length);
        yield piece;
      }
    },
  };
}

/** The bytes of rows that lie in a file, some whole rows at a time, each time in the same memory. */
export async function* storedBytes(stored: StoredRows): AsyncGenerator<Uint8Array> {
  const { source, begin, end, shape, buffers, signal } = stored;
  const rowBytes = (end - begin) / Math.max(1, shape[0] ?? 0);
  const step = rowBytes * Math.max(1, Math.floor(PIECE_BYTES / Math.max(1, rowBytes)));
  for (let from = begin; from < end; from += step) {
    const to = Math.min(end, from + step);
    const take = (): Uint8Array => buffers.take("piece.bytes", to - from);
    yield await readRange(source, from, to, take, signal);
  }
}

/** Numbers of a file: the bytes themselves where they lie well, else a copy in a buffer. */
export function viewNumbers<D extends DType>(
  dtype: D,
  bytes: Uint8Array,
  buffers: ReadBuffers,
): DTypeArrays[D] {
  const Numbers = arrayConstructor(dtype);
  let lying = bytes;
  if (bytes.byteOffset % Numbers.BYTES_PER_ELEMENT !== 0) {
    lying = buffers.take("piece.data", bytes.length);
    lying.set(bytes);
  }
  const length = bytes.length / Numbers.BYTES_PER_ELEMENT;
  return new Numbers(lying.buffer as ArrayBuffer, lying.byteOffset, length);
}
