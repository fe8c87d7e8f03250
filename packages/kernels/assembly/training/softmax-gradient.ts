// Gradients of softmax and of its logarithm, from the result.
import { multiplyAdd } from "../lanes";
import { loadNext, storeNext } from "../tails";
import { addLanes, exponential } from "./row-sums";

// dx = scale y (dy - sum(dy y)), or of the logarithm dx = scale (dy - e^y sum dy).
// Words: y, dy, dx, cols, log, scale. A unit is a row.
export function softmax_gradient_f32(params: usize, begin: i32, end: i32): void {
  const cols = load<i32>(params, 12);
  const log = load<i32>(params, 16);
  const scale = v128.load32_splat(params, 20);
  const one = f32x4.splat(1);
  for (let row = begin; row < end; row++) {
    const at = <usize>(row * cols) << 2;
    let y = load<usize>(params, 0) + at;
    let dy = load<usize>(params, 4) + at;
    let dx = load<usize>(params, 8) + at;
    let sum = f32x4.splat(0);
    for (let count = cols; count > 0; count -= 4) {
      sum = multiplyAdd(sum, loadNext(dy, count), log ? one : loadNext(y, count));
      y += 16;
      dy += 16;
    }
    y = load<usize>(params, 0) + at;
    dy = load<usize>(params, 4) + at;
    const total = f32x4.splat(addLanes(sum));
    for (let count = cols; count > 0; count -= 4) {
      const v = loadNext(y, count);
      const d = loadNext(dy, count);
      const r = log ? f32x4.sub(d, f32x4.mul(exponential(v), total)) : f32x4.mul(v, f32x4.sub(d, total));
      storeNext(dx, f32x4.mul(r, scale), count);
      y += 16;
      dy += 16;
      dx += 16;
    }
  }
}
