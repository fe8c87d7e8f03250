import { EdgewrightError, ShapeError } from "@edgewright/core";
import { checkCounts } from "../../runtime/check-counts.js";
import type { Kernels } from "../../runtime/load.js";
import { requireLanguage } from "../load-language-kernels.js";
import { type KvCacheLayout, type KvCacheType, TILE_SLOTS } from "./kv-cache-layout.js";

/** Sizes for {@link createKvCache}. */
export interface KvCacheOptions {
  readonly layers: number;
  /** Heads of keys and values. */
  readonly kvHeads: number;
  /** Elements of a vector: a multiple of 4 from 8 to 128. */
  readonly headDim: number;
  /** Positions that the cache can hold, those of drafts included. */
  readonly capacity: number;
  /** @default "f32" */
  readonly type?: KvCacheType;
}

/** Memory for the keys and values of a text. */
export interface KvCache {
  readonly layout: KvCacheLayout;
  /** Bytes of keys, values and scales. */
  readonly bytes: number;
  /** Gives the memory back. */
  dispose(): void;
  /** `dispose` for a `using` declaration. */
  [Symbol.dispose](): void;
}

const TYPES: readonly KvCacheType[] = ["f32", "f16", "int8"];
const ELEMENT_BYTES = { f32: 4, f16: 2, int8: 1 } as const;

/**
 * Bytes of a cache: keys, values and scales for `capacity` slots rounded up to a multiple of 64.
 *
 * @throws ShapeError for sizes that no cache has.
 */
export function kvCacheBytes(options: KvCacheOptions): number {
  return measure("kvCacheBytes", options).bytes;
}

/**
 * Takes memory for the keys and values of `capacity` positions: all zeros, to be filled by
 * {@link planRotateAndStore}.
 *
 * Keys and values of one head lie together in the order in which attention reads them, a run of memory for each
 * head, and saving a text copies these runs ({@link cacheSlices}).
 *
 * @throws ShapeError for sizes that are no whole numbers, or a head dimension that is no multiple of 4 from 8
 * to 128.
 * @throws EdgewrightError `out-of-memory`, and `invalid-argument` for an unknown type.
 * @throws UnsupportedError for kernels without the language extension.
 *
 * @example
 * ```ts
 * const kernels = await loadLanguageKernels();
 * const cache = createKvCache(kernels, { layers: 5, kvHeads: 4, headDim: 8, capacity: 512 });
 * console.log(cache.bytes); // 655360
 * ```
 */
export function createKvCache(kernels: Kernels, options: KvCacheOptions): KvCache {
  requireLanguage("createKvCache", kernels);
  const { tiles, tileBytes, vectorBytes, type, bytes } = measure("createKvCache", options);
  const { layers, kvHeads, headDim, capacity } = options;
  const { arena } = kernels;
  const block = arena.allocateZeroed(64 + bytes);
  const data = block.ptr + 64;
  const sizes = [layers, kvHeads, headDim, capacity, vectorBytes, tileBytes, tiles];
  arena.i32(block.ptr, 9).set([data, TYPES.indexOf(type), ...sizes]);
  const dispose = (): void => block.dispose();
  return {
    layout: {
      ...{ type, layers, kvHeads, headDim, capacity, vectorBytes, tileBytes, tiles },
      ...{ ptr: block.ptr, data },
    },
    bytes,
    dispose,
    [Symbol.dispose]: dispose,
  };
}

function measure(
  where: string,
  options: KvCacheOptions,
): { tiles: number; tileBytes: number; vectorBytes: number; bytes: number; type: KvCacheType } {
  const { layers, kvHeads, headDim, capacity, type = "f32" } = options;
  checkCounts(where, { layers, kvHeads, headDim, capacity }, 1);
  if (headDim % 4 !== 0 || headDim < 8 || headDim > 128) {
    throw new ShapeError(
      `${where}: expected headDim to be a multiple of 4 from 8 to 128, got ${headDim}`,
    );
  }
  if (!TYPES.includes(type)) {
    throw new EdgewrightError(
      "invalid-argument",
      `${where}: expected type to be "f32", "f16" or "int8", got ${JSON.stringify(type)}`,
    );
  }
  const vectorBytes = Math.ceil((headDim * ELEMENT_BYTES[type]) / 16) * 16;
  const tileBytes = 2 * TILE_SLOTS * (vectorBytes + (type === "int8" ? 4 : 0));
  const tiles = Math.ceil(capacity / TILE_SLOTS);
  const bytes = layers * kvHeads * tiles * tileBytes;
  if (bytes >= 2 ** 32) {
    throw new ShapeError(
      `${where}: keys and values of [${layers}, ${kvHeads}, ${capacity}, ${headDim}] do not fit into the ` +
        "4 GiB of WebAssembly's memory",
    );
  }
  return { tiles, tileBytes, vectorBytes, bytes, type };
}
