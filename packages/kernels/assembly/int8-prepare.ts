// Activations made ready for the int8 product: padded, channels of each group rounded up, and either
// widened to i16 with the zero point taken off or left as bytes with the sign bit flipped where needed.

const X: usize = 0;
const OUT: usize = 4;
const HEIGHT: usize = 8;
const WIDTH: usize = 12;
const GROUPS: usize = 16;
const CHANNELS: usize = 20; // of a group
const PADDED_CHANNELS: usize = 24; // of a group
const TOP: usize = 28;
const LEFT: usize = 32;
const PADDED_HEIGHT: usize = 36;
const PADDED_WIDTH: usize = 40;
const SIGNED: usize = 44; // 1: X is i8, 0: u8
const ZERO: usize = 48; // zero point of X; as bytes, the code that padding takes
const FLIP: usize = 52; // byte form: 0x80 to flip the sign bits, else 0

// Unit: one line of the padded image [n, height, width, groups, channels].
export function int8_widen(params: usize, begin: i32, end: i32): void {
  prepare(params, begin, end, true);
}

export function int8_pad(params: usize, begin: i32, end: i32): void {
  prepare(params, begin, end, false);
}

// @ts-ignore: decorator
@inline
function prepare(params: usize, begin: i32, end: i32, wide: bool): void {
  const height = load<i32>(params, HEIGHT);
  const width = load<i32>(params, WIDTH);
  const groups = load<i32>(params, GROUPS);
  const channels = load<i32>(params, CHANNELS);
  const paddedChannels = load<i32>(params, PADDED_CHANNELS);
  const top = load<i32>(params, TOP);
  const left = load<i32>(params, LEFT);
  const paddedHeight = load<i32>(params, PADDED_HEIGHT);
  const paddedWidth = load<i32>(params, PADDED_WIDTH);
  const shift: i32 = wide ? 1 : 0;
  const pixel = groups * paddedChannels;
  const fill: u8 = wide ? 0 : load<u8>(params, ZERO);
  for (let unit = begin; unit < end; unit++) {
    const image = unit / paddedHeight;
    const line = unit - image * paddedHeight - top;
    let out = <usize>load<u32>(params, OUT) + <usize>((unit * paddedWidth * pixel) << shift);
    if (line < 0 || line >= height) {
      memory.fill(out, fill, <usize>((paddedWidth * pixel) << shift));
      continue;
    }
    let x = <usize>load<u32>(params, X) + <usize>((image * height + line) * width * groups * channels);
    memory.fill(out, fill, <usize>((left * pixel) << shift));
    out += <usize>((left * pixel) << shift);
    if (channels == paddedChannels) {
      const count = width * pixel;
      convert(x, out, count, params, wide);
      out += <usize>(count << shift);
    } else {
      for (let i = width * groups; i; i--) {
        convert(x, out, channels, params, wide);
        x += channels;
        out += <usize>(channels << shift);
        memory.fill(out, fill, <usize>((paddedChannels - channels) << shift));
        out += <usize>((paddedChannels - channels) << shift);
      }
    }
    memory.fill(out, fill, <usize>(((paddedWidth - left - width) * pixel) << shift));
  }
}

// @ts-ignore: decorator
@inline
function convert(x: usize, out: usize, count: i32, params: usize, wide: bool): void {
  if (wide) widen(x, out, count, load<i32>(params, SIGNED), load<i32>(params, ZERO));
  else flip(x, out, count, load<i32>(params, FLIP));
}

// i8 and u8 differ by a flipped sign bit: (u8)(x ^ 0x80) - 128 = (i8)x.
function widen(x: usize, out: usize, count: i32, signed: i32, zero: i32): void {
  const mask = signed ? 0x80 : 0;
  if (signed) zero += 128;
  const masks = i8x16.splat(<i8>mask);
  const zeros = i16x8.splat(<i16>zero);
  for (; count >= 16; count -= 16) {
    const codes = v128.xor(v128.load(x), masks);
    v128.store(out, i16x8.sub(i16x8.extend_low_i8x16_u(codes), zeros));
    v128.store(out, i16x8.sub(i16x8.extend_high_i8x16_u(codes), zeros), 16);
    x += 16;
    out += 32;
  }
  for (; count; count--) {
    store<i16>(out, <i16>((<i32>load<u8>(x) ^ mask) - zero));
    x++;
    out += 2;
  }
}

function flip(x: usize, out: usize, count: i32, mask: i32): void {
  const masks = i8x16.splat(<i8>mask);
  for (; count >= 16; count -= 16) {
    v128.store(out, v128.xor(v128.load(x), masks));
    x += 16;
    out += 16;
  }
  for (; count; count--) {
    store<u8>(out, <u8>(<i32>load<u8>(x) ^ mask));
    x++;
    out++;
  }
}
