import type { ByteSource } from "./byte-source.js";

/**
 * Memory that reading a file uses again and again. Arrays that are left to the garbage collector pile up: it does not
 * feel how large they are, and a model that is read with new ones for every tensor lies in memory twice.
 */
export interface ReadBuffers {
  /** `bytes` bytes at the beginning of a buffer; what was taken under the same name before is overwritten. */
  take(name: string, bytes: number): Uint8Array;
}

/** Makes buffers that grow to the largest piece of each name. */
export function createReadBuffers(): ReadBuffers {
  const buffers = new Map<string, ArrayBuffer>();
  return {
    take(name, bytes) {
      let buffer = buffers.get(name);
      if (buffer === undefined || buffer.byteLength < bytes) {
        buffer = new ArrayBuffer(Math.ceil(bytes / 8) * 8);
        buffers.set(name, buffer);
      }
      return new Uint8Array(buffer, 0, bytes);
    },
  };
}

/** Buffers that are new each time: for what the caller keeps. */
export function newBuffers(): ReadBuffers {
  return { take: (_name, bytes) => new Uint8Array(bytes) };
}

/** Reads a range into a buffer, or a view of what the source keeps. */
export async function readRange(
  source: ByteSource,
  begin: number,
  end: number,
  buffer: () => Uint8Array,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  if (source.readInto === undefined) return source.read(begin, end, signal);
  const target = buffer();
  await source.readInto(target, begin, signal);
  return target;
}
