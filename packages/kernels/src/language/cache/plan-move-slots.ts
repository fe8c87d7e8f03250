import { createPlan, type Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { requireLanguage } from "../load-language-kernels.js";
import { checkCache, type KvCacheLayout } from "./kv-cache-layout.js";

/** Slots to copy, for {@link planMoveSlots}. */
export interface MoveSlotsSpec {
  readonly cache: KvCacheLayout;
  /** Address of the slots to copy from, i32 [count], read at every run. */
  readonly from: number;
  /** Address of the slots to copy to, i32 [count], read at every run. */
  readonly to: number;
  /** Address of the number of slots, i32, read at every run. */
  readonly count: number;
}

/**
 * Plans the copying of slots to other slots in all layers, one after another in the given order: how the
 * accepted path of a tree of drafts becomes the text. Slots that the cache does not have are left out.
 *
 * @throws EdgewrightError `invalid-argument` for something that is no layout of a cache.
 * @throws UnsupportedError for kernels without the language extension.
 */
export function planMoveSlots(kernels: Kernels, spec: MoveSlotsSpec): Plan {
  const { cache, from, to, count } = spec;
  requireLanguage("planMoveSlots", kernels);
  checkCache("planMoveSlots", cache);
  return createPlan(kernels.arena, [
    {
      kernel: "move_slots",
      params: [cache.ptr, from, to, count],
      units: cache.layers * cache.kvHeads,
      grain: 256,
    },
  ]);
}
