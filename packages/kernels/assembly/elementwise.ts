// y[i] = max(x[i], 0). params: x, y. One unit is 4 floats.
export function relu_f32(params: usize, begin: i32, end: i32): void {
  let x = <usize>load<u32>(params, 0) + (<usize>begin << 4);
  let y = <usize>load<u32>(params, 4) + (<usize>begin << 4);
  const zero = f32x4.splat(0);
  for (let i = begin; i < end; i++) {
    v128.store(y, f32x4.max(v128.load(x), zero));
    x += 16;
    y += 16;
  }
}
