/** Sizes of a reference convolution; x is [n, h, w, c], weights are in ONNX's order. */
export interface ReferenceConv {
  n: number;
  h: number;
  w: number;
  c: number;
  oc: number;
  kh: number;
  kw: number;
  strides: readonly [number, number];
  dilations: readonly [number, number];
  pads: readonly [number, number, number, number];
  groups: number;
}

/** y [n, oh, ow, oc] by the definition, summed in 64 bits. */
export function referenceConv2d(
  s: ReferenceConv,
  oh: number,
  ow: number,
  x: Float32Array,
  weights: Float32Array,
): Float64Array {
  const y = new Float64Array(s.n * oh * ow * s.oc);
  const cg = s.c / s.groups;
  const og = s.oc / s.groups;
  let at = 0;
  for (let b = 0; b < s.n; b++) {
    for (let oy = 0; oy < oh; oy++) {
      for (let ox = 0; ox < ow; ox++) {
        for (let o = 0; o < s.oc; o++) {
          const group = Math.floor(o / og);
          let sum = 0;
          for (let ky = 0; ky < s.kh; ky++) {
            const iy = oy * s.strides[0] + ky * s.dilations[0] - s.pads[0];
            if (iy < 0 || iy >= s.h) continue;
            for (let kx = 0; kx < s.kw; kx++) {
              const ix = ox * s.strides[1] + kx * s.dilations[1] - s.pads[1];
              if (ix < 0 || ix >= s.w) continue;
              for (let i = 0; i < cg; i++) {
                sum +=
                  x[((b * s.h + iy) * s.w + ix) * s.c + group * cg + i]! *
                  weights[((o * cg + i) * s.kh + ky) * s.kw + kx]!;
              }
            }
          }
          y[at++] = sum;
        }
      }
    }
  }
  return y;
}

/** The transposed convolution by scattering every input pixel; weights [c, oc / groups, kh, kw]. */
export function referenceConvTranspose2d(
  s: ReferenceConv,
  oh: number,
  ow: number,
  x: Float32Array,
  weights: Float32Array,
): Float64Array {
  const y = new Float64Array(s.n * oh * ow * s.oc);
  const cg = s.c / s.groups;
  const og = s.oc / s.groups;
  for (let b = 0; b < s.n; b++) {
    for (let iy = 0; iy < s.h; iy++) {
      for (let ix = 0; ix < s.w; ix++) {
        for (let i = 0; i < s.c; i++) {
          const group = Math.floor(i / cg);
          for (let ky = 0; ky < s.kh; ky++) {
            const oy = iy * s.strides[0] + ky * s.dilations[0] - s.pads[0];
            if (oy < 0 || oy >= oh) continue;
            for (let kx = 0; kx < s.kw; kx++) {
              const ox = ix * s.strides[1] + kx * s.dilations[1] - s.pads[1];
              if (ox < 0 || ox >= ow) continue;
              for (let o = 0; o < og; o++) {
                y[((b * oh + oy) * ow + ox) * s.oc + group * og + o]! +=
                  x[((b * s.h + iy) * s.w + ix) * s.c + i]! *
                  weights[((i * og + o) * s.kh + ky) * s.kw + kx]!;
              }
            }
          }
        }
      }
    }
  }
  return y;
}
