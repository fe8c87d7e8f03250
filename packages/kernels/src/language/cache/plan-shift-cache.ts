import { EdgewrightError } from "@edgewright/core";
import { checkCounts } from "../../runtime/check-counts.js";
import { createPlan, type Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { requireLanguage } from "../load-language-kernels.js";
import { checkCache, type KvCacheLayout } from "./kv-cache-layout.js";
import type { RopePairing } from "./plan-rotate-and-store.js";

/** What a text loses, for {@link planShiftCache}. */
export interface ShiftCacheSpec {
  readonly cache: KvCacheLayout;
  /** Slots at the beginning that stay. */
  readonly keep: number;
  /** Slots behind them that are dropped. */
  readonly count: number;
  /** Slots in use before. */
  readonly length: number;
  /** Address of the table that the keys were rotated by, [places, headDim]. */
  readonly angles: number;
  /** Positions that the table covers: more than `count`. */
  readonly places: number;
  readonly pairing: RopePairing;
}

/**
 * Plans the removal of a piece of text behind a kept beginning: what follows moves down, its keys turned back
 * by as many positions, so that the text can go on where the cache was full.
 *
 * Layers above the first have seen the removed text: what they keep is not what a text without it would give.
 * Keys in f16 and int8 are rounded once more.
 *
 * @throws ShapeError for sizes that are no whole numbers, EdgewrightError `invalid-argument` where they do not
 * fit each other or the cache.
 * @throws UnsupportedError for kernels without the language extension.
 */
export function planShiftCache(kernels: Kernels, spec: ShiftCacheSpec): Plan {
  const { cache, keep, count, length, angles, places, pairing } = spec;
  requireLanguage("planShiftCache", kernels);
  checkCache("planShiftCache", cache);
  checkCounts("planShiftCache", { keep, count, length }, 0);
  checkCounts("planShiftCache", { places }, 1);
  if (keep + count > length || length > cache.capacity || count >= places) {
    throw new EdgewrightError(
      "invalid-argument",
      `planShiftCache: expected keep + count <= length <= ${cache.capacity} and count < places, got ` +
        `keep ${keep}, count ${count}, length ${length} and places ${places}`,
    );
  }
  const interleaved = ["half", "interleaved"].indexOf(pairing);
  if (interleaved < 0) {
    throw new EdgewrightError(
      "invalid-argument",
      `planShiftCache: expected a pairing of "interleaved" or "half", got ${JSON.stringify(pairing)}`,
    );
  }
  const workspace = kernels.arena.allocate(kernels.threads * cache.headDim * 4);
  const moved = length - keep - count;
  return createPlan(
    kernels.arena,
    [
      {
        kernel: "shift_cache",
        params: [cache.ptr, keep, count, length, angles, interleaved, workspace.ptr],
        units: cache.layers * cache.kvHeads,
        grain: Math.max(1, Math.ceil(16384 / (cache.headDim * Math.max(1, moved)))),
      },
    ],
    [workspace],
  );
}
