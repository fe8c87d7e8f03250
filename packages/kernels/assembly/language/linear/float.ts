// y = W x for weights stored as 32-bit floats. A step is one column: 16 weights. The sum of a row is that of its
// first half of the columns plus that of the second.
import { multiplyAdd } from "../../lanes";
import { finishLanes, N, PANEL_BYTES, STEPS, W, X, X_STRIDE } from "./words";

export function linear_f32(params: usize, begin: i32, end: i32): void {
  const panelBytes = <usize>load<u32>(params, PANEL_BYTES);
  const stride = <usize>load<u32>(params, X_STRIDE);
  const n = load<i32>(params, N);
  for (let panel = begin; panel < end; panel++) {
    const w = <usize>load<u32>(params, W) + <usize>panel * panelBytes;
    let x = <usize>load<u32>(params, X);
    let r = 0;
    for (; r + 4 <= n; r += 4) {
      fourRows(w, x, stride, panel << 4, r, params);
      fourRows(w + 32, x, stride, (panel << 4) + 8, r, params);
      x += stride << 2;
    }
    if (n - r >= 2) {
      twoRows(w, x, stride, panel << 4, r, params);
      x += stride << 1;
      r += 2;
    }
    if (r < n) oneRow(w, x, panel << 4, r, params);
  }
}

// Two streams: one alone reaches nine tenths of the memory's speed, two all of it.
function oneRow(w: usize, x: usize, row: i32, r: i32, params: usize): void {
  const steps = load<i32>(params, STEPS);
  const half = <usize>(steps >> 1);
  let v = w + (half << 6);
  let z = x + (half << 2);
  let a = f32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  let e = a;
  let f = a;
  let g = a;
  let h = a;
  for (let i = half; i; i--) {
    const x0 = v128.load_splat<f32>(x);
    a = multiplyAdd(a, v128.load(w), x0);
    b = multiplyAdd(b, v128.load(w, 16), x0);
    c = multiplyAdd(c, v128.load(w, 32), x0);
    d = multiplyAdd(d, v128.load(w, 48), x0);
    const x1 = v128.load_splat<f32>(z);
    e = multiplyAdd(e, v128.load(v), x1);
    f = multiplyAdd(f, v128.load(v, 16), x1);
    g = multiplyAdd(g, v128.load(v, 32), x1);
    h = multiplyAdd(h, v128.load(v, 48), x1);
    w += 64;
    x += 4;
    v += 64;
    z += 4;
  }
  if (steps & 1) {
    const x1 = v128.load_splat<f32>(z);
    e = multiplyAdd(e, v128.load(v), x1);
    f = multiplyAdd(f, v128.load(v, 16), x1);
    g = multiplyAdd(g, v128.load(v, 32), x1);
    h = multiplyAdd(h, v128.load(v, 48), x1);
  }
  finishLanes(f32x4.add(a, e), f32x4.add(b, f), row, r, params);
  finishLanes(f32x4.add(c, g), f32x4.add(d, h), row + 8, r, params);
}

function twoRows(w: usize, x: usize, stride: usize, row: i32, r: i32, params: usize): void {
  const steps = load<i32>(params, STEPS);
  let a0 = f32x4.splat(0);
  let b0 = a0;
  let c0 = a0;
  let d0 = a0;
  let a1 = a0;
  let b1 = a0;
  let c1 = a0;
  let d1 = a0;
  for (let i = steps >> 1; i; i--) {
    const x0 = v128.load_splat<f32>(x);
    const x1 = v128.load_splat<f32>(x + stride);
    let v = v128.load(w);
    a0 = multiplyAdd(a0, v, x0);
    a1 = multiplyAdd(a1, v, x1);
    v = v128.load(w, 16);
    b0 = multiplyAdd(b0, v, x0);
    b1 = multiplyAdd(b1, v, x1);
    v = v128.load(w, 32);
    c0 = multiplyAdd(c0, v, x0);
    c1 = multiplyAdd(c1, v, x1);
    v = v128.load(w, 48);
    d0 = multiplyAdd(d0, v, x0);
    d1 = multiplyAdd(d1, v, x1);
    w += 64;
    x += 4;
  }
  let e0 = f32x4.splat(0);
  let f0 = e0;
  let g0 = e0;
  let h0 = e0;
  let e1 = e0;
  let f1 = e0;
  let g1 = e0;
  let h1 = e0;
  for (let i = steps - (steps >> 1); i; i--) {
    const x0 = v128.load_splat<f32>(x);
    const x1 = v128.load_splat<f32>(x + stride);
    let v = v128.load(w);
    e0 = multiplyAdd(e0, v, x0);
    e1 = multiplyAdd(e1, v, x1);
    v = v128.load(w, 16);
    f0 = multiplyAdd(f0, v, x0);
    f1 = multiplyAdd(f1, v, x1);
    v = v128.load(w, 32);
    g0 = multiplyAdd(g0, v, x0);
    g1 = multiplyAdd(g1, v, x1);
    v = v128.load(w, 48);
    h0 = multiplyAdd(h0, v, x0);
    h1 = multiplyAdd(h1, v, x1);
    w += 64;
    x += 4;
  }
  finishLanes(f32x4.add(a0, e0), f32x4.add(b0, f0), row, r, params);
  finishLanes(f32x4.add(c0, g0), f32x4.add(d0, h0), row + 8, r, params);
  finishLanes(f32x4.add(a1, e1), f32x4.add(b1, f1), row, r + 1, params);
  finishLanes(f32x4.add(c1, g1), f32x4.add(d1, h1), row + 8, r + 1, params);
}

// Half a panel: eight rows of the matrix.
function fourRows(w: usize, x: usize, stride: usize, row: i32, r: i32, params: usize): void {
  const steps = load<i32>(params, STEPS);
  const stride2 = stride << 1;
  const stride3 = stride2 + stride;
  let a0 = f32x4.splat(0);
  let b0 = a0;
  let a1 = a0;
  let b1 = a0;
  let a2 = a0;
  let b2 = a0;
  let a3 = a0;
  let b3 = a0;
  for (let i = steps >> 1; i; i--) {
    const v = v128.load(w);
    const u = v128.load(w, 16);
    let x0 = v128.load_splat<f32>(x);
    a0 = multiplyAdd(a0, v, x0);
    b0 = multiplyAdd(b0, u, x0);
    x0 = v128.load_splat<f32>(x + stride);
    a1 = multiplyAdd(a1, v, x0);
    b1 = multiplyAdd(b1, u, x0);
    x0 = v128.load_splat<f32>(x + stride2);
    a2 = multiplyAdd(a2, v, x0);
    b2 = multiplyAdd(b2, u, x0);
    x0 = v128.load_splat<f32>(x + stride3);
    a3 = multiplyAdd(a3, v, x0);
    b3 = multiplyAdd(b3, u, x0);
    w += 64;
    x += 4;
  }
  let c0 = f32x4.splat(0);
  let d0 = c0;
  let c1 = c0;
  let d1 = c0;
  let c2 = c0;
  let d2 = c0;
  let c3 = c0;
  let d3 = c0;
  for (let i = steps - (steps >> 1); i; i--) {
    const v = v128.load(w);
    const u = v128.load(w, 16);
    let x0 = v128.load_splat<f32>(x);
    c0 = multiplyAdd(c0, v, x0);
    d0 = multiplyAdd(d0, u, x0);
    x0 = v128.load_splat<f32>(x + stride);
    c1 = multiplyAdd(c1, v, x0);
    d1 = multiplyAdd(d1, u, x0);
    x0 = v128.load_splat<f32>(x + stride2);
    c2 = multiplyAdd(c2, v, x0);
    d2 = multiplyAdd(d2, u, x0);
    x0 = v128.load_splat<f32>(x + stride3);
    c3 = multiplyAdd(c3, v, x0);
    d3 = multiplyAdd(d3, u, x0);
    w += 64;
    x += 4;
  }
  finishLanes(f32x4.add(a0, c0), f32x4.add(b0, d0), row, r, params);
  finishLanes(f32x4.add(a1, c1), f32x4.add(b1, d1), row, r + 1, params);
  finishLanes(f32x4.add(a2, c2), f32x4.add(b2, d2), row, r + 2, params);
  finishLanes(f32x4.add(a3, c3), f32x4.add(b3, d3), row, r + 3, params);
}
