// Attention of new rows over the cache, one pass over its keys and values (Milakov and Gimelshein, "Online
// normalizer calculation for softmax", 2018).
//
// Keys are visited in tiles of TILE positions that begin at multiples of TILE, the last tile first, so that
// what was just written is used while it is near, and tiles that a row does not see are never touched. What a
// row computes depends on the keys that it sees and nothing else: not on the other rows of the call.
import { exp4 } from "../vector-math";
import { thread } from "../thread";
import { CAPACITY, HEAD_DIM, headOffset, KEYS, KV_HEADS, VALUES, VECTOR_BYTES } from "./kv-cache";
import { addLanes, largestLane } from "./lane-sums";
import { mixValues } from "./mix-values";
import { scoreKeys } from "./score-keys";

export const TILE = 64;

// Workspace of a thread: byte offsets of a tile's slots, its scores, then the running maximum and sum of every
// query of a block.
const SCORES: usize = TILE * 4;
const STATISTICS: usize = SCORES + TILE * 4;

// Words: 0 q, 4 floats from row to row, 8 y, 12 floats from row to row, 16 rows, 20 query heads, 24 cache,
// 28 layer, 32 state (i32: slots that all rows see), 36 paths (i32, 0: row i sees i + 1 slots more), 40 their
// lengths (i32), 44 slots from path to path, 48 factor of the scores, 52 workspace, 56 bytes of it for a
// thread, 60 rows of a block, 64 blocks. A unit is a block of rows and a head of the cache.
export function cache_attention(params: usize, begin: i32, end: i32): void {
  const rows = load<i32>(params, 16);
  const size = load<i32>(params, 60);
  const blocks = load<i32>(params, 64);
  for (let unit = begin; unit < end; unit++) {
    const head = unit / blocks;
    const first = (unit - head * blocks) * size;
    attend(params, head, first, min(first + size, rows));
  }
}

/** Rows [first, stop) of the queries that look at a head of the cache. */
export function attend(params: usize, head: i32, first: i32, stop: i32): void {
  const cache = load<usize>(params, 24);
  const capacity = load<i32>(cache, CAPACITY);
  const dim = load<i32>(cache, HEAD_DIM);
  const bytes = <usize>dim << 2;
  const step = load<i32>(cache, VECTOR_BYTES);
  const group = load<i32>(params, 20) / load<i32>(cache, KV_HEADS);
  const base = headOffset(cache, load<i32>(params, 28), head);
  const keys = load<usize>(cache, KEYS) + base;
  const values = load<usize>(cache, VALUES) + base;
  const paths = load<usize>(params, 36);
  const shared = <i32>min<u32>(load<u32>(load<usize>(params, 32)), <u32>capacity);
  const scale = v128.load32_splat(params, 48);
  const at = load<usize>(params, 52) + thread * load<usize>(params, 56);
  const scores = at + SCORES;
  const ofHead = <usize>(head * group) * bytes;
  const q = load<usize>(params, 0) + ofHead;
  const qStep = load<usize>(params, 4) << 2;
  const y = load<usize>(params, 8) + ofHead;
  const yStep = load<usize>(params, 12) << 2;

  let longest = 0;
  let statistics = at + STATISTICS;
  for (let row = first; row < stop; row++) {
    longest = max(longest, visible(params, row, shared, capacity));
    memory.fill(y + <usize>row * yStep, 0, <usize>group * bytes);
    for (let i = group; i; i--) {
      store<f32>(statistics, -Infinity);
      store<f32>(statistics, 0, 4);
      statistics += 8;
    }
  }
  for (let from = (longest - 1) & -TILE; from >= 0; from -= TILE) {
    const common = !paths || from + TILE <= shared;
    if (common) nextSlots(at, from, min(TILE, longest - from), capacity, step);
    statistics = at + STATISTICS;
    for (let row = first; row < stop; row++) {
      const count = min(TILE, visible(params, row, shared, capacity) - from);
      if (count > 0) {
        if (!common) {
          const path = paths + ((<usize>row * load<usize>(params, 44)) << 2);
          slotsOfPath(at, from, count, shared, path, capacity, step);
        }
        for (let i: usize = 0; i < <usize>group; i++) {
          const sums = statistics + (i << 3);
          const yRow = y + <usize>row * yStep + i * bytes;
          const top = scoreKeys(q + <usize>row * qStep + i * bytes, keys, at, count, dim, scale, scores);
          const before = load<f32>(sums);
          const most = max(before, largestLane(top));
          const kept = exp4(f32x4.splat(before - most));
          const sum = powers(scores, count, f32x4.splat(most));
          store<f32>(sums, most);
          store<f32>(sums, load<f32>(sums, 4) * f32x4.extract_lane(kept, 0) + sum, 4);
          mixValues(scores, values, at, count, dim, kept, yRow);
        }
      }
      statistics += <usize>group << 3;
    }
  }
  statistics = at + STATISTICS;
  for (let row = first; row < stop; row++) {
    let p = y + <usize>row * yStep;
    for (let i = group; i; i--) {
      const sum = load<f32>(statistics, 4);
      // A row that sees nothing stays 0.
      const factor = f32x4.splat(sum == 0 ? 0 : 1 / sum);
      for (const end = p + bytes; p < end; p += 16) v128.store(p, f32x4.mul(v128.load(p), factor));
      statistics += 8;
    }
  }
}

// Slots that a row sees.
function visible(params: usize, row: i32, shared: i32, capacity: i32): i32 {
  if (!load<usize>(params, 36)) return min(shared + row + 1, capacity);
  const own = load<i32>(load<usize>(params, 40) + (<usize>row << 2));
  return min(shared + max(0, min(own, load<i32>(params, 44))), capacity);
}

// Byte offsets of `count` slots from `from` on, rounded up to 4 of them.
function nextSlots(at: usize, from: i32, count: i32, capacity: i32, step: i32): void {
  const last = i32x4.splat(capacity - 1);
  const steps = i32x4.splat(step);
  let slots = i32x4.add(i32x4.splat(from), i32x4(0, 1, 2, 3));
  for (; count > 0; count -= 4) {
    v128.store(at, i32x4.mul(i32x4.min_s(slots, last), steps));
    slots = i32x4.add(slots, i32x4.splat(4));
    at += 16;
  }
}

// The same where slots from `shared` on are those of a path.
function slotsOfPath(at: usize, from: i32, count: i32, shared: i32, path: usize, capacity: i32, step: i32): void {
  let slot: u32 = 0;
  for (let i = 0; i < ((count + 3) & -4); i++) {
    // Beyond the count the last one again: it must exist, its score is thrown away.
    const place = from + i;
    if (i < count) slot = place < shared ? <u32>place : load<u32>(path + (<usize>(place - shared) << 2));
    store<u32>(at + (<usize>i << 2), min(slot, <u32>capacity - 1) * <u32>step);
  }
}

// scores = e^(scores - most); returns their sum. Scores are there up to a multiple of 4, the rest -Infinity.
function powers(scores: usize, count: i32, most: v128): f32 {
  let sum = f32x4.splat(0);
  for (; count > 0; count -= 4) {
    const e = exp4(f32x4.sub(v128.load(scores), most));
    v128.store(scores, e);
    sum = f32x4.add(sum, e);
    scores += 16;
  }
  return addLanes(sum);
}
