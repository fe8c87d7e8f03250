// Products with symmetric matrices in panels of four rows; src/linear/panel-kernels.ts says how they lie and does the
// same, operation by operation, without SIMD. Addresses are in bytes; `d` is a multiple of four.

/** x' M x: four columns at a time have sums of their own, or every addition would wait for the one before. */
export function form(m: usize, x: usize, d: i32): f64 {
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  for (let i = 0; i < d; i += 4) {
    let a0 = f64x2.splat(0);
    let a1 = f64x2.splat(0);
    let b0 = f64x2.splat(0);
    let b1 = f64x2.splat(0);
    let c0 = f64x2.splat(0);
    let c1 = f64x2.splat(0);
    let d0 = f64x2.splat(0);
    let d1 = f64x2.splat(0);
    let column = x;
    for (let j = 0; j < i; j += 4) {
      const xa = v128.load64_splat(column);
      const xb = v128.load64_splat(column, 8);
      const xc = v128.load64_splat(column, 16);
      const xd = v128.load64_splat(column, 24);
      a0 = f64x2.add(a0, f64x2.mul(v128.load(m), xa));
      a1 = f64x2.add(a1, f64x2.mul(v128.load(m, 16), xa));
      b0 = f64x2.add(b0, f64x2.mul(v128.load(m, 32), xb));
      b1 = f64x2.add(b1, f64x2.mul(v128.load(m, 48), xb));
      c0 = f64x2.add(c0, f64x2.mul(v128.load(m, 64), xc));
      c1 = f64x2.add(c1, f64x2.mul(v128.load(m, 80), xc));
      d0 = f64x2.add(d0, f64x2.mul(v128.load(m, 96), xd));
      d1 = f64x2.add(d1, f64x2.mul(v128.load(m, 112), xd));
      m += 128;
      column += 32;
    }
    a0 = f64x2.add(f64x2.add(a0, b0), f64x2.add(c0, d0));
    a1 = f64x2.add(f64x2.add(a1, b1), f64x2.add(c1, d1));
    a0 = f64x2.add(a0, a0);
    a1 = f64x2.add(a1, a1);
    const rows = column;
    for (let k = 0; k < 4; k++) {
      const xj = v128.load64_splat(column);
      a0 = f64x2.add(a0, f64x2.mul(v128.load(m), xj));
      a1 = f64x2.add(a1, f64x2.mul(v128.load(m, 16), xj));
      m += 32;
      column += 8;
    }
    low = f64x2.add(low, f64x2.mul(a0, v128.load(rows)));
    high = f64x2.add(high, f64x2.mul(a1, v128.load(rows, 16)));
  }
  const sum = f64x2.add(low, high);
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/** out = M x */
export function multiply(m: usize, x: usize, out: usize, d: i32): void {
  for (let i = 0; i < d; i += 4) {
    const rows = x + (<usize>i << 3);
    const x01 = v128.load(rows);
    const x23 = v128.load(rows, 16);
    let even0 = f64x2.splat(0);
    let even1 = f64x2.splat(0);
    let odd0 = f64x2.splat(0);
    let odd1 = f64x2.splat(0);
    let column = x;
    let to = out;
    for (let j = 0; j < i; j += 2) {
      const xj = v128.load64_splat(column);
      const xk = v128.load64_splat(column, 8);
      const m0 = v128.load(m);
      const m1 = v128.load(m, 16);
      const m2 = v128.load(m, 32);
      const m3 = v128.load(m, 48);
      even0 = f64x2.add(even0, f64x2.mul(m0, xj));
      even1 = f64x2.add(even1, f64x2.mul(m1, xj));
      odd0 = f64x2.add(odd0, f64x2.mul(m2, xk));
      odd1 = f64x2.add(odd1, f64x2.mul(m3, xk));
      const a = f64x2.add(f64x2.mul(m0, x01), f64x2.mul(m1, x23));
      const b = f64x2.add(f64x2.mul(m2, x01), f64x2.mul(m3, x23));
      const first = v128.shuffle<f64>(a, b, 0, 2);
      const second = v128.shuffle<f64>(a, b, 1, 3);
      v128.store(to, f64x2.add(v128.load(to), f64x2.add(first, second)));
      m += 64;
      column += 16;
      to += 16;
    }
    even0 = f64x2.add(even0, odd0);
    even1 = f64x2.add(even1, odd1);
    for (let k = 0; k < 4; k++) {
      const xj = v128.load64_splat(column);
      even0 = f64x2.add(even0, f64x2.mul(v128.load(m), xj));
      even1 = f64x2.add(even1, f64x2.mul(v128.load(m, 16), xj));
      m += 32;
      column += 8;
    }
    v128.store(to, even0);
    v128.store(to, even1, 16);
  }
}

/** M += factor x x' */
export function add_outer(m: usize, factor: f64, x: usize, d: i32): void {
  for (let i = 0; i < d; i += 4) {
    const rows = x + (<usize>i << 3);
    const x01 = v128.load(rows);
    const x23 = v128.load(rows, 16);
    let column = x;
    for (let j = 0; j < i + 4; j++) {
      const scaled = f64x2.splat(factor * load<f64>(column));
      v128.store(m, f64x2.add(v128.load(m), f64x2.mul(scaled, x01)));
      v128.store(m, f64x2.add(v128.load(m, 16), f64x2.mul(scaled, x23)), 16);
      m += 32;
      column += 8;
    }
  }
}

/** a' b */
export function dot(a: usize, b: usize, d: i32): f64 {
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  for (let i = 0; i < d; i += 4) {
    low = f64x2.add(low, f64x2.mul(v128.load(a), v128.load(b)));
    high = f64x2.add(high, f64x2.mul(v128.load(a, 16), v128.load(b, 16)));
    a += 32;
    b += 32;
  }
  const sum = f64x2.add(low, high);
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/** x' M x with a matrix in panels of float32 and a vector of float32. */
export function form_float32(m: usize, x: usize, d: i32): f64 {
  let sum = f32x4.splat(0);
  for (let i = 0; i < d; i += 4) {
    let a = f32x4.splat(0);
    let b = f32x4.splat(0);
    let c = f32x4.splat(0);
    let e = f32x4.splat(0);
    let column = x;
    for (let j = 0; j < i; j += 4) {
      a = f32x4.add(a, f32x4.mul(v128.load(m), v128.load32_splat(column)));
      b = f32x4.add(b, f32x4.mul(v128.load(m, 16), v128.load32_splat(column, 4)));
      c = f32x4.add(c, f32x4.mul(v128.load(m, 32), v128.load32_splat(column, 8)));
      e = f32x4.add(e, f32x4.mul(v128.load(m, 48), v128.load32_splat(column, 12)));
      m += 64;
      column += 16;
    }
    a = f32x4.add(f32x4.add(a, b), f32x4.add(c, e));
    a = f32x4.add(a, a);
    const rows = column;
    for (let k = 0; k < 4; k++) {
      a = f32x4.add(a, f32x4.mul(v128.load(m), v128.load32_splat(column)));
      m += 16;
      column += 4;
    }
    sum = f32x4.add(sum, f32x4.mul(a, v128.load(rows)));
  }
  const low = f32x4.extract_lane(sum, 0) + f32x4.extract_lane(sum, 1);
  return <f64>(low + f32x4.extract_lane(sum, 2) + f32x4.extract_lane(sum, 3));
}

/** Rounds `count` numbers, a multiple of two, to float32. */
export function round_float32(from: usize, to: usize, count: i32): void {
  for (let i = 0; i < count; i += 2) {
    v128.store64_lane(to, f32x4.demote_f64x2_zero(v128.load(from)), 0);
    from += 16;
    to += 8;
  }
}
