// Softmax of attention scores under masks that need no tensor (causal, sliding window, lengths) or one.
import { expRow, multiplyRow, rowMaximum } from "../normalize";
import { loadNext, storeNext } from "../tails";

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
    scoreRow(x, y, count, scale, mask, kind);
    const top = rowMaximum(y, count);
    if (top == -Infinity && !anyNaN(y, count)) memory.fill(y, 0, <usize>count << 2);
    else multiplyRow(y, count, f32x4.splat(1 / expRow(y, y, count, f32x4.splat(top))));
    memory.fill(y - (<usize>first << 2), 0, <usize>first << 2);
    memory.fill(y + (<usize>count << 2), 0, <usize>(cols - stop) << 2);
  }
}

// Every maximum passes over NaN: a row of nothing else must stay NaN, so that the loss shows it.
function anyNaN(p: usize, count: i32): bool {
  for (; count > 0; count--) {
    if (load<f32>(p) != load<f32>(p)) return true;
    p += 4;
  }
  return false;
}

function scoreRow(x: usize, y: usize, count: i32, scale: v128, mask: usize, kind: i32): void {
  const hidden = f32x4.splat(-Infinity);
  for (; count > 0; count -= 4) {
    let v = f32x4.mul(loadNext(x, count), scale);
    if (kind == ADDED) {
      v = f32x4.add(v, loadNext(mask, count));
      mask += 16;
    } else if (kind) {
      let bytes: u32 = 0;
      if (count >= 4) bytes = load<u32>(mask);
      else for (let i = 0; i < count; i++) bytes |= <u32>load<u8>(mask + <usize>i) << (<u32>i << 3);
      const wide = i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(i32x4.splat(<i32>bytes)));
      v = v128.bitselect(hidden, v, i32x4.eq(wide, i32x4.splat(0)));
      mask += 4;
    }
    storeNext(y, v, count);
    x += 16;
    y += 16;
  }
}
