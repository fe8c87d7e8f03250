import { sizeOf, type Tensor } from "@edgewright/core";
import { lineStarts } from "./cumulative-sum.js";
import { packNumbers, readFloats } from "./element-values.js";
import {
  type HostOperator,
  type OperatorContext,
  type OperatorEntry,
  shapeError,
} from "./host-operator.js";
import { intAttribute } from "./node-attributes.js";
import { allocate, normalizeAxis, readScalar, requireInput } from "./operator-inputs.js";

/** `DFT` and `STFT`: discrete Fourier transforms, whole and by frames. */
export function fourierOperators(): OperatorEntry[] {
  return [
    { opType: "DFT", since: 17, run: runDft },
    { opType: "STFT", since: 17, run: runStft },
  ];
}

/** A complex vector as two arrays. */
interface Complex {
  re: Float64Array;
  im: Float64Array;
}

/**
 * Discrete Fourier transform, `sum x[n] exp(sign * 2 pi i k n / N)`, unscaled.
 *
 * Even lengths are halved (Cooley and Tukey 1965), odd ones summed directly.
 */
function transform({ re, im }: Complex, sign: number): Complex {
  const n = re.length;
  if (n % 2 !== 0 || n === 0) return transformDirectly({ re, im }, sign);
  const half = n / 2;
  const part = (first: number): Complex =>
    transform(
      {
        re: Float64Array.from({ length: half }, (_, i) => re[2 * i + first]!),
        im: Float64Array.from({ length: half }, (_, i) => im[2 * i + first]!),
      },
      sign,
    );
  const even = part(0);
  const odd = part(1);
  const out = { re: new Float64Array(n), im: new Float64Array(n) };
  for (let k = 0; k < half; k++) {
    const angle = (sign * 2 * Math.PI * k) / n;
    const [c, s] = [Math.cos(angle), Math.sin(angle)];
    const a = odd.re[k]! * c - odd.im[k]! * s;
    const b = odd.re[k]! * s + odd.im[k]! * c;
    out.re[k] = even.re[k]! + a;
    out.im[k] = even.im[k]! + b;
    out.re[k + half] = even.re[k]! - a;
    out.im[k + half] = even.im[k]! - b;
  }
  return out;
}

function transformDirectly({ re, im }: Complex, sign: number): Complex {
  const n = re.length;
  const out = { re: new Float64Array(n), im: new Float64Array(n) };
  for (let k = 0; k < n; k++) {
    for (let i = 0; i < n; i++) {
      const angle = (sign * 2 * Math.PI * ((k * i) % n)) / n;
      const [c, s] = [Math.cos(angle), Math.sin(angle)];
      out.re[k]! += re[i]! * c - im[i]! * s;
      out.im[k]! += re[i]! * s + im[i]! * c;
    }
  }
  return out;
}

// The axis is an attribute in version 17, and input 2 from version 20 on.
const runDft: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const rank = x.shape.length;
  const parts = requireComplex(x, context);
  const given =
    context.opset < 20
      ? intAttribute(context.node, "axis", 1)
      : inputs[2]
        ? readScalar(inputs[2], "axis", context)
        : -2;
  const axis = normalizeAxis(given, rank, context);
  if (axis === rank - 1) throw shapeError(context, "the last axis holds real and imaginary parts");
  const inverse = intAttribute(context.node, "inverse", 0) !== 0;
  const oneSided = intAttribute(context.node, "onesided", 0) !== 0;
  const inputLength = x.shape[axis]!;
  // One-sided backwards: half a spectrum in, a real signal out.
  const realResult = inverse && oneSided;
  const length = inputs[1]
    ? readScalar(inputs[1], "dft_length", context)
    : realResult
      ? 2 * (inputLength - 1)
      : inputLength;
  if (!(length >= 1)) throw shapeError(context, `dft_length is ${length}`);
  const kept = oneSided && !inverse ? Math.floor(length / 2) + 1 : length;
  const resultParts = realResult ? 1 : 2;
  const shape = x.shape.map((n, i) => (i === axis ? kept : i === rank - 1 ? resultParts : n));
  allocate("f64", shape, context);
  const source = readFloats(x, context);
  const values = new Float64Array(sizeOf(shape));
  // Distances between neighbours along the axis, counted in complex numbers.
  const inner = sizeOf(x.shape.slice(axis + 1, -1));
  const scale = inverse ? 1 / length : 1;
  const lines = lineStarts(source.length / parts, inputLength, inner);
  for (const [i, start] of lines.entries()) {
    const line = { re: new Float64Array(length), im: new Float64Array(length) };
    for (let k = 0; k < Math.min(length, inputLength); k++) {
      const at = (start + k * inner) * parts;
      line.re[k] = source[at]!;
      line.im[k] = parts === 2 ? source[at + 1]! : 0;
    }
    if (realResult) {
      for (let k = Math.floor(length / 2) + 1; k < length; k++) {
        line.re[k] = line.re[length - k]!;
        line.im[k] = -line.im[length - k]!;
      }
    }
    const spectrum = transform(line, inverse ? 1 : -1);
    const target = Math.floor(i / inner) * kept * inner + (i % inner);
    for (let k = 0; k < kept; k++) {
      const at = (target + k * inner) * resultParts;
      values[at] = spectrum.re[k]! * scale;
      if (!realResult) values[at + 1] = spectrum.im[k]! * scale;
    }
  }
  return [packNumbers(x.dtype, shape, values, context)];
};

function requireComplex(x: Tensor, context: OperatorContext): number {
  const parts = x.shape.at(-1);
  if (x.shape.length < 2 || (parts !== 1 && parts !== 2)) {
    throw shapeError(context, `takes [..., 1 or 2], got [${x.shape.join(", ")}]`);
  }
  return parts;
}

const runStft: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const step = readScalar(requireInput(inputs, 1, context), "frame_step", context);
  const window = inputs[2] ? readFloats(inputs[2], context) : undefined;
  const length = inputs[3] ? readScalar(inputs[3], "frame_length", context) : window?.length;
  const [batch, samples] = x.shape as [number, number];
  const parts = x.shape.length === 2 ? 1 : requireComplex(x, context);
  if (length === undefined || !(step >= 1) || !(length >= 1) || length > samples) {
    throw shapeError(context, `frames of ${length}, ${step} apart, do not fit ${samples} samples`);
  }
  if (window !== undefined && window.length !== length) {
    throw shapeError(context, `window of ${window.length} for frames of ${length}`);
  }
  const oneSided = intAttribute(context.node, "onesided", 1) !== 0;
  const kept = oneSided ? Math.floor(length / 2) + 1 : length;
  const frames = Math.floor((samples - length) / step) + 1;
  const shape = [batch, frames, kept, 2];
  allocate("f64", shape, context);
  const source = readFloats(x, context);
  const values = new Float64Array(sizeOf(shape));
  let next = 0;
  for (let b = 0; b < batch; b++) {
    for (let f = 0; f < frames; f++) {
      const line = { re: new Float64Array(length), im: new Float64Array(length) };
      for (let k = 0; k < length; k++) {
        const at = (b * samples + f * step + k) * parts;
        const weight = window?.[k] ?? 1;
        line.re[k] = source[at]! * weight;
        line.im[k] = parts === 2 ? source[at + 1]! * weight : 0;
      }
      const spectrum = transform(line, -1);
      for (let k = 0; k < kept; k++) {
        values[next++] = spectrum.re[k]!;
        values[next++] = spectrum.im[k]!;
      }
    }
  }
  return [packNumbers(x.dtype, shape, values, context)];
};
