// Attention of new rows over the cache, one pass over its keys and values (Milakov and Gimelshein, "Online
// normalizer calculation for softmax", 2018).
//
// Keys are visited in tiles of TILE positions that begin at multiples of TILE, the last tile first, so that
// what was just written is used while it is near, and tiles that a row does not see are never touched. What a
// row computes depends on the keys that it sees and nothing else: not on the other rows of the call.
import { thread } from "../thread";
import { exp4 } from "../vector-math";
import {
  CAPACITY,
  F16,
  F32,
  HEAD_DIM,
  headAddress,
  INT8,
  KV_HEADS,
  keyOffset,
  keyScaleOffset,
  TILE,
  TYPE,
  tileOffset,
  VALUE_SCALE,
  VECTOR_BYTES,
  valueDistance,
} from "./kv-cache";
import { addLanes, largestLane } from "./lane-sums";
import { mixByteValues, mixHalfValues } from "./mix-low-values";
import { mixLong, mixValues } from "./mix-values";
import { prepareQuery } from "./prepare-query";
import { halfScale, scoreByteKeys, scoreHalfKeys, scoreKeys } from "./score-keys";
import { LIFT, spreadHalves } from "./store-vector";

// Workspace of a thread. Of a tile: byte offsets of its keys, scores, codes of its weights, and the scales of
// int8 keys and values where they do not lie together. Of a block: the running maximum and sum of every query, then the queries as keys that
// are not f32 want them, then keys and values of a f16 tile as floats.
const SPREAD = 3; // a type like f16, whose tiles are floats already
const SPREAD_FROM = 4; // queries that make that worth the while

const SCORES: usize = TILE * 4;
const CODES: usize = TILE * 8;
const GATHERED_SCALES: usize = TILE * 10;
const STATISTICS: usize = TILE * 18;

// Words: 0 q, 4 floats from row to row, 8 y, 12 floats from row to row, 16 rows, 20 query heads, 24 cache,
// 28 layer, 32 state (i32: slots that all rows see), 36 paths (i32, 0: row i sees i + 1 slots more), 40 their
// lengths (i32), 44 slots from path to path, 48 factor of the scores, 52 workspace, 56 bytes of it for a
// thread, 60 rows of a block, 64 blocks, 68 bytes of a prepared query (0 for f32 keys). A unit is a block of rows and a head of the cache.
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
  const bytes = load<usize>(cache, HEAD_DIM) << 2;
  const type = load<i32>(cache, TYPE);
  const group = <usize>(load<i32>(params, 20) / load<i32>(cache, KV_HEADS));
  const base = headAddress(cache, load<i32>(params, 28) * load<i32>(cache, KV_HEADS) + head);
  const paths = load<usize>(params, 36);
  const shared = <i32>min<u32>(load<u32>(load<usize>(params, 32)), <u32>capacity);
  const at = load<usize>(params, 52) + thread * load<usize>(params, 56);
  const qBytes = type == F32 ? bytes : load<usize>(params, 68);
  const yStep = load<usize>(params, 12) << 2;
  const yHead = load<usize>(params, 8) + <usize>head * group * bytes;

  const longest = beginRows(params, head, first, stop, shared, capacity, at);
  const queryCount = (stop - first) * <i32>group;
  // A f16 tile that meets several queries becomes floats once, in the order in which f16 is computed with.
  const spread = type == F16 && queryCount >= SPREAD_FROM;
  const spreadBytes = (bytes + 31) & ~31;
  const room = queries(params, head, first, at, queryCount) + <usize>queryCount * qBytes;
  let scattered = true;
  let seen = 0;
  // A single query over f32 or f16 reads its tile once and is better off without.
  const ahead = type == INT8 || queryCount > 1;
  for (let from = (longest - 1) & -TILE; from >= 0; from -= TILE) {
    const common = !paths || from + TILE <= shared;
    let keys = base;
    let values = base + valueDistance(cache);
    let scales = at + GATHERED_SCALES;
    let form = type;
    if (common) {
      if (scattered) slotsOfTile(at, spread ? <i32>spreadBytes : load<i32>(cache, VECTOR_BYTES));
      scattered = false;
      keys += tileOffset(cache, from);
      values = keys + valueDistance(cache);
      scales = values + valueDistance(cache);
      if (ahead) seen |= fetchTile(keys, min(TILE, longest - from), cache);
      if (spread) {
        form = SPREAD;
        const step = load<usize>(cache, VECTOR_BYTES);
        const count = min(TILE, longest - from);
        spreadHalves(keys, step, count, load<i32>(cache, HEAD_DIM), true, room);
        spreadHalves(values, step, count, load<i32>(cache, HEAD_DIM), false, room + TILE * spreadBytes);
        keys = room;
        values = room + TILE * spreadBytes;
      }
    }
    let statistics = at + STATISTICS;
    let q = queries(params, head, first, at, queryCount);
    const qStep = type == F32 ? load<usize>(params, 4) << 2 : group * qBytes;
    for (let row = first; row < stop; row++) {
      const count = min(TILE, visible(params, row, shared, capacity) - from);
      if (count > 0) {
        if (!common) {
          const path = paths + ((<usize>row * load<usize>(params, 44)) << 2);
          slotsOfPath(at, from, count, shared, path, cache, base);
        }
        const y = yHead + <usize>row * yStep;
        for (let i: usize = 0; i < group; i++) {
          attendTile(
            params,
            cache,
            form,
            keys,
            values,
            scales,
            at,
            count,
            q + i * qBytes,
            y + i * bytes,
            statistics + (i << 3),
          );
        }
      }
      statistics += group << 3;
      q += qStep;
    }
  }
  store<i32>(at, seen); // or the loads would be left out
  endRows(at + STATISTICS, yHead + <usize>first * yStep, yStep, stop - first, group, bytes, type);
}

// The first of a block's queries as the keys want them.
function queries(params: usize, head: i32, first: i32, at: usize, count: i32): usize {
  const cache = load<usize>(params, 24);
  if (load<i32>(cache, TYPE) != F32) return at + STATISTICS + <usize>(((count << 3) + 15) & -16);
  const ofHead = head * (load<i32>(params, 20) / load<i32>(cache, KV_HEADS)) * load<i32>(cache, HEAD_DIM);
  return load<usize>(params, 0) + ((<usize>first * load<usize>(params, 4) + <usize>ofHead) << 2);
}

// Clears the results and statistics of a block and prepares its queries; returns the most slots that one sees.
function beginRows(params: usize, head: i32, first: i32, stop: i32, shared: i32, capacity: i32, at: usize): i32 {
  const cache = load<usize>(params, 24);
  const type = load<i32>(cache, TYPE);
  const dim = load<i32>(cache, HEAD_DIM);
  const group = load<i32>(params, 20) / load<i32>(cache, KV_HEADS);
  const bytes = <usize>dim << 2;
  let statistics = at + STATISTICS;
  let prepared = queries(params, head, first, at, (stop - first) * group);
  let longest = 0;
  for (let row = first; row < stop; row++) {
    longest = max(longest, visible(params, row, shared, capacity));
    let q = load<usize>(params, 0) + ((<usize>row * load<usize>(params, 4)) << 2) + <usize>(head * group) * bytes;
    let y = load<usize>(params, 8) + ((<usize>row * load<usize>(params, 12)) << 2) + <usize>(head * group) * bytes;
    for (let i = group; i; i--) {
      store<f32>(statistics, -Infinity);
      store<f32>(statistics, 0, 4);
      statistics += 8;
      if (type != F32) {
        prepareQuery(type, q, dim, prepared);
        prepared += load<usize>(params, 68);
        q += bytes;
      }
      for (const end = y + bytes; y < end; y += 16) v128.store(y, f32x4.splat(0));
    }
  }
  return longest;
}

// Reads a word of every line of a tile that is large enough to come from beyond the second cache. Loads that step
// from line to line set off what fetches ahead in the processor; those of the products hardly do where vectors
// are short or read more than once.
function fetchTile(p: usize, count: i32, cache: usize): i32 {
  const vectors = valueDistance(cache);
  if (vectors < 4096) return 0;
  const used = <usize>count * load<usize>(cache, VECTOR_BYTES);
  return fetch(p, used) | fetch(p + vectors, used);
}

function fetch(p: usize, bytes: usize): i32 {
  let seen = 0;
  for (const end = p + bytes; p < end; p += 64) seen |= load<i32>(p);
  return seen;
}

// A query meets the keys and values of a tile.
function attendTile(
  params: usize,
  cache: usize,
  type: i32,
  keys: usize,
  values: usize,
  scales: usize,
  at: usize,
  count: i32,
  q: usize,
  y: usize,
  statistics: usize,
): void {
  const dim = load<i32>(cache, HEAD_DIM);
  const scale = load<f32>(params, 48);
  const scores = at + SCORES;
  let top: v128;
  if (type == F32) top = scoreKeys(q, keys, at, count, dim, scale, scores);
  else if (type == F16) top = scoreHalfKeys(q, keys, at, count, dim, halfScale(scale), scores);
  else if (type == SPREAD) top = scoreKeys(q, keys, at, count, (dim + 7) & -8, halfScale(scale), scores);
  else top = scoreByteKeys(q, keys, at, count, dim, scale, scores, scales);
  const before = load<f32>(statistics);
  const most = max(before, largestLane(top));
  const kept = exp4(f32x4.splat(before - most));
  const lift: f32 = type == F16 || type == SPREAD ? reinterpret<f32>(LIFT) : 1;
  const sum = powers(scores, count, f32x4.splat(most), f32x4.splat(lift));
  store<f32>(statistics, most);
  store<f32>(statistics, load<f32>(statistics, 4) * f32x4.extract_lane(kept, 0) + sum, 4);
  if (type == F32) mixValues(scores, values, at, count, dim, kept, y);
  else if (type == F16) mixHalfValues(scores, values, at, count, dim, kept, y);
  else if (type == SPREAD) mixLong(scores, values, at, count, dim, kept, y);
  else mixByteValues(scores, values, at, count, dim, kept, y, scales + VALUE_SCALE, at + CODES);
}

// Divides by the sums. A row that sees nothing stays 0.
function endRows(statistics: usize, y: usize, yStep: usize, rows: i32, group: usize, bytes: usize, type: i32): void {
  for (; rows; rows--) {
    let p = y;
    for (let i = group; i; i--) {
      const sum = load<f32>(statistics, 4);
      const factor = f32x4.splat(sum == 0 ? 0 : 1 / sum);
      const end = p + bytes;
      if (type == F16) p = unspread(p, bytes, factor);
      for (; p < end; p += 16) v128.store(p, f32x4.mul(v128.load(p), factor));
      statistics += 8;
    }
    y += yStep;
  }
}

// The same of even and odd elements apart, which go to their places; returns where that ends.
function unspread(p: usize, bytes: usize, factor: v128): usize {
  for (const end = p + (bytes & ~31); p < end; p += 32) {
    const a = f32x4.mul(v128.load(p), factor);
    const b = f32x4.mul(v128.load(p, 16), factor);
    v128.store(p, v128.shuffle<f32>(a, b, 0, 4, 1, 5));
    v128.store(p, v128.shuffle<f32>(a, b, 2, 6, 3, 7), 16);
  }
  return p;
}

// Slots that a row sees.
function visible(params: usize, row: i32, shared: i32, capacity: i32): i32 {
  if (!load<usize>(params, 36)) return min(shared + row + 1, capacity);
  const own = load<i32>(load<usize>(params, 40) + (<usize>row << 2));
  return min(shared + max(0, min(own, load<i32>(params, 44))), capacity);
}

// Byte offsets of the keys of a tile.
function slotsOfTile(at: usize, step: i32): void {
  const bytes = i32x4.splat(step);
  let offsets = i32x4.mul(i32x4(0, 1, 2, 3), bytes);
  const next = i32x4.shl(bytes, 2);
  for (const end = at + TILE * 4; at < end; at += 16) {
    v128.store(at, offsets);
    offsets = i32x4.add(offsets, next);
  }
}

// The same, from the head on, for `count` positions from `from` on, of which those from `shared` on lie in the
// slots of a path; and their scales. Beyond the count, up to a multiple of 4, the last one again: it must exist,
// its score is thrown away.
function slotsOfPath(at: usize, from: i32, count: i32, shared: i32, path: usize, cache: usize, base: usize): void {
  const last = load<u32>(cache, CAPACITY) - 1;
  const bytes = load<i32>(cache, TYPE) == INT8;
  let slot: u32 = 0;
  for (let i = 0; i < ((count + 3) & -4); i++) {
    const place = from + i;
    if (i < count) {
      slot = min(place < shared ? <u32>place : load<u32>(path + (<usize>(place - shared) << 2)), last);
    }
    store<u32>(at, <u32>keyOffset(cache, slot));
    if (bytes) {
      const scale = base + keyScaleOffset(cache, slot);
      store<f32>(at, load<f32>(scale), GATHERED_SCALES);
      store<f32>(at, load<f32>(scale, VALUE_SCALE), GATHERED_SCALES + VALUE_SCALE);
    }
    at += 4;
  }
}

// scores = e^(scores - most) * lift; returns the sum of the powers. Scores are there up to a multiple of 4, the
// rest -Infinity.
function powers(scores: usize, count: i32, most: v128, lift: v128): f32 {
  let sum = f32x4.splat(0);
  for (; count > 0; count -= 4) {
    const e = exp4(f32x4.sub(v128.load(scores), most));
    v128.store(scores, f32x4.mul(e, lift));
    sum = f32x4.add(sum, e);
    scores += 16;
  }
  return addLanes(sum);
}
