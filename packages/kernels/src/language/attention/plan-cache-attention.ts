import { EdgewrightError, ShapeError } from "@edgewright/core";
import { checkCounts } from "../../runtime/check-counts.js";
import { createPlan, floatBits, type JobSpec, type Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import {
  checkCache,
  checkHeads,
  type KvCacheLayout,
  TILE_SLOTS,
} from "../cache/kv-cache-layout.js";
import { requireLanguage } from "../load-language-kernels.js";

/** Ways through the slots of a tree of drafts, for {@link CacheAttentionSpec}. */
export interface TreePaths {
  /** Address of the slots that each row sees behind the shared ones, its own last: i32 [n, maxDepth]. */
  readonly slots: number;
  /** Address of the number of slots of each row, i32 [n]. */
  readonly lengths: number;
  readonly maxDepth: number;
}

/** Attention of new rows over a cache, for {@link planCacheAttention}. */
export interface CacheAttentionSpec {
  /** Address of the rotated queries; a row begins with heads * headDim of them. */
  readonly q: number;
  /** Floats from row to row of the queries. @default heads * headDim */
  readonly qStride?: number;
  /** Address of the result, [n, heads * headDim]; must not be the queries'. */
  readonly y: number;
  /** Floats from row to row of the result. @default heads * headDim */
  readonly yStride?: number;
  readonly n: number;
  /** Query heads, a multiple of the cache's heads: neighbours share a head of the cache. */
  readonly heads: number;
  readonly cache: KvCacheLayout;
  readonly layer: number;
  /** Address of the number of slots, i32, that hold the text before these rows; read at every run. */
  readonly state: number;
  /** What rows see behind these slots. @default row i sees the i + 1 slots that follow them: a part of the text */
  readonly paths?: TreePaths;
  /** Factor of the products. @default 1 / sqrt(headDim) */
  readonly scale?: number;
  /** Address of {@link cacheAttentionWorkspaceBytes} bytes, which plans may share. @default memory of the plan's own */
  readonly workspace?: number;
}

/** Rows that visit a tile of keys and values one after another, while it is near. */
export const BLOCK_ROWS = 16;
/** Length that a text is taken to have when work is divided: plans are made before it is known. */
const USUAL_LENGTH = 256;

/**
 * Plans softmax(scale q K^T) V of rows of queries over the cache: rows of one text that follow each other
 * (n = 1 is a step of decoding), or a tree of drafts.
 *
 * Every row sees the first L slots, L being the word at `state`, then its own path. A row's result has the
 * same bits whatever other rows are computed with it, in whatever slots its path lies, and on whatever number
 * of threads.
 *
 * Keys are taken in tiles of 64 positions from the last tile to the first, each read once for 16 rows and
 * all the query heads that share it; what no row sees is not read. The softmax needs one pass (Milakov and
 * Gimelshein, "Online normalizer calculation for softmax", 2018); the order is that of TeLLMe's reversed
 * attention (Qiao et al., arXiv 2504.16266).
 *
 * @throws ShapeError for sizes that are no whole numbers, EdgewrightError `invalid-argument` for a layer or
 * heads that do not fit the cache.
 * @throws UnsupportedError for kernels without the language extension.
 */
export function planCacheAttention(kernels: Kernels, spec: CacheAttentionSpec): Plan {
  requireLanguage("planCacheAttention", kernels);
  const job = attentionJob("planCacheAttention", spec);
  const bytes = attentionWorkspaceBytes(spec);
  const own = spec.workspace === undefined ? [kernels.arena.allocate(bytes * kernels.threads)] : [];
  const workspace = spec.workspace ?? own[0]!.ptr;
  const { params, ...rest } = job;
  return createPlan(
    kernels.arena,
    [{ ...rest, params: params.with(13, workspace).with(14, bytes) }],
    own,
  );
}

/** Checks the sizes of an attention and gives its job, without workspace (words 13 and 14). */
export function attentionJob(
  where: string,
  spec: CacheAttentionSpec,
): JobSpec & { params: number[] } {
  const { q, y, n, heads, cache, layer, state, paths } = spec;
  checkCache(where, cache, layer);
  checkHeads(where, heads, cache);
  checkCounts(where, { n }, 0);
  const width = heads * cache.headDim;
  const { qStride = width, yStride = width, scale = 1 / Math.sqrt(cache.headDim) } = spec;
  checkCounts(where, { qStride, yStride }, width);
  if (spec.workspace !== undefined) checkAddress(where, spec.workspace);
  if (paths !== undefined) checkCounts(where, { maxDepth: paths.maxDepth }, 1);
  if (n * Math.max(qStride, yStride, paths?.maxDepth ?? 0) >= 2 ** 30) {
    throw new ShapeError(
      `${where}: ${n} rows of ${Math.max(qStride, yStride, paths?.maxDepth ?? 0)} do not fit into the ` +
        "4 GiB of WebAssembly's memory",
    );
  }
  if (!Number.isFinite(scale) || Math.abs(scale) > 2 ** 60) {
    throw new ShapeError(`${where}: expected scale to be a number up to 2^60, got ${scale}`);
  }
  const blocks = Math.ceil(n / BLOCK_ROWS);
  const products = USUAL_LENGTH * cache.headDim * (heads / cache.kvHeads) * Math.min(n, BLOCK_ROWS);
  return {
    kernel: "cache_attention",
    params: [
      ...[q, qStride, y, yStride, n, heads, cache.ptr, layer, state],
      ...[paths?.slots ?? 0, paths?.lengths ?? 0, paths?.maxDepth ?? 0, floatBits(scale)],
      ...[0, 0, BLOCK_ROWS, blocks, preparedQueryBytes(cache)],
    ],
    units: cache.kvHeads * blocks,
    grain: Math.max(1, Math.round(50000 / products)),
  };
}

function checkAddress(where: string, workspace: number): void {
  if (workspace % 16 === 0 && workspace > 0 && workspace < 2 ** 32) return;
  throw new EdgewrightError(
    "invalid-argument",
    `${where}: expected workspace to be an address, a multiple of 16, got ${workspace}`,
  );
}

/** What {@link cacheAttentionWorkspaceBytes} depends on. */
export type CacheAttentionSize = Pick<CacheAttentionSpec, "n" | "heads" | "cache">;

/** Bytes of workspace of attention over a cache, for all threads of the kernels; more rows never need less. */
export function cacheAttentionWorkspaceBytes(kernels: Kernels, size: CacheAttentionSize): number {
  return attentionWorkspaceBytes(size) * kernels.threads;
}

/** Bytes of workspace of one thread. */
export function attentionWorkspaceBytes({ n, heads, cache }: CacheAttentionSize): number {
  const queries = (heads / cache.kvHeads) * Math.min(n, BLOCK_ROWS);
  const statistics = Math.ceil(queries / 2) * 16;
  const prepared = queries * preparedQueryBytes(cache);
  // Keys and values of a tile in f32.
  const spread = cache.type === "f16" ? 2 * TILE_SLOTS * preparedQueryBytes(cache) : 0;
  return Math.ceil((TILE_SLOTS * 18 + statistics + prepared + spread) / 64) * 64;
}

/** Bytes of a query in the form that keys of a type need. */
function preparedQueryBytes({ type, headDim }: KvCacheLayout): number {
  const elements = Math.ceil(headDim / 8) * 8;
  if (type === "f32") return 0;
  return type === "f16" ? elements * 4 : 16 + elements * 2;
}
