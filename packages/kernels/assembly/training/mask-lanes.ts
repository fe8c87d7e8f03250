// Reading the 1-bit masks of activations: bit i of the byte stream belongs to element i.

const BITS = memory.data<u32>([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768], 16);

/** Where bits 4 `part` to 4 `part` + 3 of every 32-bit lane of `bits` are set, all bits of the lane; else none. */
// @ts-ignore: decorator
@inline
export function lanesOf(bits: v128, part: usize): v128 {
  const select = v128.load(BITS + part * 16);
  return i32x4.eq(v128.and(bits, select), select);
}

/** `lanesOf` for elements `index` to `index` + `lanes` - 1 (1 to 4 of them); reads no byte that has none of them. */
export function lanesAt(mask: usize, index: i32, lanes: i32): v128 {
  const at = mask + <usize>(index >> 3);
  const shift = index & 7;
  let bits = <i32>load<u8>(at) >> shift;
  if (shift + min(lanes, 4) > 8) bits |= <i32>load<u8>(at, 1) << (8 - shift);
  return lanesOf(i32x4.splat(bits), 0);
}
