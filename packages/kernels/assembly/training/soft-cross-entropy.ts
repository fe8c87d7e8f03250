// Cross-entropy and Kullback-Leibler divergence of logits [rows, classes] from a distribution for each row.
import { rowMaximum } from "../normalize";
import { loadNext, storeNext } from "../tails";
import { addLanes, exponential, firstLanes, logarithm, rowExponentials } from "./row-sums";

const FROM_LOGITS = 1; // the targets are logits as well
const DIVERGENCE = 2; // less the entropy of the targets

// With q = softmax(f z) and p given, or p = softmax(f t): a row's loss is sum p (-ln q), or sum p (ln p - ln q).
// Words: 0 logits z, 4 targets, 8 row losses [rows], 12 statistics [rows, 4] (top and sum of z, top of t, its sum
// or the sum of p), 16 classes, 20 f, 24 flags. A unit is a row.
export function soft_cross_entropy_f32(params: usize, begin: i32, end: i32): void {
  const classes = load<i32>(params, 16);
  const factor = load<f32>(params, 20);
  const flags = load<i32>(params, 24);
  const f = f32x4.splat(factor);
  const zero = f32x4.splat(0);
  for (let row = begin; row < end; row++) {
    const at = <usize>(row * classes) << 2;
    let z = load<usize>(params, 0) + at;
    let t = load<usize>(params, 4) + at;
    const statistics = load<usize>(params, 12) + (<usize>row << 4);
    const top = rowMaximum(z, classes);
    const sum = rowExponentials(z, classes, top, factor);
    const off = logarithm(f32x4.splat(sum));
    const zTop = f32x4.splat(top);
    let tTop = zero;
    let tOff = zero;
    let inverse = zero;
    store<f32>(statistics, top);
    store<f32>(statistics, sum, 4);
    if (flags & FROM_LOGITS) {
      const highest = rowMaximum(t, classes);
      const total = rowExponentials(t, classes, highest, factor);
      store<f32>(statistics, highest, 8);
      store<f32>(statistics, total, 12);
      tTop = f32x4.splat(highest);
      tOff = logarithm(f32x4.splat(total));
      inverse = f32x4.splat(1 / total);
    }
    let loss = zero;
    let mass = zero;
    for (let count = classes; count > 0; count -= 4) {
      let p = loadNext(t, count);
      let minus = f32x4.sub(off, f32x4.mul(f32x4.sub(loadNext(z, count), zTop), f)); // -ln q
      if (flags & FROM_LOGITS) {
        const u = f32x4.mul(f32x4.sub(p, tTop), f);
        p = firstLanes(f32x4.mul(exponential(u), inverse), count);
        if (flags & DIVERGENCE) minus = f32x4.add(minus, f32x4.sub(u, tOff));
      } else {
        mass = f32x4.add(mass, p);
        if (flags & DIVERGENCE) minus = f32x4.add(minus, logarithm(p));
      }
      // A class of probability 0 adds nothing, however far away its logit is.
      loss = f32x4.add(loss, v128.and(f32x4.mul(p, minus), f32x4.ne(p, zero)));
      z += 16;
      t += 16;
    }
    if (!(flags & FROM_LOGITS)) store<f32>(statistics, addLanes(mass), 12);
    store<f32>(load<usize>(params, 8) + (<usize>row << 2), addLanes(loss));
  }
}

// Gradient of the logits: g (q sum p - p) with g = the upstream gradient times a factor.
// Words: 0 logits, 4 targets, 8 dlogits, 12 statistics, 16 classes, 20 f, 24 flags, 28 upstream, 32 its step in
// bytes from row to row, 36 factor. A unit is a row.
export function soft_cross_entropy_gradient_f32(params: usize, begin: i32, end: i32): void {
  const classes = load<i32>(params, 16);
  const f = v128.load32_splat(params, 20);
  const flags = load<i32>(params, 24);
  for (let row = begin; row < end; row++) {
    const at = <usize>(row * classes) << 2;
    let z = load<usize>(params, 0) + at;
    let t = load<usize>(params, 4) + at;
    let dz = load<usize>(params, 8) + at;
    const statistics = load<usize>(params, 12) + (<usize>row << 4);
    const g = load<f32>(load<usize>(params, 28) + <usize>row * load<usize>(params, 32)) * load<f32>(params, 36);
    const last = load<f32>(statistics, 12);
    const mass: f32 = flags & FROM_LOGITS ? 1 : last;
    const zTop = v128.load32_splat(statistics);
    const tTop = v128.load32_splat(statistics, 8);
    const zScale = f32x4.splat((g * mass) / load<f32>(statistics, 4));
    const tScale = f32x4.splat(flags & FROM_LOGITS ? g / last : g);
    for (let count = classes; count > 0; count -= 4) {
      let p = loadNext(t, count);
      if (flags & FROM_LOGITS) p = exponential(f32x4.mul(f32x4.sub(p, tTop), f));
      const q = exponential(f32x4.mul(f32x4.sub(loadNext(z, count), zTop), f));
      storeNext(dz, f32x4.sub(f32x4.mul(q, zScale), f32x4.mul(p, tScale)), count);
      z += 16;
      t += 16;
      dz += 16;
    }
  }
}
