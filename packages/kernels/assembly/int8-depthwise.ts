// Depthwise int8 convolution: every channel has a filter of its own. The activations are widened to
// i16 and padded to 8 channels; taps go in pairs, so that one dot product adds two of them.
import {
  A,
  B,
  finishRow,
  IMAGE_STRIDE,
  LINE_STRIDE,
  OFFSETS,
  OUT_HEIGHT,
  OUT_WIDTH,
  PANEL_BYTES,
  PANELS,
  PIXEL_STRIDE,
  ROW_BYTES,
  COLUMNS_PER_GROUP,
  KIND,
  RUNS,
  START,
  Y,
} from "./int8-finish";

// Unit: one output line.
export function int8_depthwise(params: usize, begin: i32, end: i32): void {
  const outWidth = load<i32>(params, OUT_WIDTH);
  const outHeight = load<i32>(params, OUT_HEIGHT);
  const pixelStride = <usize>load<u32>(params, PIXEL_STRIDE);
  const panels = load<i32>(params, PANELS);
  const channels = load<i32>(params, COLUMNS_PER_GROUP);
  const pairs = load<i32>(params, RUNS);
  const offsets = <usize>load<u32>(params, OFFSETS);
  const start = <usize>load<u32>(params, START);
  const kind = load<i32>(params, KIND);
  const rowBytes = <usize>load<u32>(params, ROW_BYTES);
  const elementShift: usize = kind == 1 || kind == 2 ? 0 : 2;
  for (let unit = begin; unit < end; unit++) {
    const image = unit / outHeight;
    const line =
      <usize>load<u32>(params, A) +
      <usize>image * <usize>load<u32>(params, IMAGE_STRIDE) +
      <usize>(unit - image * outHeight) * <usize>load<u32>(params, LINE_STRIDE);
    const outLine = <usize>load<u32>(params, Y) + <usize>(unit * outWidth) * rowBytes;
    for (let panel = 0; panel < panels; panel++) {
      const count = min(8, channels - (panel << 3));
      const at = <usize>panel << 5;
      const weights = <usize>load<u32>(params, B) + <usize>panel * <usize>load<u32>(params, PANEL_BYTES);
      let p = line + (<usize>panel << 4);
      let out = outLine + (<usize>(panel << 3) << elementShift);
      for (let ox = 0; ox < outWidth; ox += 4) {
        const live = outWidth - ox;
        const p1 = live > 1 ? p + pixelStride : p;
        const p2 = live > 2 ? p + 2 * pixelStride : p;
        const p3 = live > 3 ? p + 3 * pixelStride : p;
        let c00 = v128.load(start + at);
        let c01 = v128.load(start + at, 16);
        let c10 = c00;
        let c11 = c01;
        let c20 = c00;
        let c21 = c01;
        let c30 = c00;
        let c31 = c01;
        let w = weights;
        let o = offsets;
        for (let i = pairs; i; i--) {
          const first = <usize>load<u32>(o);
          const second = <usize>load<u32>(o, 4);
          const w0 = v128.load(w);
          const w1 = v128.load(w, 16);
          const x0 = v128.load(p + first);
          const y0 = v128.load(p + second);
          c00 = i32x4.add(c00, i32x4.dot_i16x8_s(lowHalves(x0, y0), w0));
          c01 = i32x4.add(c01, i32x4.dot_i16x8_s(highHalves(x0, y0), w1));
          const x1 = v128.load(p1 + first);
          const y1 = v128.load(p1 + second);
          c10 = i32x4.add(c10, i32x4.dot_i16x8_s(lowHalves(x1, y1), w0));
          c11 = i32x4.add(c11, i32x4.dot_i16x8_s(highHalves(x1, y1), w1));
          const x2 = v128.load(p2 + first);
          const y2 = v128.load(p2 + second);
          c20 = i32x4.add(c20, i32x4.dot_i16x8_s(lowHalves(x2, y2), w0));
          c21 = i32x4.add(c21, i32x4.dot_i16x8_s(highHalves(x2, y2), w1));
          const x3 = v128.load(p3 + first);
          const y3 = v128.load(p3 + second);
          c30 = i32x4.add(c30, i32x4.dot_i16x8_s(lowHalves(x3, y3), w0));
          c31 = i32x4.add(c31, i32x4.dot_i16x8_s(highHalves(x3, y3), w1));
          w += 32;
          o += 8;
        }
        finishRow(c00, c01, out, at, count, params);
        if (live > 1) finishRow(c10, c11, out + rowBytes, at, count, params);
        if (live > 2) finishRow(c20, c21, out + 2 * rowBytes, at, count, params);
        if (live > 3) finishRow(c30, c31, out + 3 * rowBytes, at, count, params);
        p += 4 * pixelStride;
        out += 4 * rowBytes;
      }
    }
  }
}

// @ts-ignore: decorator
@inline
function lowHalves(x: v128, y: v128): v128 {
  return v128.shuffle<i16>(x, y, 0, 8, 1, 9, 2, 10, 3, 11);
}

// @ts-ignore: decorator
@inline
function highHalves(x: v128, y: v128): v128 {
  return v128.shuffle<i16>(x, y, 4, 12, 5, 13, 6, 14, 7, 15);
}
