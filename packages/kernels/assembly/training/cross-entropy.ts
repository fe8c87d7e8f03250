// Cross-entropy of logits [rows, classes] against one label a row.
import { rowMaximum } from "../normalize";
import { loadNext, storeNext } from "../tails";
import { addLanes, exponential, firstLanes, logarithm, rowExponentials } from "./row-sums";

// Sum of the class weights, or their number where there are none.
function totalWeight(weights: usize, classes: i32): f32 {
  if (!weights) return <f32>classes;
  let sum = f32x4.splat(0);
  for (let count = classes; count > 0; count -= 4) {
    sum = f32x4.add(sum, loadNext(weights, count));
    weights += 16;
  }
  return addLanes(sum);
}

// Sum of w (top - z) over a row.
function weightedDistance(z: usize, weights: usize, classes: i32, top: f32): f32 {
  const t = f32x4.splat(top);
  let w = f32x4.splat(1);
  let sum = f32x4.splat(0);
  for (let count = classes; count > 0; count -= 4) {
    if (weights) {
      w = loadNext(weights, count);
      weights += 16;
    }
    sum = f32x4.add(sum, firstLanes(f32x4.mul(w, f32x4.sub(t, loadNext(z, count))), count));
    z += 16;
  }
  return addLanes(sum);
}

function weightOf(weights: usize, label: i32): f32 {
  return weights ? load<f32>(weights + (<usize>label << 2)) : 1;
}

// With s the smoothing, C classes and -ln p = ln(sum of e^(z - top)) + top - z a row's loss is
// (1 - s) w[label] (-ln p[label]) + s / C sum of w (-ln p); 0 where it is ignored, NaN for a label that is none.
// Words: 0 logits, 4 labels, 8 row losses [rows], 12 statistics [rows, 2] (top, sum), 16 classes, 20 ignored
// label, 24 smoothing, 28 class weights (0: 1 each). A unit is a row.
export function cross_entropy_f32(params: usize, begin: i32, end: i32): void {
  const classes = load<i32>(params, 16);
  const smoothing = load<f32>(params, 24);
  const weights = load<usize>(params, 28);
  const all = totalWeight(weights, classes);
  for (let row = begin; row < end; row++) {
    const z = load<usize>(params, 0) + (<usize>(row * classes) << 2);
    const label = load<i32>(load<usize>(params, 4) + (<usize>row << 2));
    const statistics = load<usize>(params, 12) + (<usize>row << 3);
    let loss: f32 = 0;
    if (label != load<i32>(params, 20)) {
      const top = rowMaximum(z, classes);
      const sum = rowExponentials(z, classes, top, 1);
      store<f32>(statistics, top);
      store<f32>(statistics, sum, 4);
      if (<u32>label < <u32>classes) {
        const log = f32x4.extract_lane(logarithm(f32x4.splat(sum)), 0);
        const distance = top - load<f32>(z + (<usize>label << 2));
        loss = (1 - smoothing) * weightOf(weights, label) * (log + distance);
        if (smoothing != 0) {
          const others = weightedDistance(z, weights, classes, top) + all * log;
          loss += (smoothing / <f32>classes) * others;
        }
      } else loss = NaN;
    }
    store<f32>(load<usize>(params, 8) + (<usize>row << 2), loss);
  }
}

// The loss of all rows. Words: 0 row losses, 4 rows, 8 loss, 12 factor, 16 offset (loss = offset + factor times
// the sum), 20 labels (0: all of the above; else what the rows' weights divide), 24 ignored label, 28 classes,
// 32 class weights, 36 to [2] (the divisor, how many labels are none as i32), 40 mean (0: the divisor is 1).
// One unit: a sum in order.
export function finish_loss(params: usize, begin: i32, end: i32): void {
  const rows = load<usize>(params, 0);
  const labels = load<usize>(params, 20);
  const classes = load<i32>(params, 28);
  const weights = load<usize>(params, 32);
  let sum: f64 = 0;
  let divisor: f64 = 0;
  let wrong = 0;
  for (let row: usize = 0; row < load<usize>(params, 4); row++) {
    sum += <f64>load<f32>(rows + (row << 2));
    if (labels) {
      const label = load<i32>(labels + (row << 2));
      if (label == load<i32>(params, 24)) continue;
      if (<u32>label < <u32>classes) divisor += <f64>weightOf(weights, label);
      else wrong++;
    }
  }
  if (labels) {
    // Where every row is ignored the loss and its gradient are 0, not NaN.
    if (!load<i32>(params, 40) || divisor == 0) divisor = 1;
    sum /= divisor;
    const to = load<usize>(params, 36);
    store<f32>(to, <f32>divisor);
    store<i32>(to, wrong, 4);
  }
  const loss = <f64>load<f32>(params, 16) + sum * <f64>load<f32>(params, 12);
  store<f32>(load<usize>(params, 8), <f32>loss);
}

// Gradient: g ((1 - s) w[label] (p - 1[label]) + s / C (p sum w - w)) with g the upstream gradient over the
// divisor. Words: 0 logits, 4 labels, 8 dlogits, 12 statistics, 16 classes, 20 ignored label, 24 smoothing,
// 28 class weights, 32 upstream, 36 its step in bytes from row to row, 40 divisor (0: 1). A unit is a row.
export function cross_entropy_gradient_f32(params: usize, begin: i32, end: i32): void {
  const classes = load<i32>(params, 16);
  const smoothing = load<f32>(params, 24);
  const weights = load<usize>(params, 28);
  const divisor = load<usize>(params, 40);
  const spread = smoothing / <f32>classes;
  const all = totalWeight(weights, classes);
  for (let row = begin; row < end; row++) {
    const at = <usize>(row * classes) << 2;
    let z = load<usize>(params, 0) + at;
    const to = load<usize>(params, 8) + at;
    const label = load<i32>(load<usize>(params, 4) + (<usize>row << 2));
    if (label == load<i32>(params, 20)) {
      memory.fill(to, 0, <usize>classes << 2);
      continue;
    }
    const known = <u32>label < <u32>classes;
    const statistics = load<usize>(params, 12) + (<usize>row << 3);
    let g = load<f32>(load<usize>(params, 32) + <usize>row * load<usize>(params, 36));
    if (divisor) g /= load<f32>(divisor);
    if (!known) g = NaN;
    const own: f32 = (1 - smoothing) * (known ? weightOf(weights, label) : 1);
    const top = f32x4.splat(load<f32>(statistics));
    const scale = f32x4.splat((g * (own + spread * all)) / load<f32>(statistics, 4));
    const each = f32x4.splat(g * spread);
    let off = each;
    let w = weights;
    let dz = to;
    for (let count = classes; count > 0; count -= 4) {
      if (w) {
        off = f32x4.mul(each, loadNext(w, count));
        w += 16;
      }
      const e = exponential(f32x4.sub(loadNext(z, count), top));
      storeNext(dz, f32x4.sub(f32x4.mul(e, scale), off), count);
      z += 16;
      dz += 16;
    }
    if (known) {
      const target = to + (<usize>label << 2);
      store<f32>(target, load<f32>(target) - g * own);
    }
  }
}
