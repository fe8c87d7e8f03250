// Slots of a cache moved to other slots.
import { thread } from "../thread";
import {
  CAPACITY,
  F32,
  HEAD_DIM,
  headAddress,
  INT8,
  keyOffset,
  keyScaleOffset,
  TYPE,
  VALUE_SCALE,
  VECTOR_BYTES,
  valueDistance,
} from "./kv-cache";
import { rotateVector } from "./rotate";
import { loadVector, storeVector } from "./store-vector";

// Copies slots from[i] to slots to[i] for i = 0, 1, ... Words: 0 cache, 4 from (i32), 8 to (i32), 12 count
// (i32, read here). What the cache does not have is left out. A unit is a head of a layer.
export function move_slots(params: usize, begin: i32, end: i32): void {
  const cache = load<usize>(params, 0);
  const capacity = load<u32>(cache, CAPACITY);
  const count = min(load<i32>(load<usize>(params, 12)), <i32>capacity);
  for (let unit = begin; unit < end; unit++) {
    const base = headAddress(cache, unit);
    let from = load<usize>(params, 4);
    let to = load<usize>(params, 8);
    for (let i = count; i > 0; i--) {
      const source = load<u32>(from);
      const target = load<u32>(to);
      if (source < capacity && target < capacity && source != target) {
        copySlot(cache, base, source, target);
      }
      from += 4;
      to += 4;
    }
  }
}

// Slots [keep + count, length) go to keep and on, their keys turned back by the angles of `count` positions, as
// if the text had never had the `count` tokens behind the first `keep`. Words: 0 cache, 4 keep, 8 count,
// 12 length, 16 angles [places, head dim], 20 interleaved, 24 workspace: a vector of floats for each thread. A
// unit is a head of a layer.
export function shift_cache(params: usize, begin: i32, end: i32): void {
  const cache = load<usize>(params, 0);
  const type = load<i32>(cache, TYPE);
  const dim = load<i32>(cache, HEAD_DIM);
  const count = load<u32>(params, 8);
  const angles = load<usize>(params, 16) + ((<usize>count * <usize>dim) << 2);
  const interleaved = load<i32>(params, 20);
  const x = load<usize>(params, 24) + thread * (<usize>dim << 2);
  const stop = load<u32>(params, 12);
  for (let unit = begin; unit < end; unit++) {
    const base = headAddress(cache, unit);
    for (let slot = load<u32>(params, 4); slot + count < stop; slot++) {
      copySlot(cache, base, slot + count, slot);
      const key = base + keyOffset(cache, slot);
      if (type == F32) rotateVector(key, dim, angles, interleaved, -1);
      else {
        const scale = base + keyScaleOffset(cache, slot);
        loadVector(type, key, scale, dim, x);
        rotateVector(x, dim, angles, interleaved, -1);
        storeVector(type, x, dim, key, scale);
      }
    }
  }
}

function copySlot(cache: usize, base: usize, source: u32, target: u32): void {
  const bytes = load<usize>(cache, VECTOR_BYTES);
  const from = base + keyOffset(cache, source);
  const to = base + keyOffset(cache, target);
  copyVector(from, to, bytes);
  copyVector(from + valueDistance(cache), to + valueDistance(cache), bytes);
  if (load<i32>(cache, TYPE) != INT8) return;
  const scale = base + keyScaleOffset(cache, source);
  const place = base + keyScaleOffset(cache, target);
  store<f32>(place, load<f32>(scale));
  store<f32>(place, load<f32>(scale, VALUE_SCALE), VALUE_SCALE);
}

function copyVector(from: usize, to: usize, bytes: usize): void {
  for (const end = to + bytes; to < end; to += 16) {
    v128.store(to, v128.load(from));
    from += 16;
  }
}
