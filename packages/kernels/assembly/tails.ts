// Ends of rows that do not fill a vector. Each function calls itself for the odd count: a function with a
// call in it is not inlined, and these would otherwise stand in the module a hundred times.

/** The first `count` (0 to 4) floats at `p`, zeros behind them; reads nothing beyond. */
export function loadTail(p: usize, count: i32): v128 {
  if (count >= 4) return v128.load(p);
  if (count == 3) return v128.load_lane<u32>(p, loadTail(p, 2), 2, 8);
  if (count == 2) return v128.load_zero<u64>(p);
  return count ? v128.load_zero<u32>(p) : i32x4.splat(0);
}

/** Writes the first `count` (0 to 4) floats of `x` to `p` and touches nothing beyond. */
export function storeTail(p: usize, x: v128, count: i32): void {
  if (count >= 4) v128.store(p, x);
  else if (count == 3) {
    storeTail(p, x, 2);
    v128.store_lane<u32>(p, x, 2, 8);
  } else if (count == 2) v128.store_lane<u64>(p, x, 0);
  else if (count) v128.store_lane<u32>(p, x, 0);
}

/** A vector of a row of which `count` floats (1 or more) are left. */
// @ts-ignore: decorator
@inline
export function loadNext(p: usize, count: i32): v128 {
  return count >= 4 ? v128.load(p) : loadTail(p, count);
}

/** Writes a vector of a row of which `count` floats (1 or more) are left. */
// @ts-ignore: decorator
@inline
export function storeNext(p: usize, x: v128, count: i32): void {
  if (count >= 4) v128.store(p, x);
  else storeTail(p, x, count);
}
