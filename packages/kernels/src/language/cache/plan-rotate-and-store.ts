import { EdgewrightError, ShapeError } from "@edgewright/core";
import { checkCounts } from "../../runtime/check-counts.js";
import { createPlan, type Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { requireLanguage } from "../load-language-kernels.js";
import { checkCache, checkHeads, type KvCacheLayout } from "./kv-cache-layout.js";

/** Which elements of a vector turn together: neighbours, or element i and element i + half. */
export type RopePairing = "interleaved" | "half";

/** Where rows of queries, keys and values lie, for {@link planRotateAndStore}. */
export interface RotateAndStoreSpec {
  /** Address of the rows q | k | v, [n, (heads + 2 kvHeads) headDim]; q and k are rotated in place. */
  readonly qkv: number;
  /** Floats from row to row. @default (heads + 2 kvHeads) headDim */
  readonly stride?: number;
  readonly n: number;
  /** Query heads, a multiple of the cache's heads. */
  readonly heads: number;
  /** Address of the rows' positions in the text, i32 [n], read at every run; below `places`. */
  readonly positions: number;
  /**
   * Address of the rows' slots in the cache, i32 [n], read at every run. A row with a slot that the cache
   * does not have, such as -1, is rotated and not stored.
   */
  readonly slots: number;
  /** Address of a table of {@link createRotaryAngles}, [places, headDim]. */
  readonly angles: number;
  /** Positions that the table covers. */
  readonly places: number;
  readonly pairing: RopePairing;
  readonly cache: KvCacheLayout;
  readonly layer: number;
}

/**
 * Plans the rotary embedding of queries and keys (Su et al., "RoFormer", 2021) and the writing of keys and
 * values into the cache, in its type.
 *
 * @throws ShapeError for sizes that are no whole numbers, EdgewrightError `invalid-argument` for a layer,
 * heads or a pairing that do not fit the cache.
 * @throws UnsupportedError for kernels without the language extension.
 */
export function planRotateAndStore(kernels: Kernels, spec: RotateAndStoreSpec): Plan {
  requireLanguage("planRotateAndStore", kernels);
  const params = rotateWords("planRotateAndStore", spec);
  const { n, heads, cache } = spec;
  const grain = Math.max(1, Math.ceil(16384 / ((heads + 2 * cache.kvHeads) * cache.headDim)));
  return createPlan(kernels.arena, [{ kernel: "rotate_and_store", params, units: n, grain }]);
}

/** Checks what rotating needs and gives the words of its kernel. */
export function rotateWords(where: string, spec: RotateAndStoreSpec): number[] {
  const { qkv, n, heads, positions, slots, angles, places, pairing, cache, layer } = spec;
  checkCache(where, cache, layer);
  checkHeads(where, heads, cache);
  checkCounts(where, { n }, 0);
  checkCounts(where, { places }, 1);
  const width = (heads + 2 * cache.kvHeads) * cache.headDim;
  const { stride = width } = spec;
  checkCounts(where, { stride }, width);
  if (n * stride >= 2 ** 30) {
    throw new ShapeError(
      `${where}: qkv of [${n}, ${stride}] does not fit into the 4 GiB of WebAssembly's memory`,
    );
  }
  const interleaved = ["half", "interleaved"].indexOf(pairing);
  if (interleaved < 0) {
    throw new EdgewrightError(
      "invalid-argument",
      `${where}: expected a pairing of "interleaved" or "half", got ${JSON.stringify(pairing)}`,
    );
  }
  return [qkv, stride, heads, positions, slots, angles, places, interleaved, cache.ptr, layer];
}
