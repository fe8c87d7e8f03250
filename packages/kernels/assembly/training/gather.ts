// Rows of a table chosen by index, and the gradient of that choice.
import { copyBytes } from "../layout";
import { loadNext, storeNext } from "../tails";

// y[o][i] = x[o][ids[i]], rows of any element type. Words: 0 x, 4 ids, 8 y, 12 rows of x, 16 count of ids,
// 20 bytes of a row, 24 flag, set to 1 here where an id is not below the number of rows: such a row of y is zeros,
// and nothing outside of x is read. A unit is a row of y.
export function gather_rows(params: usize, begin: i32, end: i32): void {
  const rows = load<u32>(params, 12);
  const count = load<i32>(params, 16);
  const bytes = load<usize>(params, 20);
  for (let unit = begin; unit < end; unit++) {
    const outer = unit / count;
    const id = load<u32>(load<usize>(params, 4) + (<usize>(unit - outer * count) << 2));
    const y = load<usize>(params, 8) + <usize>unit * bytes;
    if (id < rows) {
      copyBytes(load<usize>(params, 0) + (<usize>outer * <usize>rows + <usize>id) * bytes, y, bytes);
    } else {
      memory.fill(y, 0, bytes);
      store<i32>(params, 1, 24);
    }
  }
}

const STRIP = 32; // columns of a unit: two cache lines

// dx[o][ids[i]] += dy[o][i] in the order of i; ids outside are left out. Words: 0 dy, 4 ids, 8 dx,
// 12 rows of dx, 16 count of ids, 20 columns. A unit is 32 columns of one o: whoever computes it adds in the
// same order, so the sums do not depend on the number of threads.
export function gather_rows_gradient_f32(params: usize, begin: i32, end: i32): void {
  const rows = load<u32>(params, 12);
  const count = load<i32>(params, 16);
  const columns = load<i32>(params, 20);
  const strips = (columns + STRIP - 1) / STRIP;
  const row = <usize>columns << 2;
  for (let unit = begin; unit < end; unit++) {
    const outer = unit / strips;
    const column = (unit - outer * strips) * STRIP;
    const width = min(STRIP, columns - column);
    let dy = load<usize>(params, 0) + <usize>(outer * count) * row + (<usize>column << 2);
    const dx = load<usize>(params, 8) + <usize>outer * <usize>rows * row + (<usize>column << 2);
    const ids = load<usize>(params, 4);
    for (let i = 0; i < count; i++) {
      const id = load<u32>(ids + (<usize>i << 2));
      if (id < rows) addRow(dy, dx + <usize>id * row, width);
      dy += row;
    }
  }
}

// y += x over `count` floats.
function addRow(x: usize, y: usize, count: i32): void {
  for (; count >= 8; count -= 8) {
    v128.store(y, f32x4.add(v128.load(y), v128.load(x)));
    v128.store(y, f32x4.add(v128.load(y, 16), v128.load(x, 16)), 16);
    x += 32;
    y += 32;
  }
  for (; count > 0; count -= 4) {
    storeNext(y, f32x4.add(loadNext(y, count), loadNext(x, count)), count);
    x += 16;
    y += 16;
  }
}
