// y = W x for binary-coded weights by table look-up (T-MAC): a nibble holds the signs of 4 columns of a row in one
// plane and numbers a sum in the table that binary_tables made for those columns. A look-up serves 16 rows.
import { multiplyAdd } from "../../lanes";
import {
  finishLanes,
  GROUP_STEPS,
  INFO,
  INFO_STRIDE,
  N,
  SCALES,
  STEPS,
  W,
  X,
  X_STRIDE,
} from "../linear/words";
import { BLOCK } from "./binary-tables";

const WIDTH: usize = 64; // planes of this product
const SUMS: usize = 68; // workspace: 256 bytes a panel
const GROUPS: usize = 72;
const PANELS: usize = 76;
const FIRST: usize = 80; // planes that lie together: 2, or 1 where there is but one
const HALVES: usize = 84; // 1: scales are bfloat16

// A panel is 64 rows, a plane of it [step of 8 columns][64 bytes]. The first two planes of a panel lie together, all
// panels after one another, then come the other planes one by one: a product of 2 bits reads one sequential stream,
// and so do the planes behind it (planes of panels in turn cost a seventh more at 2 bits, all planes apart a tenth).
// Byte b of vector v belongs to row 16 v + r, with r = b / 2 for even b and 8 + b / 2 for odd b.
// SCALES: [panel][offset, then planes][group][row], f32 or, to read less where groups are many, bfloat16. Two entries, at most 126 each, are added as bytes. Sums run on
// i16 lanes: s takes whole lanes (even byte + 256 * odd byte), o the odd bytes; the even bytes' sum is s - 256 o,
// modulo 2^16.
export function linear_binary_coded(params: usize, begin: i32, end: i32): void {
  const n = load<i32>(params, N);
  for (let panel = begin; panel < end; panel++) {
    for (let r = 0; r < n; r++) oneRow(panel, r, params);
  }
}

function oneRow(panel: i32, r: i32, params: usize): void {
  const steps = load<i32>(params, STEPS);
  const groupSteps = load<i32>(params, GROUP_STEPS);
  const width = load<i32>(params, WIDTH);
  const sums = load<usize>(params, SUMS) + (<usize>panel << 8);
  const panelBytes = <usize>steps << 6;
  const halves = load<i32>(params, HALVES);
  const scaleBytes: usize = halves ? 128 : 256;
  let scales =
    load<usize>(params, SCALES) +
    <usize>panel * <usize>(width + 1) * load<usize>(params, GROUPS) * scaleBytes;
  const tables = load<usize>(params, X) + <usize>r * load<usize>(params, X_STRIDE);
  const rowInfo = load<usize>(params, INFO) + <usize>r * load<usize>(params, INFO_STRIDE);
  memory.fill(sums, 0, 256);
  let info = rowInfo;
  for (let left = steps; left > 0; left -= groupSteps) {
    const total = v128.load_splat<f32>(info);
    if (halves) addHalves(sums, scales, total);
    else addScaled(sums, scales, total);
    scales += scaleBytes;
    info += 4 + (<usize>((min(left, groupSteps) + BLOCK - 1) / BLOCK) << 2);
  }
  for (let plane = 0; plane < width; plane++) {
    const at = planeAt(panel, plane, load<i32>(params, PANELS), load<i32>(params, FIRST));
    let w = load<usize>(params, W) + <usize>at * panelBytes;
    let x = tables;
    info = rowInfo;
    for (let left = steps; left > 0; left -= groupSteps) {
      info += 4;
      for (let inGroup = min(left, groupSteps); inGroup > 0; inGroup -= BLOCK) {
        const count = min(inGroup, BLOCK);
        if (halves) addBlockOfHalves(w, x, count, sums, scales, info);
        else addBlock(w, x, count, sums, scales, info);
        w += <usize>count << 6;
        x += <usize>count << 5;
        info += 4;
      }
      scales += scaleBytes;
    }
  }
  for (let i = 0; i < 64; i += 8) {
    const at = sums + (<usize>i << 2);
    finishLanes(v128.load(at), v128.load(at, 16), (panel << 6) + i, r, params);
  }
}

/** Which plane of a panel, in the order of memory, is plane `plane` of panel `panel`. */
// @ts-ignore: decorator
@inline
export function planeAt(panel: i32, plane: i32, panels: i32, first: i32): i32 {
  return plane < first ? panel * first + plane : plane * panels + panel;
}

// sums += scales * factor for 64 rows.
function addScaled(sums: usize, scales: usize, factor: v128): void {
  for (let i: usize = 0; i < 256; i += 16) {
    const product = f32x4.mul(v128.load(scales + i), factor);
    v128.store(sums + i, f32x4.add(v128.load(sums + i), product));
  }
}

// The same for bfloat16: a 32-bit lane holds rows i (low half) and i + 4 of 8 rows.
function addHalves(sums: usize, scales: usize, factor: v128): void {
  const high = v128.load(HIGH_HALVES);
  for (let i: usize = 0; i < 128; i += 16) {
    const v = v128.load(scales + i);
    const at = sums + (i << 1);
    v128.store(at, f32x4.add(v128.load(at), f32x4.mul(i32x4.shl(v, 16), factor)));
    v128.store(at, f32x4.add(v128.load(at, 16), f32x4.mul(v128.and(v, high), factor)), 16);
  }
}

function addBlock(w: usize, x: usize, count: i32, sums: usize, scales: usize, info: usize): void {
  addColumns(w, x, count, sums, scales, info, false);
}

function addBlockOfHalves(
  w: usize,
  x: usize,
  count: i32,
  sums: usize,
  scales: usize,
  info: usize,
): void {
  addColumns(w, x, count, sums, scales, info, true);
}

// @ts-ignore: decorator
@inline
function addColumns(
  w: usize,
  x: usize,
  count: i32,
  sums: usize,
  scales: usize,
  info: usize,
  halves: bool,
): void {
  const low = v128.load(LOW_NIBBLES);
  // An entry counts 63 too much: o takes 126 a step off, s the same off both bytes of a lane.
  const start = -126 * count;
  let s0 = i16x8.splat(<i16>(start * 257));
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let o0 = i16x8.splat(<i16>start);
  let o1 = o0;
  let o2 = o0;
  let o3 = o0;
  let first: v128, second: v128, v: v128, t: v128;
  let i = count;
  for (;;) {
    first = v128.load(x);
    second = v128.load(x, 16);
    v = v128.load(w);
    t = i8x16.add(lookUp(first, v128.and(v, low)), lookUp(second, v128.and(i16x8.shr_u(v, 4), low)));
    s0 = i16x8.add(s0, t);
    o0 = i16x8.add(o0, i16x8.shr_u(t, 8));
    v = v128.load(w, 16);
    t = i8x16.add(lookUp(first, v128.and(v, low)), lookUp(second, v128.and(i16x8.shr_u(v, 4), low)));
    s1 = i16x8.add(s1, t);
    o1 = i16x8.add(o1, i16x8.shr_u(t, 8));
    v = v128.load(w, 32);
    t = i8x16.add(lookUp(first, v128.and(v, low)), lookUp(second, v128.and(i16x8.shr_u(v, 4), low)));
    s2 = i16x8.add(s2, t);
    o2 = i16x8.add(o2, i16x8.shr_u(t, 8));
    v = v128.load(w, 48);
    t = i8x16.add(lookUp(first, v128.and(v, low)), lookUp(second, v128.and(i16x8.shr_u(v, 4), low)));
    s3 = i16x8.add(s3, t);
    o3 = i16x8.add(o3, i16x8.shr_u(t, 8));
    if (i == 1) break;
    first = v128.load(x, 32);
    second = v128.load(x, 48);
    v = v128.load(w, 64);
    t = i8x16.add(lookUp(first, v128.and(v, low)), lookUp(second, v128.and(i16x8.shr_u(v, 4), low)));
    s0 = i16x8.add(s0, t);
    o0 = i16x8.add(o0, i16x8.shr_u(t, 8));
    v = v128.load(w, 80);
    t = i8x16.add(lookUp(first, v128.and(v, low)), lookUp(second, v128.and(i16x8.shr_u(v, 4), low)));
    s1 = i16x8.add(s1, t);
    o1 = i16x8.add(o1, i16x8.shr_u(t, 8));
    v = v128.load(w, 96);
    t = i8x16.add(lookUp(first, v128.and(v, low)), lookUp(second, v128.and(i16x8.shr_u(v, 4), low)));
    s2 = i16x8.add(s2, t);
    o2 = i16x8.add(o2, i16x8.shr_u(t, 8));
    v = v128.load(w, 112);
    t = i8x16.add(lookUp(first, v128.and(v, low)), lookUp(second, v128.and(i16x8.shr_u(v, 4), low)));
    s3 = i16x8.add(s3, t);
    o3 = i16x8.add(o3, i16x8.shr_u(t, 8));
    w += 128;
    x += 64;
    i -= 2;
    if (!i) break;
  }
  const factor = v128.load_splat<f32>(info);
  if (halves) {
    flushHalves(sums, scales, s0, o0, factor);
    flushHalves(sums + 64, scales + 32, s1, o1, factor);
    flushHalves(sums + 128, scales + 64, s2, o2, factor);
    flushHalves(sums + 192, scales + 96, s3, o3, factor);
  } else {
    flush(sums, scales, s0, o0, factor);
    flush(sums + 64, scales + 64, s1, o1, factor);
    flush(sums + 128, scales + 128, s2, o2, factor);
    flush(sums + 192, scales + 192, s3, o3, factor);
  }
}

// @ts-ignore: decorator
@inline
function lookUp(table: v128, at: v128): v128 {
  return RELAXED ? i8x16.relaxed_swizzle(table, at) : i8x16.swizzle(table, at);
}

// Adds the sums of a block to those of 16 rows.
// @ts-ignore: decorator
@inline
function flush(sums: usize, scales: usize, s: v128, o: v128, factor: v128): void {
  const even = i16x8.sub(s, i16x8.shl(o, 8));
  addSums(sums, i32x4.extend_low_i16x8_s(even), factor, v128.load(scales));
  addSums(sums + 16, i32x4.extend_high_i16x8_s(even), factor, v128.load(scales, 16));
  addSums(sums + 32, i32x4.extend_low_i16x8_s(o), factor, v128.load(scales, 32));
  addSums(sums + 48, i32x4.extend_high_i16x8_s(o), factor, v128.load(scales, 48));
}

// @ts-ignore: decorator
@inline
function flushHalves(sums: usize, scales: usize, s: v128, o: v128, factor: v128): void {
  const high = v128.load(HIGH_HALVES);
  const even = i16x8.sub(s, i16x8.shl(o, 8));
  let v = v128.load(scales);
  addSums(sums, i32x4.extend_low_i16x8_s(even), factor, i32x4.shl(v, 16));
  addSums(sums + 16, i32x4.extend_high_i16x8_s(even), factor, v128.and(v, high));
  v = v128.load(scales, 16);
  addSums(sums + 32, i32x4.extend_low_i16x8_s(o), factor, i32x4.shl(v, 16));
  addSums(sums + 48, i32x4.extend_high_i16x8_s(o), factor, v128.and(v, high));
}

// @ts-ignore: decorator
@inline
function addSums(sums: usize, s: v128, factor: v128, scale: v128): void {
  const real = f32x4.mul(f32x4.convert_i32x4_s(s), factor);
  v128.store(sums, multiplyAdd(v128.load(sums), real, scale));
}

// In memory rather than v128.const, which V8 13 makes anew at every use in a loop.
const LOW_NIBBLES = memory.data<u32>([0x0f0f0f0f, 0x0f0f0f0f, 0x0f0f0f0f, 0x0f0f0f0f]);
const HIGH_HALVES = memory.data<u32>([0xffff0000, 0xffff0000, 0xffff0000, 0xffff0000]);
