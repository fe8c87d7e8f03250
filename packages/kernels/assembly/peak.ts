// The multiply-add rate that registers alone allow, which benchmarks measure kernels against.
import { multiplyAdd } from "./lanes";

// 12 accumulators, as many as fit beside the operands. params: result (48 floats). One unit is 12 * 1024
// vector multiply-adds, 98304 floating-point operations.
// Without a fused multiply-add the compiler computes the product, which all accumulators share, once: the
// loop then shows the rate of additions. A processor with as many multipliers as adders beside them, such as
// Zen 4 and 5, could multiply at that rate too, so this is the upper bound; see the README.
export function peak_f32(params: usize, begin: i32, end: i32): void {
  const out = load<usize>(params, 0);
  const a = v128.load(out), b = v128.load(out, 16);
  let c0 = a, c1 = a, c2 = a, c3 = a, c4 = a, c5 = a, c6 = b, c7 = b, c8 = b, c9 = b, c10 = b, c11 = b;
  for (let i = (end - begin) << 10; i > 0; i--) {
    c0 = multiplyAdd(c0, a, b); c1 = multiplyAdd(c1, a, b); c2 = multiplyAdd(c2, a, b);
    c3 = multiplyAdd(c3, a, b); c4 = multiplyAdd(c4, a, b); c5 = multiplyAdd(c5, a, b);
    c6 = multiplyAdd(c6, a, b); c7 = multiplyAdd(c7, a, b); c8 = multiplyAdd(c8, a, b);
    c9 = multiplyAdd(c9, a, b); c10 = multiplyAdd(c10, a, b); c11 = multiplyAdd(c11, a, b);
  }
  v128.store(out, f32x4.add(f32x4.add(c0, c1), f32x4.add(c2, c3)), 32);
  v128.store(out, f32x4.add(f32x4.add(c4, c5), f32x4.add(c6, c7)), 48);
  v128.store(out, f32x4.add(f32x4.add(c8, c9), f32x4.add(c10, c11)), 64);
}
