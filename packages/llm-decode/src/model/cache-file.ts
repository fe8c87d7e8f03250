import {
  readSafetensors,
  type Tensor,
  tensor,
  ValidationError,
  writeSafetensors,
} from "@edgewright/core";
import type { SavedCache } from "../engine/decoder-session.js";

const VERSION = "1";

/** A saved cache as bytes for a file: a safetensors container, with the model that it belongs to. */
export function writeCacheFile(saved: SavedCache, fingerprint: string): Uint8Array {
  const { tokens, cacheType, data } = saved;
  return writeSafetensors(
    new Map<string, Tensor>([
      ["tokens", tensor("i32", [tokens.length], tokens)],
      ["data", tensor("u8", [data.length], data)],
    ]),
    { kind: "edgewright key-value cache", version: VERSION, cacheType, model: fingerprint },
  );
}

/**
 * Undoes {@link writeCacheFile}.
 *
 * @throws ValidationError for other bytes, and for a cache of another model.
 */
export function readCacheFile(bytes: Uint8Array, fingerprint: string): SavedCache {
  const { tensors, metadata } = readSafetensors(bytes);
  const tokens = tensors.get("tokens");
  const data = tensors.get("data");
  const { kind, version, cacheType, model } = metadata;
  if (
    kind !== "edgewright key-value cache" ||
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
      `restoreCache: the cache belongs to another model (${model}, this is ${fingerprint})`,
    );
  }
  return {
    tokens: Array.from(tokens.data as Int32Array),
    cacheType,
    data: data.data as Uint8Array,
  };
}
