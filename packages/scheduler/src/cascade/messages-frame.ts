import { EdgewrightError, ValidationError } from "@edgewright/core";
import {
  CASCADE_PROTOCOL_VERSION,
  type DeviceMessage,
  type Received,
  type ServerMessage,
} from "./messages.js";
import { checkDeviceMessage, checkServerMessage } from "./messages-schemas.js";

/** Most bytes of the JSON part of a frame: the longest honest one has a few hundred. */
const MAX_HEADER_BYTES = 4096;

/**
 * Writes a message as the bytes that every transport carries: the length of the JSON (uint32, little-endian), the
 * JSON in UTF-8, the payload.
 *
 * @example
 * const frame = encodeFrame({ v: 1, type: "leave", device: "camera-7" });
 * console.log(decodeDeviceFrame(frame).message.device); // camera-7
 */
export function encodeFrame(
  message: DeviceMessage | ServerMessage,
  payload: Uint8Array = new Uint8Array(0),
): Uint8Array {
  const header = new TextEncoder().encode(JSON.stringify(message));
  const frame = new Uint8Array(4 + header.length + payload.length);
  new DataView(frame.buffer).setUint32(0, header.length, true);
  frame.set(header, 4);
  frame.set(payload, 4 + header.length);
  return frame;
}

/**
 * Reads and checks what a device sent.
 *
 * @throws ValidationError with the place of the first fault, EdgewrightError `unsupported` for another version of
 * the protocol
 */
export function decodeDeviceFrame(frame: Uint8Array): Received<DeviceMessage> {
  const { header, payload } = splitFrame(frame, "decodeDeviceFrame");
  return { message: checkDeviceMessage(header), payload };
}

/** Reads and checks what a server sent. @throws as {@link decodeDeviceFrame} */
export function decodeServerFrame(frame: Uint8Array): Received<ServerMessage> {
  const { header, payload } = splitFrame(frame, "decodeServerFrame");
  return { message: checkServerMessage(header), payload };
}

/** The floats of a payload, in memory of their own. @throws ValidationError when its bytes do not fill them */
export function floatsOfPayload(payload: Uint8Array): Float32Array {
  if (payload.byteLength % 4 !== 0) {
    throw new ValidationError(
      `floatsOfPayload: float32 values take 4 bytes each, the payload has ${payload.byteLength}`,
    );
  }
  // Not slice(): that of a Node Buffer copies nothing.
  return new Float32Array(new Uint8Array(payload).buffer);
}

/** The bytes of floats, as a payload. */
export function payloadOfFloats(floats: Float32Array): Uint8Array {
  return new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength);
}

function splitFrame(frame: Uint8Array, where: string): { header: unknown; payload: Uint8Array } {
  if (frame.byteLength < 4) {
    throw new ValidationError(
      `${where}: a frame starts with 4 bytes of length, it has ${frame.byteLength}`,
    );
  }
  const length = new DataView(frame.buffer, frame.byteOffset).getUint32(0, true);
  if (length > MAX_HEADER_BYTES || 4 + length > frame.byteLength) {
    throw new ValidationError(
      `${where}: at most ${MAX_HEADER_BYTES} bytes of JSON inside the frame were expected, the frame of ` +
        `${frame.byteLength} bytes says ${length}`,
    );
  }
  const header = parseJson(frame.subarray(4, 4 + length), where);
  const version = (header as { v?: unknown } | null)?.v;
  if (version !== CASCADE_PROTOCOL_VERSION) {
    throw new EdgewrightError(
      typeof version === "number" ? "unsupported" : "invalid-data",
      `${where}: protocol version ${CASCADE_PROTOCOL_VERSION} was expected, got ${JSON.stringify(version)}; ` +
        "run the same version of @edgewright/scheduler on devices and servers",
    );
  }
  return { header, payload: frame.subarray(4 + length) };
}

function parseJson(bytes: Uint8Array, where: string): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new ValidationError(`${where}: JSON in UTF-8 was expected`, { cause });
  }
}
