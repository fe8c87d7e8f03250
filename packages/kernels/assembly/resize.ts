// Resizing of [n, h, w, c] by tables of taps, which src/resize makes for every coordinate rule.
import { copyBytes } from "./layout";
import { multiplyAdd } from "./lanes";
import { loadNext, storeTail } from "./tails";

// Words: 0 x, 4 y, 8 h, 12 w, 16 c, 20 oh, 24 ow, 28 rows [oh] of x, 32 columns [ow] of x.
// A unit is a row of y.
export function resize_nearest_f32(params: usize, begin: i32, end: i32): void {
  const h = load<i32>(params, 8);
  const w = load<i32>(params, 12);
  const c = load<i32>(params, 16);
  const oh = load<i32>(params, 20);
  const ow = load<i32>(params, 24);
  const columns = load<usize>(params, 32);
  const pixel = <usize>c << 2;
  const line = <usize>ow * pixel;
  let last = -1;
  for (let unit = begin; unit < end; unit++) {
    const image = unit / oh;
    const from = image * h + load<i32>(load<usize>(params, 28) + (<usize>(unit - image * oh) << 2));
    let y = load<usize>(params, 4) + <usize>unit * line;
    if (from == last) {
      memory.copy(y, y - line, line);
      continue;
    }
    last = from;
    const x = load<usize>(params, 0) + <usize>(from * w) * pixel;
    if (c & 3) {
      for (let ox = 0; ox < ow; ox++) {
        copyBytes(x + <usize>load<i32>(columns + (<usize>ox << 2)) * pixel, y, pixel);
        y += pixel;
      }
    } else {
      for (let ox = 0; ox < ow; ox++) {
        let p = x + <usize>load<i32>(columns + (<usize>ox << 2)) * pixel;
        for (const stop = y + pixel; y < stop; y += 16) {
          v128.store(y, v128.load(p));
          p += 16;
        }
      }
    }
  }
}

// Words: as above, 28 row taps (index, weight) [oh, taps], 32 column taps [ow, taps], 36 taps of a row,
// 40 taps of a column. A unit is a row of y.
export function resize_taps_f32(params: usize, begin: i32, end: i32): void {
  const h = load<i32>(params, 8);
  const w = load<i32>(params, 12);
  const c = load<i32>(params, 16);
  const oh = load<i32>(params, 20);
  const ow = load<i32>(params, 24);
  const rowTaps = load<i32>(params, 36);
  const columnTaps = load<i32>(params, 40);
  const pixel = <usize>c << 2;
  let y = load<usize>(params, 4) + <usize>(begin * ow) * pixel;
  for (let unit = begin; unit < end; unit++) {
    const image = unit / oh;
    const rows = load<usize>(params, 28) + (<usize>((unit - image * oh) * rowTaps) << 3);
    const x = load<usize>(params, 0) + <usize>(image * h * w) * pixel;
    let columns = load<usize>(params, 32);
    for (let ox = 0; ox < ow; ox++) {
      for (let channel = 0; channel < c; channel += 4) {
        const lanes = c - channel;
        let sum = f32x4.splat(0);
        for (let i = 0; i < rowTaps; i++) {
          const row = rows + (<usize>i << 3);
          const source = x + <usize>(load<i32>(row) * w) * pixel + (<usize>channel << 2);
          let part = f32x4.splat(0);
          for (let j = 0; j < columnTaps; j++) {
            const column = columns + (<usize>j << 3);
            const p = source + <usize>load<i32>(column) * pixel;
            part = multiplyAdd(part, loadNext(p, lanes), v128.load32_splat(column, 4));
          }
          sum = multiplyAdd(sum, part, v128.load32_splat(row, 4));
        }
        storeTail(y + (<usize>channel << 2), sum, lanes);
      }
      y += pixel;
      columns += <usize>columnTaps << 3;
    }
  }
}
