import { throwIfAborted, ValidationError } from "../errors.js";

/** Bytes that can be read a range at a time: a buffer, a file, a resource on the web. */
export interface ByteSource {
  /** Named in messages: a file name, a URL. */
  readonly name: string;
  /** Bytes in all. */
  readonly size: number;
  /**
   * Bytes from `begin` up to `end`, both within `size`. May be a view of memory that the source keeps:
   * do not write to it.
   */
  read(begin: number, end: number, signal?: AbortSignal): Promise<Uint8Array>;
  /**
   * Fills `target` with the bytes from `begin` on: for sources that would take new memory for every read, so that large
   * files are read with one buffer. Without it, `read` is used.
   */
  readInto?(target: Uint8Array, begin: number, signal?: AbortSignal): Promise<void>;
}

/** A {@link ByteSource} over bytes in memory. */
export function bytesSource(
  bytes: Uint8Array | ArrayBuffer | SharedArrayBuffer,
  name = "bytes",
): ByteSource {
  const all = bytes instanceof Uint8Array ? bytes : new Uint8Array(bytes);
  return {
    name,
    size: all.length,
    async read(begin, end, signal) {
      throwIfAborted(signal, `read of ${name}`);
      checkRange(name, begin, end, all.length);
      return all.subarray(begin, end);
    },
  };
}

/** A {@link ByteSource} over a `Blob` or a `File` that a user chose: nothing is read before it is asked for. */
export function blobSource(blob: Blob, name?: string): ByteSource {
  const given = name ?? (blob as Partial<File>).name ?? "blob";
  return {
    name: given,
    size: blob.size,
    async read(begin, end, signal) {
      throwIfAborted(signal, `read of ${given}`);
      checkRange(given, begin, end, blob.size);
      const bytes = new Uint8Array(await blob.slice(begin, end).arrayBuffer());
      throwIfAborted(signal, `read of ${given}`);
      return bytes;
    },
  };
}

/**
 * Throws unless a range lies inside a source.
 *
 * @throws ValidationError naming the source and both.
 */
export function checkRange(name: string, begin: number, end: number, size: number): void {
  if (begin >= 0 && begin <= end && end <= size) return;
  throw new ValidationError(
    `${name}: bytes ${begin} to ${end} were needed, the file has ${size}; is it cut off?`,
    { where: name },
  );
}
