import { type DepthwiseShape, resolveDepthwise } from "./depthwise-spec.js";

/** Calls `visit` for every pair of an output and a tap inside of the image, with their places in x, w and y. */
function visitTaps(spec: DepthwiseShape, visit: (x: number, w: number, y: number) => void): void {
  const s = resolveDepthwise("reference", spec);
  for (let row = 0; row < s.n * s.oh; row++) {
    const image = Math.floor(row / s.oh);
    for (let ox = 0; ox < s.ow; ox++) {
      for (let tap = 0; tap < s.kh * s.kw; tap++) {
        const iy = (row % s.oh) * s.sh - s.top + Math.floor(tap / s.kw) * s.dh;
        const ix = ox * s.sw - s.left + (tap % s.kw) * s.dw;
        if (iy < 0 || ix < 0 || iy >= s.h || ix >= s.w) continue;
        for (let c = 0; c < s.c; c++) {
          const x = ((image * s.h + iy) * s.w + ix) * s.c + c;
          visit(x, tap * s.c + c, (row * s.ow + ox) * s.c + c);
        }
      }
    }
  }
}

/** y by the definition, in 64 bits. */
export function depthwiseSlowly(
  spec: DepthwiseShape,
  x: Float32Array,
  weights: Float32Array,
  bias: Float32Array,
): Float64Array {
  const { n, oh, ow, c } = resolveDepthwise("reference", spec);
  const y = Float64Array.from({ length: n * oh * ow * c }, (_, i) => bias[i % c]!);
  visitTaps(spec, (i, w, o) => {
    y[o]! += x[i]! * weights[w]!;
  });
  return y;
}

/** The gradient by the input, scattered, in 64 bits. */
export function depthwiseInputGradientSlowly(
  spec: DepthwiseShape,
  dy: Float32Array,
  weights: Float32Array,
): Float64Array {
  const dx = new Float64Array(spec.n * spec.h * spec.w * spec.c);
  visitTaps(spec, (i, w, o) => {
    dx[i]! += dy[o]! * weights[w]!;
  });
  return dx;
}

/** The gradient by the weights, in 64 bits. */
export function depthwiseWeightGradientSlowly(
  spec: DepthwiseShape,
  x: Float32Array,
  dy: Float32Array,
): Float64Array {
  const dw = new Float64Array(spec.kh * spec.kw * spec.c);
  visitTaps(spec, (i, w, o) => {
    dw[w]! += x[i]! * dy[o]!;
  });
  return dw;
}
