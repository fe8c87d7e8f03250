// Made by scripts/make-int8-tiles.mjs; edit that.
import {
  A,
  B,
  BLOCK_ROWS,
  COLUMNS_PER_GROUP,
  finishRow,
  GROUP_BYTES,
  IMAGE_STRIDE,
  KIND,
  LINE_STRIDE,
  OFFSETS,
  OUT_HEIGHT,
  OUT_WIDTH,
  PANEL_BYTES,
  PANELS,
  PANELS_PER_GROUP,
  PIXEL_STRIDE,
  ROW_BYTES,
  ROWS,
  RUN_STEPS,
  RUNS,
  START,
  Y,
} from "./int8-finish";

// Activations and weights widened to i16, zero points taken off: a step is 2 of each. Exact on every
// engine. Unit: BLOCK_ROWS output rows by one panel of 8 columns.
export function int8_product_i16(params: usize, begin: i32, end: i32): void {
  const a = <usize>load<u32>(params, A);
  const weights = <usize>load<u32>(params, B);
  const y = <usize>load<u32>(params, Y);
  const rows = load<i32>(params, ROWS);
  const panels = load<i32>(params, PANELS);
  const blockRows = load<i32>(params, BLOCK_ROWS);
  const outWidth = load<i32>(params, OUT_WIDTH);
  const outHeight = load<i32>(params, OUT_HEIGHT);
  const pixelStride = <usize>load<u32>(params, PIXEL_STRIDE);
  const lineStride = <usize>load<u32>(params, LINE_STRIDE);
  const imageStride = <usize>load<u32>(params, IMAGE_STRIDE);
  const runs = load<i32>(params, RUNS);
  const offsets = <usize>load<u32>(params, OFFSETS);
  const runSteps = load<i32>(params, RUN_STEPS);
  const panelsPerGroup = load<i32>(params, PANELS_PER_GROUP);
  const columnsPerGroup = load<i32>(params, COLUMNS_PER_GROUP);
  const start = <usize>load<u32>(params, START);
  const kind = load<i32>(params, KIND);
  const rowBytes = <usize>load<u32>(params, ROW_BYTES);
  const elementShift: usize = kind == 1 || kind == 2 ? 0 : 2;
  for (let unit = begin; unit < end; unit++) {
    const block = unit / panels;
    const panel = unit - block * panels;
    const group = panel / panelsPerGroup;
    const inGroup = (panel - group * panelsPerGroup) << 3;
    const count = min(8, columnsPerGroup - inGroup);
    const at = <usize>panel << 5;
    const plain = kind == 0 && count == 8;
    const panelWeights = weights + <usize>panel * <usize>load<u32>(params, PANEL_BYTES);
    const start0 = v128.load(start + at);
    const start1 = v128.load(start + at, 16);
    let row = block * blockRows;
    const last = min(rows, row + blockRows);
    const line = row / outWidth;
    const image = line / outHeight;
    let ox = row - line * outWidth;
    let oy = line - image * outHeight;
    let imageStart =
      a + <usize>group * <usize>load<u32>(params, GROUP_BYTES) + <usize>image * imageStride;
    let lineStart = imageStart + <usize>oy * lineStride;
    let p = lineStart + <usize>ox * pixelStride;
    let out =
      y + <usize>row * rowBytes + (<usize>(group * columnsPerGroup + inGroup) << elementShift);
    while (row < last) {
      // Addresses of the tile's rows; those behind the last row repeat the first and are not stored.
      const live = min(4, last - row);
      const p0 = p;
      if (++ox < outWidth) p += pixelStride;
      else {
        ox = 0;
        if (++oy < outHeight) lineStart += lineStride;
        else {
          oy = 0;
          imageStart += imageStride;
          lineStart = imageStart;
        }
        p = lineStart;
      }
      const p1 = live > 1 ? p : p0;
      if (++ox < outWidth) p += pixelStride;
      else {
        ox = 0;
        if (++oy < outHeight) lineStart += lineStride;
        else {
          oy = 0;
          imageStart += imageStride;
          lineStart = imageStart;
        }
        p = lineStart;
      }
      const p2 = live > 2 ? p : p0;
      if (++ox < outWidth) p += pixelStride;
      else {
        ox = 0;
        if (++oy < outHeight) lineStart += lineStride;
        else {
          oy = 0;
          imageStart += imageStride;
          lineStart = imageStart;
        }
        p = lineStart;
      }
      const p3 = live > 3 ? p : p0;
      if (++ox < outWidth) p += pixelStride;
      else {
        ox = 0;
        if (++oy < outHeight) lineStart += lineStride;
        else {
          oy = 0;
          imageStart += imageStride;
          lineStart = imageStart;
        }
        p = lineStart;
      }
      let c00 = start0;
      let c01 = start1;
      let c10 = start0;
      let c11 = start1;
      let c20 = start0;
      let c21 = start1;
      let c30 = start0;
      let c31 = start1;
      for (let run = 0; run < runs; run++) {
        let w = panelWeights + <usize>(run * runSteps) * 32;
        const offset = <usize>load<u32>(offsets + (<usize>run << 2));
        let q0 = p0 + offset;
        let q1 = p1 + offset;
        let q2 = p2 + offset;
        let q3 = p3 + offset;
        let left = runSteps;
        while (true) {
          const w00 = v128.load(w, 0);
          const w01 = v128.load(w, 16);
          const x00 = v128.load_splat<i32>(q0, 0);
          c00 = i32x4.add(c00, i32x4.dot_i16x8_s(x00, w00));
          c01 = i32x4.add(c01, i32x4.dot_i16x8_s(x00, w01));
          const x01 = v128.load_splat<i32>(q1, 0);
          c10 = i32x4.add(c10, i32x4.dot_i16x8_s(x01, w00));
          c11 = i32x4.add(c11, i32x4.dot_i16x8_s(x01, w01));
          const x02 = v128.load_splat<i32>(q2, 0);
          c20 = i32x4.add(c20, i32x4.dot_i16x8_s(x02, w00));
          c21 = i32x4.add(c21, i32x4.dot_i16x8_s(x02, w01));
          const x03 = v128.load_splat<i32>(q3, 0);
          c30 = i32x4.add(c30, i32x4.dot_i16x8_s(x03, w00));
          c31 = i32x4.add(c31, i32x4.dot_i16x8_s(x03, w01));
          if (!--left) break;
          const w10 = v128.load(w, 32);
          const w11 = v128.load(w, 48);
          const x10 = v128.load_splat<i32>(q0, 4);
          c00 = i32x4.add(c00, i32x4.dot_i16x8_s(x10, w10));
          c01 = i32x4.add(c01, i32x4.dot_i16x8_s(x10, w11));
          const x11 = v128.load_splat<i32>(q1, 4);
          c10 = i32x4.add(c10, i32x4.dot_i16x8_s(x11, w10));
          c11 = i32x4.add(c11, i32x4.dot_i16x8_s(x11, w11));
          const x12 = v128.load_splat<i32>(q2, 4);
          c20 = i32x4.add(c20, i32x4.dot_i16x8_s(x12, w10));
          c21 = i32x4.add(c21, i32x4.dot_i16x8_s(x12, w11));
          const x13 = v128.load_splat<i32>(q3, 4);
          c30 = i32x4.add(c30, i32x4.dot_i16x8_s(x13, w10));
          c31 = i32x4.add(c31, i32x4.dot_i16x8_s(x13, w11));
          q0 += 8;
          q1 += 8;
          q2 += 8;
          q3 += 8;
          w += 64;
          if (!--left) break;
        }
      }
      if (plain && live == 4) {
        let o = out;
        v128.store(o, c00);
        v128.store(o, c01, 16);
        o += rowBytes;
        v128.store(o, c10);
        v128.store(o, c11, 16);
        o += rowBytes;
        v128.store(o, c20);
        v128.store(o, c21, 16);
        o += rowBytes;
        v128.store(o, c30);
        v128.store(o, c31, 16);
      } else {
        finishRow(c00, c01, out, at, count, params);
        if (live > 1) finishRow(c10, c11, out + rowBytes, at, count, params);
        if (live > 2) finishRow(c20, c21, out + 2 * rowBytes, at, count, params);
        if (live > 3) finishRow(c30, c31, out + 3 * rowBytes, at, count, params);
      }
      row += 4;
      out += 4 * rowBytes;
    }
  }
}

// Bytes: a step is 4 of each. The second operand of the relaxed dot product is the activations, so this
// is exact only where the probe found that operand taken as 8 bits (src/runtime/relaxed-probe.ts), and
// the host calls it only there.
export function int8_product_dot(params: usize, begin: i32, end: i32): void {
  if (!RELAXED) return;
  const a = <usize>load<u32>(params, A);
  const weights = <usize>load<u32>(params, B);
  const y = <usize>load<u32>(params, Y);
  const rows = load<i32>(params, ROWS);
  const panels = load<i32>(params, PANELS);
  const blockRows = load<i32>(params, BLOCK_ROWS);
  const outWidth = load<i32>(params, OUT_WIDTH);
  const outHeight = load<i32>(params, OUT_HEIGHT);
  const pixelStride = <usize>load<u32>(params, PIXEL_STRIDE);
  const lineStride = <usize>load<u32>(params, LINE_STRIDE);
  const imageStride = <usize>load<u32>(params, IMAGE_STRIDE);
  const runs = load<i32>(params, RUNS);
  const offsets = <usize>load<u32>(params, OFFSETS);
  const runSteps = load<i32>(params, RUN_STEPS);
  const panelsPerGroup = load<i32>(params, PANELS_PER_GROUP);
  const columnsPerGroup = load<i32>(params, COLUMNS_PER_GROUP);
  const start = <usize>load<u32>(params, START);
  const kind = load<i32>(params, KIND);
  const rowBytes = <usize>load<u32>(params, ROW_BYTES);
  const elementShift: usize = kind == 1 || kind == 2 ? 0 : 2;
  for (let unit = begin; unit < end; unit++) {
    const block = unit / panels;
    const panel = unit - block * panels;
    const group = panel / panelsPerGroup;
    const inGroup = (panel - group * panelsPerGroup) << 3;
    const count = min(8, columnsPerGroup - inGroup);
    const at = <usize>panel << 5;
    const plain = kind == 0 && count == 8;
    const panelWeights = weights + <usize>panel * <usize>load<u32>(params, PANEL_BYTES);
    const start0 = v128.load(start + at);
    const start1 = v128.load(start + at, 16);
    let row = block * blockRows;
    const last = min(rows, row + blockRows);
    const line = row / outWidth;
    const image = line / outHeight;
    let ox = row - line * outWidth;
    let oy = line - image * outHeight;
    let imageStart =
      a + <usize>group * <usize>load<u32>(params, GROUP_BYTES) + <usize>image * imageStride;
    let lineStart = imageStart + <usize>oy * lineStride;
    let p = lineStart + <usize>ox * pixelStride;
    let out =
      y + <usize>row * rowBytes + (<usize>(group * columnsPerGroup + inGroup) << elementShift);
    while (row < last) {
      // Addresses of the tile's rows; those behind the last row repeat the first and are not stored.
      const live = min(6, last - row);
      const p0 = p;
      if (++ox < outWidth) p += pixelStride;
      else {
        ox = 0;
        if (++oy < outHeight) lineStart += lineStride;
        else {
          oy = 0;
          imageStart += imageStride;
          lineStart = imageStart;
        }
        p = lineStart;
      }
      const p1 = live > 1 ? p : p0;
      if (++ox < outWidth) p += pixelStride;
      else {
        ox = 0;
        if (++oy < outHeight) lineStart += lineStride;
        else {
          oy = 0;
          imageStart += imageStride;
          lineStart = imageStart;
        }
        p = lineStart;
      }
      const p2 = live > 2 ? p : p0;
      if (++ox < outWidth) p += pixelStride;
      else {
        ox = 0;
        if (++oy < outHeight) lineStart += lineStride;
        else {
          oy = 0;
          imageStart += imageStride;
          lineStart = imageStart;
        }
        p = lineStart;
      }
      const p3 = live > 3 ? p : p0;
      if (++ox < outWidth) p += pixelStride;
      else {
        ox = 0;
        if (++oy < outHeight) lineStart += lineStride;
        else {
          oy = 0;
          imageStart += imageStride;
          lineStart = imageStart;
        }
        p = lineStart;
      }
      const p4 = live > 4 ? p : p0;
      if (++ox < outWidth) p += pixelStride;
      else {
        ox = 0;
        if (++oy < outHeight) lineStart += lineStride;
        else {
          oy = 0;
          imageStart += imageStride;
          lineStart = imageStart;
        }
        p = lineStart;
      }
      const p5 = live > 5 ? p : p0;
      if (++ox < outWidth) p += pixelStride;
      else {
        ox = 0;
        if (++oy < outHeight) lineStart += lineStride;
        else {
          oy = 0;
          imageStart += imageStride;
          lineStart = imageStart;
        }
        p = lineStart;
      }
      let c00 = start0;
      let c01 = start1;
      let c10 = start0;
      let c11 = start1;
      let c20 = start0;
      let c21 = start1;
      let c30 = start0;
      let c31 = start1;
      let c40 = start0;
      let c41 = start1;
      let c50 = start0;
      let c51 = start1;
      for (let run = 0; run < runs; run++) {
        let w = panelWeights + <usize>(run * runSteps) * 32;
        const offset = <usize>load<u32>(offsets + (<usize>run << 2));
        let q0 = p0 + offset;
        let q1 = p1 + offset;
        let q2 = p2 + offset;
        let q3 = p3 + offset;
        let q4 = p4 + offset;
        let q5 = p5 + offset;
        let left = runSteps;
        while (true) {
          const w00 = v128.load(w, 0);
          const w01 = v128.load(w, 16);
          const x00 = v128.load_splat<i32>(q0, 0);
          c00 = i32x4.relaxed_dot_i8x16_i7x16_add_s(w00, x00, c00);
          c01 = i32x4.relaxed_dot_i8x16_i7x16_add_s(w01, x00, c01);
          const x01 = v128.load_splat<i32>(q1, 0);
          c10 = i32x4.relaxed_dot_i8x16_i7x16_add_s(w00, x01, c10);
          c11 = i32x4.relaxed_dot_i8x16_i7x16_add_s(w01, x01, c11);
          const x02 = v128.load_splat<i32>(q2, 0);
          c20 = i32x4.relaxed_dot_i8x16_i7x16_add_s(w00, x02, c20);
          c21 = i32x4.relaxed_dot_i8x16_i7x16_add_s(w01, x02, c21);
          const x03 = v128.load_splat<i32>(q3, 0);
          c30 = i32x4.relaxed_dot_i8x16_i7x16_add_s(w00, x03, c30);
          c31 = i32x4.relaxed_dot_i8x16_i7x16_add_s(w01, x03, c31);
          const x04 = v128.load_splat<i32>(q4, 0);
          c40 = i32x4.relaxed_dot_i8x16_i7x16_add_s(w00, x04, c40);
          c41 = i32x4.relaxed_dot_i8x16_i7x16_add_s(w01, x04, c41);
          const x05 = v128.load_splat<i32>(q5, 0);
          c50 = i32x4.relaxed_dot_i8x16_i7x16_add_s(w00, x05, c50);
          c51 = i32x4.relaxed_dot_i8x16_i7x16_add_s(w01, x05, c51);
          if (!--left) break;
          const w10 = v128.load(w, 32);
          const w11 = v128.load(w, 48);
          const x10 = v128.load_splat<i32>(q0, 4);
          c00 = i32x4.relaxed_dot_i8x16_i7x16_add_s(w10, x10, c00);
          c01 = i32x4.relaxed_dot_i8x16_i7x16_add_s(w11, x10, c01);
          const x11 = v128.load_splat<i32>(q1, 4);
          c10 = i32x4.relaxed_dot_i8x16_i7x16_add_s(w10, x11, c10);
          c11 = i32x4.relaxed_dot_i8x16_i7x16_add_s(w11, x11, c11);
          const x12 = v128.load_splat<i32>(q2, 4);
          c20 = i32x4.relaxed_dot_i8x16_i7x16_add_s(w10, x12, c20);
          c21 = i32x4.relaxed_dot_i8x16_i7x16_add_s(w11, x12, c21);
          const x13 = v128.load_splat<i32>(q3, 4);
          c30 = i32x4.relaxed_dot_i8x16_i7x16_add_s(w10, x13, c30);
          c31 = i32x4.relaxed_dot_i8x16_i7x16_add_s(w11, x13, c31);
          const x14 = v128.load_splat<i32>(q4, 4);
          c40 = i32x4.relaxed_dot_i8x16_i7x16_add_s(w10, x14, c40);
          c41 = i32x4.relaxed_dot_i8x16_i7x16_add_s(w11, x14, c41);
          const x15 = v128.load_splat<i32>(q5, 4);
          c50 = i32x4.relaxed_dot_i8x16_i7x16_add_s(w10, x15, c50);
          c51 = i32x4.relaxed_dot_i8x16_i7x16_add_s(w11, x15, c51);
          q0 += 8;
          q1 += 8;
          q2 += 8;
          q3 += 8;
          q4 += 8;
          q5 += 8;
          w += 64;
          if (!--left) break;
        }
      }
      if (plain && live == 6) {
        let o = out;
        v128.store(o, c00);
        v128.store(o, c01, 16);
        o += rowBytes;
        v128.store(o, c10);
        v128.store(o, c11, 16);
        o += rowBytes;
        v128.store(o, c20);
        v128.store(o, c21, 16);
        o += rowBytes;
        v128.store(o, c30);
        v128.store(o, c31, 16);
        o += rowBytes;
        v128.store(o, c40);
        v128.store(o, c41, 16);
        o += rowBytes;
        v128.store(o, c50);
        v128.store(o, c51, 16);
      } else {
        finishRow(c00, c01, out, at, count, params);
        if (live > 1) finishRow(c10, c11, out + rowBytes, at, count, params);
        if (live > 2) finishRow(c20, c21, out + 2 * rowBytes, at, count, params);
        if (live > 3) finishRow(c30, c31, out + 3 * rowBytes, at, count, params);
        if (live > 4) finishRow(c40, c41, out + 4 * rowBytes, at, count, params);
        if (live > 5) finishRow(c50, c51, out + 5 * rowBytes, at, count, params);
      }
      row += 6;
      out += 6 * rowBytes;
    }
  }
}
