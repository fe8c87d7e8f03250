// Shows that what was added to tfjs computes gradients, before anything is timed.
import { createNumbers } from "./network.js";
import type { Loose } from "./tfjs-kernels.js";

interface Shape {
  readonly x: readonly [number, number, number, number];
  readonly filter: readonly [number, number, number, number];
  readonly stride: number;
  readonly pads: readonly [number, number, number, number];
}

const CONVOLUTIONS: readonly Shape[] = [
  { x: [2, 7, 6, 3], filter: [3, 3, 3, 4], stride: 1, pads: [1, 1, 1, 1] },
  { x: [2, 8, 8, 3], filter: [3, 3, 3, 4], stride: 2, pads: [1, 1, 1, 1] },
  { x: [2, 9, 6, 1], filter: [4, 3, 1, 2], stride: 2, pads: [1, 1, 2, 0] },
  { x: [2, 6, 6, 2], filter: [1, 1, 2, 3], stride: 1, pads: [0, 0, 0, 0] },
  { x: [2, 6, 6, 2], filter: [1, 1, 2, 3], stride: 2, pads: [0, 0, 0, 0] },
  { x: [2, 9, 9, 2], filter: [5, 5, 2, 3], stride: 1, pads: [0, 0, 0, 0] },
];
const DEPTHWISE: readonly Shape[] = [
  { x: [2, 7, 5, 3], filter: [3, 3, 3, 1], stride: 1, pads: [1, 1, 1, 1] },
  { x: [2, 8, 6, 2], filter: [2, 3, 2, 1], stride: 1, pads: [0, 1, 1, 1] },
];

/**
 * The largest relative error over all completed kernels. A convolution is linear in its filter and in its
 * input, so `<conv(x, w), dy> = <w, filter gradient> = <x, input gradient>` has to hold for any numbers.
 */
export function checkTfjsKernels(tf: Loose): number {
  const next = createNumbers(11);
  const random = (shape: readonly number[]): Loose => {
    const length = shape.reduce((product, part) => product * part, 1);
    return tf.tensor(Float32Array.from({ length }, next), shape);
  };
  const dot = (a: Loose, b: Loose): number => {
    const [left, right] = [a.dataSync(), b.dataSync()];
    let sum = 0;
    for (let i = 0; i < left.length; i++) sum += left[i] * right[i];
    return sum;
  };
  let worst = 0;
  const check = (expected: number, got: number): void => {
    worst = Math.max(worst, Math.abs(expected - got) / Math.max(1, Math.abs(expected)));
  };
  tf.tidy(() => {
    for (const { depthwise, shape } of [
      ...CONVOLUTIONS.map((shape) => ({ depthwise: false, shape })),
      ...DEPTHWISE.map((shape) => ({ depthwise: true, shape })),
    ]) {
      const [top, left, bottom, right] = shape.pads;
      const pad = [
        [0, 0],
        [top, bottom],
        [left, right],
        [0, 0],
      ];
      const apply = (x: Loose, filter: Loose): Loose =>
        depthwise
          ? tf.depthwiseConv2d(x, filter, shape.stride, pad)
          : tf.conv2d(x, filter, shape.stride, pad);
      const [x, filter] = [random(shape.x), random(shape.filter)];
      const y = apply(x, filter);
      const dy = random(y.shape);
      const [dx, dFilter] = tf.grads(apply)([x, filter], dy);
      check(dot(y, dy), dot(filter, dFilter));
      // The library's own input gradient refuses some paddings; only depthwise ones were added.
      if (depthwise) check(dot(y, dy), dot(x, dx));
    }
  });
  return worst;
}
