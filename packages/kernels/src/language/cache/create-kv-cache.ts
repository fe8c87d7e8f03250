import { EdgewrightError, ShapeError } from "@edgewright/core";
import { checkCounts } from "../../runtime/check-counts.js";
import type { Kernels } from "../../runtime/load.js";
import { requireLanguage } from "../load-language-kernels.js";
import type { KvCacheLayout, KvCacheType } from "./kv-cache-layout.js";

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
 * Bytes of keys, values and scales of a cache.
 *
 * @throws ShapeError for sizes that no cache has.
 */
export function kvCacheBytes(options: KvCacheOptions): number {
  const { vectors, vectorBytes, type } = measure("kvCacheBytes", options);
  return 2 * vectors * (vectorBytes + (type === "int8" ? 4 : 0));
}

/**
 * Takes memory for the keys and values of `capacity` positions: all zeros, to be filled by
 * {@link planRotateAndStore}.
 *
 * The vectors of one head lie one after another, so that attention reads one run of memory for it and saving a
 * text copies a few runs ({@link cacheSlices}).
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
  const { vectors, vectorBytes, type } = measure("createKvCache", options);
  const { layers, kvHeads, headDim, capacity } = options;
  const { arena } = kernels;
  const half = roundUp(vectors * vectorBytes);
  const scales = type === "int8" ? roundUp(vectors * 4) : 0;
  const block = arena.allocate(64 + 2 * (half + scales));
  arena.u8(block.ptr, block.bytes).fill(0);
  const keys = block.ptr + 64;
  const values = keys + half;
  const keyScales = scales && values + half;
  const valueScales = scales && keyScales + scales;
  const words = [keys, values, keyScales, valueScales, TYPES.indexOf(type), layers, kvHeads];
  arena.i32(block.ptr, 10).set([...words, headDim, capacity, vectorBytes]);
  const dispose = (): void => block.dispose();
  return {
    layout: {
      ...{ type, layers, kvHeads, headDim, capacity, vectorBytes },
      ...{ ptr: block.ptr, keys, values, keyScales, valueScales },
    },
    bytes: 2 * vectors * (vectorBytes + (scales ? 4 : 0)),
    dispose,
    [Symbol.dispose]: dispose,
  };
}

function measure(
  where: string,
  options: KvCacheOptions,
): { vectors: number; vectorBytes: number; type: KvCacheType } {
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
  const vectors = layers * kvHeads * capacity;
  // A head's slots are told apart by 32-bit byte offsets, and keys and values share 4 GiB.
  if (vectors * vectorBytes >= 2 ** 31) {
    throw new ShapeError(
      `${where}: keys of [${layers}, ${kvHeads}, ${capacity}, ${headDim}] do not fit into the 4 GiB of ` +
        "WebAssembly's memory beside their values",
    );
  }
  return { vectors, vectorBytes, type };
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / 64) * 64;
}
