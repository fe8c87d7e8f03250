import {
  readSafetensors,
  type Tensor,
  tensor,
  ValidationError,
  writeSafetensors,
} from "@edgewright/core";
import type { DecoderConfig } from "@edgewright/core/model-files";
import type { SavedCache } from "../engine/decoder-session.js";

const KIND = "edgewright key-value cache";
const VERSION = "1";

/**
 * What tells a model from others: its shape, and a checksum of its output norm, which training changes and
 * storing in few bits does not.
 */
export function fingerprintModel(config: DecoderConfig, outputNorm: Float32Array): string {
  return JSON.stringify({ ...config, outputNorm: checksumOf(outputNorm) });
}

/** A saved cache as bytes for a file: a safetensors container, with the model that it belongs to. */
export function writeCacheFile(saved: SavedCache, fingerprint: string): Uint8Array {
  const { tokens, cacheType, data } = saved;
  const ids = Int32Array.from(tokens);
  return writeSafetensors(
    new Map<string, Tensor>([
      ["tokens", tensor("i32", [ids.length], ids)],
      ["data", tensor("u8", [data.length], data)],
    ]),
    {
      ...{ kind: KIND, version: VERSION, cacheType, model: fingerprint },
      checksum: checksumOf(ids, data),
    },
  );
}

/**
 * Undoes {@link writeCacheFile}.
 *
 * @throws ValidationError for other bytes, damaged ones, and for a cache of another model.
 */
export function readCacheFile(bytes: Uint8Array, fingerprint: string): SavedCache {
  const { tensors, metadata } = readSafetensors(bytes);
  const tokens = tensors.get("tokens");
  const data = tensors.get("data");
  const { kind, version, cacheType, model } = metadata;
  if (
    kind !== KIND ||
    version !== VERSION ||
    tokens?.dtype !== "i32" ||
    data?.dtype !== "u8" ||
    (cacheType !== "f32" && cacheType !== "f16" && cacheType !== "int8")
  ) {
    throw new ValidationError(
      `restoreCache: expected what saveCache gave (version ${VERSION}), got ${kind ?? "another file"} ${version ?? ""}`,
    );
  }
  if (model !== fingerprint) {
    throw new ValidationError(
      `restoreCache: the cache belongs to another model: ${describeDifference(model, fingerprint)}`,
    );
  }
  if (checksumOf(tokens.data, data.data) !== metadata.checksum) {
    throw new ValidationError("restoreCache: the bytes are damaged: their checksum is another");
  }
  return {
    tokens: Array.from(tokens.data as Int32Array),
    cacheType,
    data: data.data as Uint8Array,
  };
}

/** FNV-1a over the bytes of all parts: against damage, not against forgery. */
function checksumOf(...parts: readonly ArrayBufferView[]): string {
  let checksum = 0x811c9dc5;
  for (const { buffer, byteOffset, byteLength } of parts) {
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    for (let at = 0; at < bytes.length; at++) {
      checksum = Math.imul(checksum ^ bytes[at]!, 0x01000193);
    }
  }
  return (checksum >>> 0).toString(16);
}

/** What a cache's fingerprint has otherwise than the model. */
function describeDifference(found: string | undefined, expected: string): string {
  const known = JSON.parse(expected) as Record<string, unknown>;
  let other: Record<string, unknown>;
  try {
    other = Object(JSON.parse(found ?? "")) as Record<string, unknown>;
  } catch {
    return "it names none";
  }
  const differing = Object.keys(known).filter(
    (key) => JSON.stringify(known[key]) !== JSON.stringify(other[key]),
  );
  return differing
    .map((key) => `${key} is ${JSON.stringify(other[key])}, not ${JSON.stringify(known[key])}`)
    .join("; ");
}
