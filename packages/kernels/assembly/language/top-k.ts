// The largest elements of rows.

// Words: 0 x, 4 values [rows, k], 8 indices (i32) [rows, k], 12 cols, 16 k. A unit is a row. From the largest
// down, the first of equal ones first; NaN never: -Infinity and index -1 where nothing is left.
export function top_k_f32(params: usize, begin: i32, end: i32): void {
  const cols = load<i32>(params, 12);
  const k = load<i32>(params, 16);
  for (let row = begin; row < end; row++) {
    const x = load<usize>(params, 0) + ((<usize>row * <usize>cols) << 2);
    const offset = <usize>(row * k) << 2;
    largestFirst(x, cols, load<usize>(params, 4) + offset, load<usize>(params, 8) + offset, k);
  }
}

function largestFirst(x: usize, cols: i32, values: usize, indices: usize, k: i32): void {
  for (let i: usize = 0; i < <usize>k; i++) {
    store<f32>(values + (i << 2), -Infinity);
    store<i32>(indices + (i << 2), -1);
  }
  const last = values + (<usize>(k - 1) << 2);
  let found = 0;
  let i = 0;
  // Until there are k, anything but NaN is among them.
  for (; i < cols && found < k; i++) {
    const v = load<f32>(x + (<usize>i << 2));
    if (v == v) insert(values, indices, found++, v, i);
  }
  while (i < cols) {
    const least = v128.load32_splat(last);
    // Far more often than not nothing of sixteen is larger.
    for (; i + 16 <= cols; i += 16) {
      const p = x + (<usize>i << 2);
      const low = v128.or(f32x4.gt(v128.load(p), least), f32x4.gt(v128.load(p, 16), least));
      const high = v128.or(f32x4.gt(v128.load(p, 32), least), f32x4.gt(v128.load(p, 48), least));
      if (v128.any_true(v128.or(low, high))) break;
    }
    for (const stop = min(i + 16, cols); i < stop; i++) {
      const v = load<f32>(x + (<usize>i << 2));
      if (v > load<f32>(last)) insert(values, indices, k - 1, v, i);
    }
  }
}

// Puts an element in its place among those before `at`, of which the smaller ones move up by one.
function insert(values: usize, indices: usize, at: i32, value: f32, index: i32): void {
  let v = values + (<usize>at << 2);
  let i = indices + (<usize>at << 2);
  for (; v > values && load<f32>(v - 4) < value; v -= 4) {
    store<f32>(v, load<f32>(v - 4));
    store<i32>(i, load<i32>(i - 4));
    i -= 4;
  }
  store<f32>(v, value);
  store<i32>(i, index);
}
