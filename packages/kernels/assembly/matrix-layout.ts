// Layout work around the segment product. B of a product, packed per run where it is no constant.
import { loadLanes } from "./lanes";

// Packs B [k, n] (element (i, j) at b + i * kStep + j * nStep) in panels [n / 8][k][8], zeros behind
// column n. One unit is a panel of a matrix of the batch.
// params: b, packed, k, n, kStep, nStep (bytes), bStep, packedStep (bytes, of the batch).
export function pack_panels_f32(params: usize, begin: i32, end: i32): void {
  const k = load<i32>(params, 8);
  const n = load<i32>(params, 12);
  const kStep = load<usize>(params, 16);
  const nStep = load<usize>(params, 20);
  const panels = (n + 7) >> 3;
  for (let unit = begin; unit < end; unit++) {
    const batch = unit / panels;
    const panel = unit - batch * panels;
    const count = min(n - panel * 8, 8);
    let b = load<usize>(params, 0) + batch * load<usize>(params, 24) + panel * 8 * nStep;
    let out = load<usize>(params, 4) + batch * load<usize>(params, 28) + panel * k * 32;
    for (let i = 0; i < k; i++, b += kStep, out += 32) {
      if (nStep == 4) {
        v128.store(out, loadLanes(b, count));
        v128.store(out, loadLanes(b + 16, count - 4), 16);
      } else {
        let p = b;
        for (let j = 0; j < 8; j++, p += nStep) store<f32>(out + (j << 2), j < count ? load<f32>(p) : 0);
      }
    }
  }
}

// Copies A^T: y [m, k] from x [k, m]. One unit is a row of y.
// params: x, y, k, xStep (bytes from row to row of x), m, xBatch, yBatch (bytes); units = batch * m.
export function transpose_matrix_f32(params: usize, begin: i32, end: i32): void {
  const k = load<i32>(params, 8);
  const xStep = load<usize>(params, 12);
  const m = load<i32>(params, 16);
  for (let unit = begin; unit < end; unit++) {
    const batch = unit / m;
    const row = unit - batch * m;
    let x = load<usize>(params, 0) + batch * load<usize>(params, 20) + (<usize>row << 2);
    let y = load<usize>(params, 4) + batch * load<usize>(params, 24) + row * k * 4;
    for (let i = 0; i < k; i++, x += xStep, y += 4) store<f32>(y, load<f32>(x));
  }
}

// Copies an image [n, h, w * c] into the middle of zeros, y [n, top + h + bottom, left + w * c + right].
// params: x, y, h, top, paddedHeight, rowBytes, leftBytes, rightBytes. One unit is a row of y.
export function pad_image_f32(params: usize, begin: i32, end: i32): void {
  const h = load<i32>(params, 8);
  const top = load<i32>(params, 12);
  const paddedHeight = load<i32>(params, 16);
  const row = load<usize>(params, 20);
  const left = load<usize>(params, 24);
  const right = load<usize>(params, 28);
  const pitch = left + row + right;
  let y = load<usize>(params, 4) + begin * pitch;
  for (let unit = begin; unit < end; unit++, y += pitch) {
    const image = unit / paddedHeight;
    const line = unit - image * paddedHeight - top;
    if (line < 0 || line >= h) {
      memory.fill(y, 0, pitch);
      continue;
    }
    if (left) memory.fill(y, 0, left);
    memory.copy(y + left, load<usize>(params, 0) + (image * h + line) * row, row);
    if (right) memory.fill(y + left + row, 0, right);
  }
}
