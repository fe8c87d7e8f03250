import type { ConvPass } from "./conv-pass-spec.js";

/** The three passes by one definition, summed in 64 bits: y, dx and dw of x, weights [kh, kw, c / groups, oc] and dy. */
export function referenceConvPasses(
  pass: ConvPass,
  x: Float32Array,
  weights: Float32Array,
  dy: Float32Array,
): { y: Float64Array; dx: Float64Array; dw: Float64Array } {
  const { n, h, w, c, oc, kh, kw, groups, oh, ow } = pass;
  const inner = c / groups;
  const filters = oc / groups;
  const y = new Float64Array(n * oh * ow * oc);
  const dx = new Float64Array(x.length);
  const dw = new Float64Array(weights.length);
  for (let out = 0; out < y.length; out++) {
    const o = out % oc;
    const ox = Math.floor(out / oc) % ow;
    const oy = Math.floor(out / (oc * ow)) % oh;
    const b = Math.floor(out / (oc * ow * oh));
    const channel = Math.floor(o / filters) * inner;
    for (let ky = 0; ky < kh; ky++) {
      const iy = oy * pass.sh + ky * pass.dh - pass.top;
      if (iy < 0 || iy >= h) continue;
      for (let kx = 0; kx < kw; kx++) {
        const ix = ox * pass.sw + kx * pass.dw - pass.left;
        if (ix < 0 || ix >= w) continue;
        for (let i = 0; i < inner; i++) {
          const from = ((b * h + iy) * w + ix) * c + channel + i;
          const weight = ((ky * kw + kx) * inner + i) * oc + o;
          y[out]! += x[from]! * weights[weight]!;
          dx[from]! += dy[out]! * weights[weight]!;
          dw[weight]! += dy[out]! * x[from]!;
        }
      }
    }
  }
  return { y, dx, dw };
}
