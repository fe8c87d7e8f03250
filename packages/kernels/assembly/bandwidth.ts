// Reads memory and does next to nothing with it: the speed that streaming kernels are measured against.
// params: from, result. One unit is 4 kB; the units of one call share the result's 16 bytes.
export function read_memory(params: usize, begin: i32, end: i32): void {
  let p = <usize>load<u32>(params, 0) + (<usize>begin << 12);
  let a = i32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  for (let i = (end - begin) << 6; i; i--) {
    a = v128.xor(a, v128.load(p));
    b = v128.xor(b, v128.load(p, 16));
    c = v128.xor(c, v128.load(p, 32));
    d = v128.xor(d, v128.load(p, 48));
    p += 64;
  }
  v128.store(<usize>load<u32>(params, 4), v128.xor(v128.xor(a, b), v128.xor(c, d)));
}
