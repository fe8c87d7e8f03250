/** Grows as little-endian numbers and texts are appended. */
export interface ByteWriter {
  u32(value: number): void;
  u64(value: number): void;
  i32(value: number): void;
  f32(value: number): void;
  u8(value: number): void;
  /** UTF-8 behind its length in 64 bits, as GGUF has texts. */
  text(value: string): void;
  /** Zeros up to a multiple. */
  align(to: number): void;
  bytes(value: Uint8Array): void;
  /** What has been written. */
  finish(): Uint8Array;
}

/** Makes an empty {@link ByteWriter}. */
export function createByteWriter(): ByteWriter {
  let buffer = new Uint8Array(65536);
  let view = new DataView(buffer.buffer);
  let length = 0;
  const encoder = new TextEncoder();
  const grow = (more: number): number => {
    const at = length;
    length += more;
    if (length > buffer.length) {
      const larger = new Uint8Array(Math.max(length, buffer.length * 2));
      larger.set(buffer);
      buffer = larger;
      view = new DataView(buffer.buffer);
    }
    return at;
  };
  const put = (bytes: number, write: (at: number) => void): void => write(grow(bytes));
  const bytes = (value: Uint8Array): void => put(value.length, (at) => buffer.set(value, at));
  const u64 = (value: number): void => put(8, (at) => view.setBigUint64(at, BigInt(value), true));
  return {
    u8: (value) => put(1, (at) => view.setUint8(at, value)),
    u32: (value) => put(4, (at) => view.setUint32(at, value, true)),
    i32: (value) => put(4, (at) => view.setInt32(at, value, true)),
    f32: (value) => put(4, (at) => view.setFloat32(at, value, true)),
    u64,
    text(value) {
      const encoded = encoder.encode(value);
      u64(encoded.length);
      bytes(encoded);
    },
    align: (to) => void grow((to - (length % to)) % to),
    bytes,
    finish: () => buffer.subarray(0, length),
  };
}
