// The index of a row's largest element.
import { loadNext } from "../tails";
import { largestLane } from "./lane-sums";

// Words: 0 x, 4 y (i32), 8 cols. A unit is a row. The first of equal ones; NaN never, -1 where there is
// nothing else.
export function argmax_f32(params: usize, begin: i32, end: i32): void {
  const cols = load<i32>(params, 8);
  for (let row = begin; row < end; row++) {
    const x = load<usize>(params, 0) + ((<usize>row * <usize>cols) << 2);
    store<i32>(load<usize>(params, 4) + (<usize>row << 2), firstLargest(x, cols));
  }
}

const RUN = 512;

// Looks for the run with the largest first, then for the place in it: most elements are seen once.
function firstLargest(x: usize, cols: i32): i32 {
  let best: f32 = -Infinity;
  let run = 0;
  for (let from = 0; from < cols; from += RUN) {
    const m = largest(x + (<usize>from << 2), min(RUN, cols - from));
    if (m > best) {
      best = m;
      run = from;
    }
  }
  // Where all is -Infinity or NaN, the first -Infinity may be in any run.
  const stop = best == -Infinity ? cols : min(run + RUN, cols);
  for (; run < stop; run++) {
    if (load<f32>(x + (<usize>run << 2)) == best) return run;
  }
  return -1;
}

// pmax with the running maximum first drops NaN.
function largest(p: usize, count: i32): f32 {
  let a = f32x4.splat(-Infinity);
  let b = a;
  let c = a;
  let d = a;
  for (; count >= 16; count -= 16) {
    a = f32x4.pmax(a, v128.load(p));
    b = f32x4.pmax(b, v128.load(p, 16));
    c = f32x4.pmax(c, v128.load(p, 32));
    d = f32x4.pmax(d, v128.load(p, 48));
    p += 64;
  }
  for (; count > 0; count--) {
    a = f32x4.pmax(a, v128.load32_splat(p));
    p += 4;
  }
  return largestLane(f32x4.pmax(f32x4.pmax(a, b), f32x4.pmax(c, d)));
}
