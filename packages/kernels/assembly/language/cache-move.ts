// Slots of a cache moved to other slots.
import {
  CAPACITY,
  F32,
  HEAD_DIM,
  INT8,
  KEY_SCALES,
  KEYS,
  KV_HEADS,
  TYPE,
  VALUE_SCALES,
  VALUES,
  VECTOR_BYTES,
} from "./kv-cache";
import { rotateVector } from "./rotate";
import { loadVector, storeVector } from "./store-vector";
import { thread } from "../thread";

// Copies slots from[i] to slots to[i] for i = 0, 1, ... Words: 0 cache, 4 from (i32), 8 to (i32), 12 count
// (i32, read here). What the cache does not have is left out. A unit is a head of a layer.
export function move_slots(params: usize, begin: i32, end: i32): void {
  const cache = load<usize>(params, 0);
  const capacity = load<u32>(cache, CAPACITY);
  const count = min(load<i32>(load<usize>(params, 12)), <i32>capacity);
  for (let unit = begin; unit < end; unit++) {
    const first = <usize>unit * <usize>capacity;
    let from = load<usize>(params, 4);
    let to = load<usize>(params, 8);
    for (let i = count; i > 0; i--) {
      const source = load<u32>(from);
      const target = load<u32>(to);
      if (source < capacity && target < capacity && source != target) {
        copySlot(cache, first + <usize>source, first + <usize>target);
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
  const bytes = load<usize>(cache, VECTOR_BYTES);
  const count = load<usize>(params, 8);
  const angles = load<usize>(params, 16) + ((count * <usize>dim) << 2);
  const interleaved = load<i32>(params, 20);
  const x = load<usize>(params, 24) + thread * (<usize>dim << 2);
  for (let unit = begin; unit < end; unit++) {
    const first = <usize>unit * load<usize>(cache, CAPACITY);
    const stop = first + load<usize>(params, 12);
    for (let slot = first + load<usize>(params, 4); slot + count < stop; slot++) {
      copySlot(cache, slot + count, slot);
      const key = load<usize>(cache, KEYS) + slot * bytes;
      if (type == F32) rotateVector(key, dim, angles, interleaved, -1);
      else {
        const scale = load<usize>(cache, KEY_SCALES) + (slot << 2);
        loadVector(type, key, scale, dim, x);
        rotateVector(x, dim, angles, interleaved, -1);
        storeVector(type, x, dim, key, scale);
      }
    }
  }
}

// Slots counted over all layers and heads.
function copySlot(cache: usize, source: usize, target: usize): void {
  const bytes = load<usize>(cache, VECTOR_BYTES);
  copyVector(load<usize>(cache, KEYS) + source * bytes, load<usize>(cache, KEYS) + target * bytes, bytes);
  copyVector(load<usize>(cache, VALUES) + source * bytes, load<usize>(cache, VALUES) + target * bytes, bytes);
  if (load<i32>(cache, TYPE) != INT8) return;
  const keys = load<usize>(cache, KEY_SCALES);
  const values = load<usize>(cache, VALUE_SCALES);
  store<f32>(keys + (target << 2), load<f32>(keys + (source << 2)));
  store<f32>(values + (target << 2), load<f32>(values + (source << 2)));
}

function copyVector(from: usize, to: usize, bytes: usize): void {
  for (const end = to + bytes; to < end; to += 16) {
    v128.store(to, v128.load(from));
    from += 16;
  }
}
