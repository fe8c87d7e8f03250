// Sums into strided layouts: what a slice, a split or a concatenation asks of its gradient.
import { addRow } from "./gather";

// y += x over runs of floats. Words as those of copy_runs: 0 x, 4 y, 8 bytes of a run, 12 d1, 16 d2, 20 d3 (a
// unit is the run ((i0 d1 + i1) d2 + i2) d3 + i3), 24 x's strides of i0 to i3 in bytes, 40 y's. No two runs of
// y overlap.
export function add_runs_f32(params: usize, begin: i32, end: i32): void {
  const count = load<i32>(params, 8) >> 2;
  const d1 = load<i32>(params, 12);
  const d2 = load<i32>(params, 16);
  const d3 = load<i32>(params, 20);
  for (let unit = begin; unit < end; unit++) {
    const i3 = unit % d3;
    const i2 = (unit / d3) % d2;
    const i1 = (unit / d3 / d2) % d1;
    const i0 = unit / d3 / d2 / d1;
    const x = load<usize>(params, 0) + runOffset(params + 24, i0, i1, i2, i3);
    const y = load<usize>(params, 4) + runOffset(params + 40, i0, i1, i2, i3);
    if (count == 1) store<f32>(y, load<f32>(y) + load<f32>(x));
    else addRow(x, y, count);
  }
}

function runOffset(strides: usize, i0: i32, i1: i32, i2: i32, i3: i32): usize {
  return (
    <usize>i0 * load<usize>(strides, 0) +
    <usize>i1 * load<usize>(strides, 4) +
    <usize>i2 * load<usize>(strides, 8) +
    <usize>i3 * load<usize>(strides, 12)
  );
}
