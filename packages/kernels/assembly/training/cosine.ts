// Cosine of the angle between the rows of two matrices.
import { loadNext, storeNext } from "../tails";
import { multiplyAdd } from "../lanes";
import { rowProduct } from "./row-sums";

// a.b / (max(|a|, epsilon) max(|b|, epsilon)). Words: a, b, cosine [rows], cols, epsilon. A unit is a row.
export function cosine_f32(params: usize, begin: i32, end: i32): void {
  const cols = load<i32>(params, 12);
  const epsilon = <f64>load<f32>(params, 16);
  for (let row = begin; row < end; row++) {
    const at = <usize>(row * cols) << 2;
    const a = load<usize>(params, 0) + at;
    const b = load<usize>(params, 4) + at;
    const sizes = max(sqrt<f64>(rowProduct(a, a, cols)), epsilon) * max(sqrt<f64>(rowProduct(b, b, cols)), epsilon);
    store<f32>(load<usize>(params, 8) + (<usize>row << 2), <f32>(rowProduct(a, b, cols) / sizes));
  }
}

// da = g (b / (|a| |b|) - cosine a / |a|^2), where a shorter than epsilon has no second term; db likewise.
// Words: 0 a, 4 b, 8 da (0: none), 12 db (0: none), 16 cols, 20 epsilon, 24 upstream, 28 its step in bytes from
// row to row, 32 factor of g. A unit is a row.
export function cosine_gradient_f32(params: usize, begin: i32, end: i32): void {
  const cols = load<i32>(params, 16);
  const epsilon = <f64>load<f32>(params, 20);
  const wantsA = load<usize>(params, 8) != 0;
  const wantsB = load<usize>(params, 12) != 0;
  for (let row = begin; row < end; row++) {
    const at = <usize>(row * cols) << 2;
    let a = load<usize>(params, 0) + at;
    let b = load<usize>(params, 4) + at;
    let da = load<usize>(params, 8) + at;
    let db = load<usize>(params, 12) + at;
    const g = <f64>load<f32>(load<usize>(params, 24) + <usize>row * load<usize>(params, 28)) * <f64>load<f32>(params, 32);
    const aa = rowProduct(a, a, cols);
    const bb = rowProduct(b, b, cols);
    const cross = g / (max(sqrt<f64>(aa), epsilon) * max(sqrt<f64>(bb), epsilon));
    const pull = rowProduct(a, b, cols) * cross;
    const limit = epsilon * epsilon;
    const c = f32x4.splat(<f32>cross);
    const pa = f32x4.splat(aa > limit ? <f32>(-pull / aa) : 0);
    const pb = f32x4.splat(bb > limit ? <f32>(-pull / bb) : 0);
    for (let count = cols; count > 0; count -= 4) {
      const u = loadNext(a, count);
      const v = loadNext(b, count);
      if (wantsA) storeNext(da, multiplyAdd(f32x4.mul(v, c), u, pa), count);
      if (wantsB) storeNext(db, multiplyAdd(f32x4.mul(u, c), v, pb), count);
      a += 16;
      b += 16;
      da += 16;
      db += 16;
    }
  }
}
