import { activate } from "./activation";
import { loadNext, storeNext } from "./tails";

// y = activation(x * scale + shift) per channel. Words: x, y, c, positions of an image, scale, shift
// (shift may be 0), bytes from one image's scale to the next, activation (5) at 28. A unit is a position.
export function affine_f32(params: usize, begin: i32, end: i32): void {
  const c = load<i32>(params, 8);
  const positions = load<i32>(params, 12);
  const stride = load<usize>(params, 24);
  for (let unit = begin; unit < end; unit++) {
    const image = stride ? <usize>(unit / positions) * stride : 0;
    let scale = load<usize>(params, 16) + image;
    let shift = load<usize>(params, 20);
    if (shift) shift += image;
    const offset = <usize>(unit * c) << 2;
    let x = load<usize>(params, 0) + offset;
    let y = load<usize>(params, 4) + offset;
    const out = y;
    for (let count = c; count > 0; count -= 4) {
      let r = f32x4.mul(loadNext(x, count), loadNext(scale, count));
      if (shift) {
        r = f32x4.add(r, loadNext(shift, count));
        shift += 16;
      }
      storeNext(y, r, count);
      x += 16;
      y += 16;
      scale += 16;
    }
    activate(out, c, params + 28);
  }
}
