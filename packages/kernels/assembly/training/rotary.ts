// Rotary position embedding: pairs of a vector's elements turned by angles that grow with its position.
import { copyBytes } from "../layout";
import { multiplyAdd } from "../lanes";
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
    for (let head = 0; head < heads; head++) {
      if (load<i32>(params, 40)) rotateNeighbours(x, y, rotated, angles, direction);
      else rotateHalves(x, y, rotated >> 1, angles, direction);
      const done = <usize>rotated << 2;
      if (rest && x != y) copyBytes(x + done, y + done, rest);
      x += <usize>width << 2;
      y += <usize>width << 2;
    }
  }
}

function rotateHalves(x: usize, y: usize, half: i32, angles: usize, direction: v128): void {
  const other = <usize>half << 2;
  for (let count = half; count > 0; count -= 4) {
    const cosine = loadNext(angles, count);
    const sine = f32x4.mul(loadNext(angles + other, count), direction);
    const a = loadNext(x, count);
    const b = loadNext(x + other, count);
    storeNext(y, multiplyAdd(f32x4.mul(a, cosine), f32x4.neg(b), sine), count);
    storeNext(y + other, multiplyAdd(f32x4.mul(b, cosine), a, sine), count);
    angles += 16;
    x += 16;
    y += 16;
  }
}

function rotateNeighbours(x: usize, y: usize, rotated: i32, angles: usize, direction: v128): void {
  const other = <usize>rotated << 1; // bytes of the cosines
  const signs = f32x4.mul(direction, f32x4(-1, 1, -1, 1));
  for (let count = rotated; count > 0; count -= 4) {
    let cosine = loadNext(angles, min(count >> 1, 2));
    let sine = loadNext(angles + other, min(count >> 1, 2));
    cosine = i8x16.shuffle(cosine, cosine, 0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6, 7, 4, 5, 6, 7);
    sine = i8x16.shuffle(sine, sine, 0, 1, 2, 3, 0, 1, 2, 3, 4, 5, 6, 7, 4, 5, 6, 7);
    const v = loadNext(x, count);
    const swapped = i8x16.shuffle(v, v, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11);
    storeNext(y, multiplyAdd(f32x4.mul(v, cosine), swapped, f32x4.mul(sine, signs)), count);
    angles += 8;
    x += 16;
    y += 16;
  }
}
