import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Pool2dSpec, planGlobalPool, planPool2d } from "../index.js";
import {
  computeFloats,
  loadEveryKind,
  randomFloats,
  relativeError,
  seededNumbers,
} from "../runtime/fixtures.test-support.js";

const kinds = await loadEveryKind();
const AVERAGE = 1e-6;

type Shape = Omit<Required<Pool2dSpec>, "x" | "y">;

function poolSlowly(x: Float32Array, s: Shape): number[] {
  const result: number[] = [];
  const [top, left, bottom, right] = s.pads;
  for (let i = 0; i < s.n * s.oh * s.ow * s.c; i++) {
    const channel = i % s.c;
    const ox = Math.floor(i / s.c) % s.ow;
    const oy = Math.floor(i / s.c / s.ow) % s.oh;
    const image = Math.floor(i / s.c / s.ow / s.oh);
    const inside: number[] = [];
    let padded = 0;
    for (let ky = 0; ky < s.kernel[0]; ky++) {
      for (let kx = 0; kx < s.kernel[1]; kx++) {
        const iy = oy * s.strides[0] - top + ky * s.dilations[0];
        const ix = ox * s.strides[1] - left + kx * s.dilations[1];
        if (iy < s.h + bottom && ix < s.w + right) padded++;
        if (iy < 0 || ix < 0 || iy >= s.h || ix >= s.w) continue;
        inside.push(x[((image * s.h + iy) * s.w + ix) * s.c + channel]!);
      }
    }
    const sum = inside.reduce((a, b) => a + b, 0);
    if (s.kind === "max") result.push(Math.max(...inside));
    else result.push(sum / (s.countIncludePad ? padded : inside.length));
  }
  return result;
}

describe.each(kinds)("%s", (_, kernels) => {
  test("pooling of any shape", () => {
    const pair = (min: number, max: number) =>
      fc.tuple(fc.integer({ min, max }), fc.integer({ min, max }));
    const any = fc.record({
      kind: fc.constantFrom<"max" | "average">("max", "average"),
      n: fc.integer({ min: 1, max: 2 }),
      size: pair(4, 12),
      c: fc.constantFrom(1, 3, 4, 15, 16, 21, 35),
      kernel: pair(1, 4),
      strides: pair(1, 3),
      dilations: pair(1, 2),
      pads: fc.tuple(pair(0, 2), pair(0, 2)),
      ceil: fc.boolean(),
      countIncludePad: fc.boolean(),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(any, (v) => {
        const [h, w] = v.size;
        const lengths = [h, w] as const;
        const pads = [...v.pads[0], ...v.pads[1]] as [number, number, number, number];
        const [oh, ow] = lengths.map((length, axis) => {
          const window = (v.kernel[axis]! - 1) * v.dilations[axis]! + 1;
          const room = length + pads[axis]! + pads[axis + 2]! - window;
          const steps = room / v.strides[axis]!;
          return (v.ceil ? Math.ceil(steps) : Math.floor(steps)) + 1;
        }) as [number, number];
        // ONNX has no window that begins in the far padding, and none wholly in the padding.
        const begins = (axis: number, out: number) => (out - 1) * v.strides[axis]! - pads[axis]!;
        const reach = (axis: number) => (v.kernel[axis]! - 1) * v.dilations[axis]!;
        fc.pre(oh > 0 && ow > 0 && begins(0, oh) < h && begins(1, ow) < w);
        fc.pre(
          reach(0) >= pads[0] && reach(1) >= pads[1] && v.dilations.every((d) => d === 1 || d <= h),
        );
        const shape: Shape = { ...v, h, w, oh, ow, pads };
        const x = randomFloats(v.n * h * w * v.c, seededNumbers(v.seed));
        const expected = poolSlowly(x, shape);
        fc.pre(expected.every(Number.isFinite)); // with dilation a window may miss the image
        const actual = computeFloats(kernels, [x], expected.length, ([at], y) =>
          planPool2d(kernels, { ...shape, x: at!, y }),
        );
        expect(relativeError(actual, expected, 1)).toBeLessThan(AVERAGE);
      }),
      { numRuns: 150, seed: 3 },
    );
  });

  test("global pooling", () => {
    for (const [n, positions, c] of [
      [1, 1, 1],
      [2, 49, 120],
      [1, 77, 35],
      [3, 10, 3],
    ] as const) {
      const x = randomFloats(n * positions * c, seededNumbers(c));
      for (const kind of ["max", "average"] as const) {
        const expected = poolSlowly(x, {
          kind,
          n,
          h: positions,
          w: 1,
          c,
          oh: 1,
          ow: 1,
          kernel: [positions, 1],
          strides: [1, 1],
          dilations: [1, 1],
          pads: [0, 0, 0, 0],
          countIncludePad: false,
        });
        const actual = computeFloats(kernels, [x], n * c, ([at], y) =>
          planGlobalPool(kernels, { kind, x: at!, y, n, positions, c }),
        );
        expect(relativeError(actual, expected, 1)).toBeLessThan(AVERAGE);
      }
    }
  });

  test("errors say what was expected", () => {
    const spec = {
      kind: "max",
      x: 0,
      y: 0,
      n: 1,
      h: 4,
      w: 4,
      c: 1,
      oh: 9,
      ow: 1,
      kernel: [2, 2],
    } as const;
    expect(() => planPool2d(kernels, spec)).toThrow(
      "planPool2d: the last window of a [9, 1] result begins behind the [4, 4] image",
    );
    expect(() => planPool2d(kernels, { ...spec, kernel: [0, 2] })).toThrow(
      "planPool2d: expected kh to be a whole number from 1, got 0",
    );
  });
});
