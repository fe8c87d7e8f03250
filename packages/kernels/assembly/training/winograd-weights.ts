// Weights of Winograd's F(4 x 4, 3 x 3) (see ../winograd.ts), transformed with every run because training
// changes them: G g G^T of every filter, where g is packed by `pack_taps_f32`, which has rotated and
// transposed it for an input gradient.

const PACKED: usize = 0; // [panel of 8 columns][9 taps][rows][8]
const OUT: usize = 4; // [36 points][panel][rows][8]
const ROWS: usize = 8;
const POINT: usize = 12; // bytes from one point to the next

// @ts-ignore: decorator
@inline
function times(x: v128, factor: f32): v128 {
  return f32x4.mul(x, f32x4.splat(factor));
}

// Writes G (a, b, c), six vectors that are `step` bytes apart.
// @ts-ignore: decorator
@inline
function spread(to: usize, step: usize, a: v128, b: v128, c: v128): void {
  const sum = f32x4.add(a, c);
  const wide = f32x4.add(times(a, <f32>(1.0 / 24)), times(c, <f32>(1.0 / 6)));
  const half = times(b, <f32>(1.0 / 12));
  v128.store(to, times(a, 0.25));
  v128.store(to + step, times(f32x4.add(sum, b), <f32>(-1.0 / 6)));
  v128.store(to + 2 * step, times(f32x4.sub(b, sum), <f32>(1.0 / 6)));
  v128.store(to + 3 * step, f32x4.add(wide, half));
  v128.store(to + 4 * step, f32x4.sub(wide, half));
  v128.store(to + 5 * step, c);
}

/** A unit is a row of a panel. */
export function winograd_weights_f32(params: usize, begin: i32, end: i32): void {
  const rows = load<i32>(params, ROWS);
  const point = load<usize>(params, POINT);
  const tap = <usize>rows << 5;
  for (let unit = begin; unit < end; unit++) {
    const panel = unit / rows;
    for (let half: usize = 0; half < 32; half += 16) {
      const from = load<usize>(params, PACKED) + panel * 9 * tap + (<usize>(unit - panel * rows) << 5) + half;
      const to = load<usize>(params, OUT) + (<usize>unit << 5) + half;
      // Down the columns first, to where the second pass takes it.
      for (let x: usize = 0; x < 3; x++) {
        const g = from + x * tap;
        spread(to + x * point, 6 * point, v128.load(g), v128.load(g + 3 * tap), v128.load(g + 6 * tap));
      }
      for (let y: usize = 0; y < 6; y++) {
        const g = to + 6 * y * point;
        spread(g, point, v128.load(g), v128.load(g + point), v128.load(g + 2 * point));
      }
    }
  }
}
