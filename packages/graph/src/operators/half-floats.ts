// placeholder until core has them
export function decodeFloat16(bits: Uint16Array): Float32Array {
  const out = new Float32Array(bits.length);
  for (let i = 0; i < bits.length; i++) {
    const h = bits[i]!;
    const e = (h >> 10) & 31;
    const m = h & 1023;
    const s = h & 0x8000 ? -1 : 1;
    out[i] =
      e === 0
        ? s * m * 2 ** -24
        : e === 31
          ? m
            ? NaN
            : s * Infinity
          : s * (1 + m / 1024) * 2 ** (e - 15);
  }
  return out;
}
export function encodeFloat16(values: ArrayLike<number>): Uint16Array {
  const out = new Uint16Array(values.length);
  for (let i = 0; i < out.length; i++) {
    const v = values[i]!;
    const a = Math.abs(v);
    const sign = v < 0 || Object.is(v, -0) ? 0x8000 : 0;
    if (Number.isNaN(v)) out[i] = 0x7e00;
    else if (a >= 65520) out[i] = sign | 0x7c00;
    else {
      let e = a === 0 ? -15 : Math.floor(Math.log2(a));
      if (e < -14) e = -14;
      const q = a / 2 ** (e - 10);
      const f = Math.floor(q);
      const d = q - f;
      const r = d > 0.5 || (d === 0.5 && f & 1) ? f + 1 : f;
      out[i] = sign | (e === -14 && r < 1024 ? r : ((e + 15) << 10) + (r - 1024));
    }
  }
  return out;
}
export function decodeBfloat16(bits: Uint16Array): Float32Array {
  const words = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) words[i] = bits[i]! << 16;
  return new Float32Array(words.buffer);
}
export function encodeBfloat16(values: ArrayLike<number>): Uint16Array {
  const f = Float32Array.from(values);
  const words = new Uint32Array(f.buffer);
  const out = new Uint16Array(f.length);
  for (let i = 0; i < out.length; i++) {
    const w = words[i]!;
    out[i] = Number.isNaN(f[i]!) ? 0x7fc0 : (w + 0x7fff + ((w >>> 16) & 1)) >>> 16;
  }
  return out;
}
