// Softmax of attention scores under masks that need no tensor (causal, sliding window, lengths) or one.
import { loadNext, storeNext } from "../tails";
import { exp4 } from "../vector-math";
import { addLanes, firstLanes } from "./row-sums";

const ADDED = 1;

// y = softmax(scale x + mask) over the columns that a row sees, 0 elsewhere; a row that sees nothing is 0.
// Words: 0 x, 4 y, 8 cols, 12 scale, 16 rows of a matrix, 20 matrices (heads) of a batch entry, 24 causal,
// 28 offset (row i sees the columns up to i + offset), 32 window (columns that a row sees up to its own, 0:
// all), 36 lengths (i32, columns of a batch entry that exist; 0: all), 40 mask, 44 its kind (0 none, 1 floats
// to add, 2 bytes of which 0 hides), 48 the mask's strides from batch entry to batch entry, from matrix to
// matrix and from row to row in bytes. A unit is a row.
export function masked_softmax_f32(params: usize, begin: i32, end: i32): void {
  const cols = load<i32>(params, 8);
  const scale = v128.load32_splat(params, 12);
  const rows = load<i32>(params, 16);
  const heads = load<i32>(params, 20);
  const kind = load<i32>(params, 44);
  for (let unit = begin; unit < end; unit++) {
    const matrix = unit / rows;
    const batch = matrix / heads;
    const row = unit - matrix * rows;
    let first = 0;
    let stop = cols;
    const lengths = load<usize>(params, 36);
    if (lengths) stop = min(stop, load<i32>(lengths + (<usize>batch << 2)));
    if (load<i32>(params, 24)) {
      const own = row + load<i32>(params, 28) + 1;
      const window = load<i32>(params, 32);
      stop = min(stop, own);
      if (window) first = max(0, own - window);
    }
    stop = max(stop, 0);
    first = min(first, stop);
    const count = stop - first;
    const line = <usize>unit * <usize>cols;
    const x = load<usize>(params, 0) + ((line + <usize>first) << 2);
    const y = load<usize>(params, 4) + ((line + <usize>first) << 2);
    const mask =
      load<usize>(params, 40) +
      <usize>batch * load<usize>(params, 48) +
      <usize>(matrix - batch * heads) * load<usize>(params, 52) +
      <usize>row * load<usize>(params, 56) +
      (<usize>first << (kind == ADDED ? 2 : 0));
    const top = scoreRow(x, y, count, scale, mask, kind);
    if (top == -Infinity) memory.fill(y, 0, <usize>count << 2);
    else normalizeRow(y, count, f32x4.splat(top));
    memory.fill(y - (<usize>first << 2), 0, <usize>first << 2);
    memory.fill(y + (<usize>count << 2), 0, <usize>(cols - stop) << 2);
  }
}

// y = scale x + mask; returns the largest, or NaN where there is one, so that the loss shows it.
function scoreRow(x: usize, y: usize, count: i32, scale: v128, mask: usize, kind: i32): f32 {
  const hidden = f32x4.splat(-Infinity);
  let top = hidden;
  let strange = i32x4.splat(0);
  for (; count > 0; count -= 4) {
    let v = f32x4.mul(loadNext(x, count), scale);
    if (kind == ADDED) {
      v = f32x4.add(v, loadNext(mask, count));
      mask += 16;
    } else if (kind) {
      let bytes: u32 = 0;
      if (count >= 4) bytes = load<u32>(mask);
      else for (let i = count; i > 0; i--) bytes = (bytes << 8) | <u32>load<u8>(mask + <usize>(i - 1));
      const wide = i16x8.extend_low_i8x16_u(i32x4.splat(<i32>bytes));
      v = v128.bitselect(hidden, v, i32x4.eq(i32x4.extend_low_i16x8_u(wide), i32x4.splat(0)));
      mask += 4;
    }
    storeNext(y, v, count);
    if (count < 4) v = v128.bitselect(v, hidden, firstLanes(i32x4.splat(-1), count));
    top = f32x4.pmax(top, v);
    strange = v128.or(strange, f32x4.ne(v, v));
    x += 16;
    y += 16;
  }
  if (v128.any_true(strange)) return NaN;
  top = f32x4.pmax(top, i8x16.shuffle(top, top, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  return max(f32x4.extract_lane(top, 0), f32x4.extract_lane(top, 1));
}

// y = e^(y - top) over their sum.
function normalizeRow(y: usize, count: i32, top: v128): void {
  let sum = f32x4.splat(0);
  let p = y;
  let left = count;
  for (; left >= 8; left -= 8) {
    const e0 = exp4(f32x4.sub(v128.load(p), top));
    const e1 = exp4(f32x4.sub(v128.load(p, 16), top));
    sum = f32x4.add(sum, f32x4.add(e0, e1));
    v128.store(p, e0);
    v128.store(p, e1, 16);
    p += 32;
  }
  for (; left > 0; left -= 4) {
    const e = firstLanes(exp4(f32x4.sub(loadNext(p, left), top)), left);
    sum = f32x4.add(sum, e);
    storeNext(p, e, left);
    p += 16;
  }
  const factor = f32x4.splat(1 / addLanes(sum));
  for (; count > 0; count -= 4) {
    storeNext(y, f32x4.mul(loadNext(y, count), factor), count);
    y += 16;
  }
}
