// What group normalisation adds to the kernels of channels: statistics and sums over the channels of a group.
import { addParameter } from "./channel-gradient";

// From the moments of channels to those of groups, also spread over the channels. Words: 0 moments
//  [n, 2, c] (mean, squares about it), 4 positions, 8 c, 12 channels of a group, 16 epsilon, 20 mean [n, groups],
//  24 rstd [n, groups]. Afterwards the moments are mean and rstd per channel. A unit is a group of an image.
export function group_statistics_f32(params: usize, begin: i32, end: i32): void {
  const positions = <f64>load<i32>(params, 4);
  const c = load<i32>(params, 8);
  const size = load<i32>(params, 12);
  const groups = c / size;
  const row = <usize>c << 2;
  for (let unit = begin; unit < end; unit++) {
    const image = unit / groups;
    const at = load<usize>(params, 0) + (<usize>(image * 2 * c + (unit - image * groups) * size) << 2);
    let mean: f64 = 0;
    let squares: f64 = 0;
    for (let i = 0; i < size; i++) mean += <f64>load<f32>(at + (<usize>i << 2));
    mean /= <f64>size;
    for (let i = 0; i < size; i++) {
      const p = at + (<usize>i << 2);
      const d = <f64>load<f32>(p) - mean;
      squares += <f64>load<f32>(p + row) + d * d * positions;
    }
    const rstd = <f32>(1 / sqrt<f64>(squares / (positions * <f64>size) + <f64>load<f32>(params, 16)));
    store<f32>(load<usize>(params, 20) + (<usize>unit << 2), <f32>mean);
    store<f32>(load<usize>(params, 24) + (<usize>unit << 2), rstd);
    for (let i = 0; i < size; i++) {
      const p = at + (<usize>i << 2);
      store<f32>(p, <f32>mean);
      store<f32>(p + row, rstd);
    }
  }
}

// Values of groups spread over their channels. Words: 0 values [n, groups], 4 spread [n, c], 8 channels of a
//  group. A unit is a group of an image.
export function spread_groups_f32(params: usize, begin: i32, end: i32): void {
  const size = load<i32>(params, 8);
  for (let unit = begin; unit < end; unit++) {
    const value = load<f32>(load<usize>(params, 0) + (<usize>unit << 2));
    let to = load<usize>(params, 4) + (<usize>(unit * size) << 2);
    for (let i = 0; i < size; i++, to += 4) store<f32>(to, value);
  }
}

// The factors of dx = a dy + b (x - mean) + k. Words: 0 sums [n, 2, c], 4 positions, 8 c, 12 channels of a
//  group, 16 rstd [n, groups], 20 gamma (0: ones), 24 factors [n, 3, c]. A unit is a group of an image.
export function group_gradient_f32(params: usize, begin: i32, end: i32): void {
  const positions = load<i32>(params, 4);
  const c = load<i32>(params, 8);
  const size = load<i32>(params, 12);
  const groups = c / size;
  const gamma = load<usize>(params, 20);
  const row = <usize>c << 2;
  const share = 1 / (<f64>positions * <f64>size);
  for (let unit = begin; unit < end; unit++) {
    const image = unit / groups;
    const first = (unit - image * groups) * size;
    const sums = load<usize>(params, 0) + (<usize>(image * 2 * c + first) << 2);
    const to = load<usize>(params, 24) + (<usize>(image * 3 * c + first) << 2);
    const rstd = <f64>load<f32>(load<usize>(params, 16) + (<usize>unit << 2));
    let sum: f64 = 0;
    let product: f64 = 0;
    for (let i = 0; i < size; i++) {
      const at = <usize>i << 2;
      const g = gamma ? <f64>load<f32>(gamma + (<usize>first << 2) + at) : 1;
      sum += g * <f64>load<f32>(sums + at);
      product += g * <f64>load<f32>(sums + row + at);
      store<f32>(to + at, <f32>(g * rstd));
    }
    const b = <f32>(-rstd * rstd * rstd * product * share);
    const k = <f32>(-rstd * sum * share);
    for (let i = 0; i < size; i++) {
      const at = <usize>i << 2;
      store<f32>(to + row + at, b);
      store<f32>(to + 2 * row + at, k);
    }
  }
}

// Gradients of gamma and beta. Words: 0 sums [n, 2, c], 4 n, 8 c, 12 channels of a group, 16 rstd [n, groups],
//  20 dgamma (0: not asked for), 24 dbeta, 28 add to these (1). A unit is a channel.
export function group_parameters_f32(params: usize, begin: i32, end: i32): void {
  const n = load<i32>(params, 4);
  const c = load<i32>(params, 8);
  const size = load<i32>(params, 12);
  const row = <usize>c << 2;
  for (let unit = begin; unit < end; unit++) {
    const at = <usize>unit << 2;
    let sums = load<usize>(params, 0) + at;
    let rstd = load<usize>(params, 16) + (<usize>(unit / size) << 2);
    let sum: f64 = 0;
    let product: f64 = 0;
    for (let image = n; image > 0; image--) {
      sum += <f64>load<f32>(sums);
      product += <f64>load<f32>(sums + row) * <f64>load<f32>(rstd);
      sums += row << 1;
      rstd += <usize>(c / size) << 2;
    }
    addParameter(load<usize>(params, 20), at, product, load<i32>(params, 28));
    addParameter(load<usize>(params, 24), at, sum, load<i32>(params, 28));
  }
}
