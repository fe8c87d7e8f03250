import { ValidationError } from "@edgewright/core";

/** Float32 values as base64 text of their little-endian bytes: every bit survives JSON. */
export function encodeFloat32(values: Float32Array): string {
  const view = new DataView(new ArrayBuffer(values.length * 4));
  for (let i = 0; i < values.length; i++) view.setFloat32(i * 4, values[i]!, true);
  const bytes = new Uint8Array(view.buffer);
  let text = "";
  // Spread in pieces: a call takes some ten thousand arguments at most.
  for (let start = 0; start < bytes.length; start += 8192) {
    text += String.fromCharCode(...bytes.subarray(start, start + 8192));
  }
  return btoa(text);
}

/**
 * The values behind {@link encodeFloat32}'s text.
 *
 * @param where what is read, for the message of an error
 * @throws ValidationError when the text is not base64 of exactly `length` finite values
 */
export function decodeFloat32(text: unknown, length: number, where: string): Float32Array {
  const refuse = (came: string): ValidationError =>
    new ValidationError(
      `${where}: base64 of ${length} float32 values was expected, got ${came}; the snapshot is damaged or of another policy`,
    );
  if (typeof text !== "string") throw refuse(typeof text);
  let bytes: string;
  try {
    bytes = atob(text);
  } catch {
    throw refuse("text that is not base64");
  }
  if (bytes.length !== length * 4) throw refuse(`${bytes.length} bytes`);
  const view = new DataView(new ArrayBuffer(bytes.length));
  for (let i = 0; i < bytes.length; i++) view.setUint8(i, bytes.charCodeAt(i));
  const values = new Float32Array(length);
  for (let i = 0; i < length; i++) {
    const value = view.getFloat32(i * 4, true);
    if (!Number.isFinite(value)) throw refuse(`${value} at ${i}`);
    values[i] = value;
  }
  return values;
}
