// Rotary position embedding: pairs of a vector's elements turned by angles that grow with its position.
import { copyBytes } from "../layout";
import { loadNext, storeNext } from "../tails";

// Words: 0 x [outer, sequence, heads, width], 4 y (may be x), 8 sequence, 12 heads, 16 width, 20 rotated (even:
// the first elements of a vector, the others are copied), 24 angles [places, rotated] (the cosines of a
// position, then its sines), 28 places, 32 positions (i32, 0: the index in the sequence), 36 outer indices that
// share a row of positions, 40 interleaved (1: neighbours are pairs, else i and i + rotated / 2), 44 direction
// (1 or -1, the gradient), 48 flag, set to 1 here where a position is not below `places`: such vectors become
// zeros. A unit is (outer, sequence index).
export function rotary_f32(params: usize, begin: i32, end: i32): void {
  const sequence = load<i32>(params, 8);
  const heads = load<i32>(params, 12);
  const width = load<i32>(params, 16);
  const rotated = load<i32>(params, 20);
  const positions = load<usize>(params, 32);
  const direction = v128.load32_splat(params, 44);
  const row = <usize>(heads * width) << 2;
  const rest = <usize>(width - rotated) << 2;
  for (let unit = begin; unit < end; unit++) {
    const outer = unit / sequence;
    let place = <u32>(unit - outer * sequence);
    if (positions) place = load<u32>(positions + (<usize>((outer / load<i32>(params, 36)) * sequence + place) << 2));
    let x = load<usize>(params, 0) + <usize>unit * row;
    let y = load<usize>(params, 4) + <usize>unit * row;
    if (place >= load<u32>(params, 28)) {
      memory.fill(y, 0, row);
      store<i32>(params, 1, 48);
      continue;
    }
    const angles = load<usize>(params, 24) + <usize>place * (<usize>rotated << 2);
    const half = <usize>rotated << 1;
    const ends = load<i32>(params, 40);
    for (let head = 0; head < heads; head++) {
      rotate(x, y, rotated, angles, direction, ends ? 0 : half);
      const done = half + half;
      if (rest && x != y) copyBytes(x + done, y + done, rest);
      x += <usize>width << 2;
      y += <usize>width << 2;
    }
  }
}

// Turns pairs `apart` bytes from each other, or neighbours where that is 0.
function rotate(x: usize, y: usize, rotated: i32, angles: usize, direction: v128, apart: usize): void {
  const sines = <usize>rotated << 1;
  for (let count = rotated >> 1; count > 0; ) {
    // Four pairs, or two of neighbours.
    const lanes = apart ? count : min(count, 2);
    if (apart) {
      const cosine = loadNext(angles, lanes);
      const sine = f32x4.mul(loadNext(angles + sines, lanes), direction);
      const a = loadNext(x, lanes);
      const b = loadNext(x + apart, lanes);
      storeNext(y, f32x4.sub(f32x4.mul(a, cosine), f32x4.mul(b, sine)), lanes);
      storeNext(y + apart, f32x4.add(f32x4.mul(b, cosine), f32x4.mul(a, sine)), lanes);
      angles += 16;
      count -= 4;
    } else {
      let cosine = lanes == 2 ? v128.load_zero<u64>(angles) : v128.load_zero<u32>(angles);
      let sine = lanes == 2 ? v128.load_zero<u64>(angles + sines) : v128.load_zero<u32>(angles + sines);
      sine = f32x4.mul(sine, direction);
      cosine = i8x16.shuffle(cosine, cosine, 0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6, 7, 4, 5, 6, 7);
      sine = i8x16.shuffle(sine, f32x4.neg(sine), 16, 17, 18, 19, 0, 1, 2, 3, 20, 21, 22, 23, 4, 5, 6, 7);
      const v = loadNext(x, lanes << 1);
      const swapped = i8x16.shuffle(v, v, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11);
      storeNext(y, f32x4.add(f32x4.mul(v, cosine), f32x4.mul(swapped, sine)), lanes << 1);
      angles += 8;
      count -= 2;
    }
    x += 16;
    y += 16;
  }
}
