import type { Kernels } from "@edgewright/kernels";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { predictMemory } from "../engine/memory-account.js";
import { createTape, type Variable } from "../engine/tape.js";
import {
  checkGradients,
  loadEveryKernels,
  weightedSum,
} from "../testing/check-gradients.test-support.js";
import { add, multiply } from "./broadcast-arithmetic.js";
import { concat } from "./concat.js";
import { pad } from "./pad.js";
import { pixelShuffle } from "./pixel-shuffle.js";
import { flatten, reshape } from "./reshape.js";
import { slice, split } from "./slice.js";
import { transpose } from "./transpose.js";

let everyKernels: Kernels[];
beforeAll(async () => {
  everyKernels = await loadEveryKernels();
});
afterAll(() => {
  for (const kernels of everyKernels) kernels.dispose();
});

const size = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Every index of a shape, in row-major order. */
function indices(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (found, length) => found.flatMap((index) => Array.from({ length }, (_, i) => [...index, i])),
    [[]],
  );
}

function offset(index: readonly number[], shape: readonly number[]): number {
  return index.reduce((at, i, axis) => at * shape[axis]! + i, 0);
}

/** Checks an operation that moves elements: `from` says where each element of the result comes from, or not. */
function checkMove(
  shape: readonly number[],
  build: (x: Variable) => Variable,
  from: (index: readonly number[]) => readonly number[] | undefined,
): void {
  for (const kernels of everyKernels) {
    let result: readonly number[] = [];
    checkGradients(kernels, {
      inputs: { x: shape },
      build: ({ x }) => {
        // Squared, so that the gradient differs from element to element.
        const y = build(multiply(x!, x!));
        result = y.shape;
        return y;
      },
      reference: ({ x }) =>
        Float64Array.from(indices(result), (index) => {
          const source = from(index);
          return source === undefined ? 0 : x![offset(source, shape)]! ** 2;
        }),
      elements: 10,
    });
  }
}

const shapes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 });
const RUNS = { numRuns: 10, seed: 1 };

describe("reshape", () => {
  it("is a view with -1 for what is left", () => {
    const x = createTape().input("x", [2, 3, 4]);
    expect(reshape(x, [-1, 6]).shape).toEqual([4, 6]);
    expect(flatten(x).shape).toEqual([2, 12]);
    checkMove(
      [2, 6],
      (x) => reshape(x, [3, -1]),
      ([i, j]) => {
        const at = i! * 4 + j!;
        return [Math.floor(at / 6), at % 6];
      },
    );
    for (const shape of [[5, 5], [-1, 7], [-1, -1], [0, -1], [24.5]]) {
      expect(() => reshape(x, shape)).toThrow(`reshape: [2,3,4] cannot be seen as [${shape}]`);
    }
  });
});

describe("transpose", () => {
  it("moves any axes", () => {
    const any = shapes.chain((shape) =>
      fc.tuple(
        fc.constant(shape),
        fc.shuffledSubarray(
          shape.map((_, axis) => axis),
          { minLength: shape.length },
        ),
      ),
    );
    fc.assert(
      fc.property(any, ([shape, permutation]) => {
        checkMove(
          shape,
          (x) => transpose(x, permutation),
          (index) => shape.map((_, axis) => index[permutation.indexOf(axis)]!),
        );
      }),
      RUNS,
    );
    const x = createTape().input("x", [2, 3]);
    expect(() => transpose(x, [0, 0])).toThrow(
      "transpose: expected a permutation of the 2 axes of [2,3], got [0,0]",
    );
  });

  it("is free where only axes of length 1 move", () => {
    const tape = createTape();
    const y = add(transpose(tape.input("x", [2, 1, 3]), [1, 0, 2]), 1);
    expect(predictMemory({ tape, outputs: [y] }).steps.map(({ name }) => name)).toEqual(["add"]);
  });
});

describe("slice and split", () => {
  it("take any range in steps", () => {
    const axis = fc
      .tuple(fc.integer({ min: 1, max: 7 }), fc.nat(), fc.nat(), fc.integer({ min: 1, max: 3 }))
      .map(([length, a, b, step]) => {
        const start = a % length;
        return { length, start, end: start + 1 + (b % (length - start)), step };
      });
    const any = fc.tuple(fc.array(axis, { minLength: 1, maxLength: 4 }), fc.boolean());
    fc.assert(
      fc.property(any, ([axes, fromEnd]) => {
        const starts = axes.map(({ start, length }) => (fromEnd ? start - length : start));
        const ends = axes.map(({ end, length }) => (end === length ? length + 9 : end));
        const steps = axes.map(({ step }) => step);
        checkMove(
          axes.map(({ length }) => length),
          (x) => slice(x, { starts, ends, steps }),
          (index) => index.map((i, at) => axes[at]!.start + i * axes[at]!.step),
        );
      }),
      RUNS,
    );
  });

  it("gives parts that add up to the whole again", () => {
    const shape = [2, 7, 3];
    checkMove(
      shape,
      (x) => concat([...split(x, { axis: 1, sizes: [2, 1, 4] })].reverse(), { axis: -2 }),
      ([n, i, c]) => [n!, i! < 4 ? i! + 3 : i! === 4 ? 2 : i! - 5, c!],
    );
  });

  it("says what does not fit", () => {
    const x = createTape().input("x", [4, 3]);
    expect(() => slice(x, { starts: [0], ends: [1] })).toThrow(
      "slice: expected a start, an end and a step for each axis of [4,3], got [0], [1], [1,1]",
    );
    for (const [starts, ends, steps] of [
      [
        [2, 0],
        [2, 3],
        [1, 1],
      ],
      [
        [-5, 0],
        [4, 3],
        [1, 1],
      ],
      [
        [0, 0],
        [4, 3],
        [0, 1],
      ],
      [
        [0.5, 0],
        [4, 3],
        [1, 1],
      ],
    ] as number[][][]) {
      expect(() => slice(x, { starts: starts!, ends: ends!, steps: steps! })).toThrow(
        `slice: [${starts}] to [${ends}] in steps of [${steps}] takes nothing of [4,3], or is no range`,
      );
    }
    expect(() => split(x, { axis: 0, sizes: [1, 2] })).toThrow(
      "split: expected sizes that add up to axis 0 of [4,3], got [1,2]",
    );
  });
});

describe("concat", () => {
  it("puts any number of parts side by side", () => {
    const any = fc.tuple(
      shapes,
      fc.nat(),
      fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 4 }),
    );
    fc.assert(
      fc.property(any, ([shape, where, sizes]) => {
        const axis = where % shape.length;
        const parts = sizes.map((n) => shape.map((length, i) => (i === axis ? n : length)));
        for (const kernels of everyKernels) {
          checkGradients(kernels, {
            inputs: Object.fromEntries(parts.map((part, i) => [`x${i}`, part])),
            build: (xs) => concat(Object.values(xs), { axis: axis - shape.length }),
            reference: (xs) => {
              const total = sizes.reduce((a, b) => a + b, 0);
              const result = shape.map((length, i) => (i === axis ? total : length));
              return Float64Array.from(indices(result), (index) => {
                let at = index[axis]!;
                let part = 0;
                while (at >= sizes[part]!) at -= sizes[part++]!;
                const source = index.map((i, along) => (along === axis ? at : i));
                return xs[`x${part}`]![offset(source, parts[part]!)]!;
              });
            },
            elements: 6,
          });
        }
      }),
      RUNS,
    );
  });

  it("says which shapes do not line up", () => {
    const tape = createTape();
    const [a, b] = [tape.input("a", [2, 3]), tape.input("b", [3, 3])];
    expect(() => concat([a, b], { axis: 1 })).toThrow(
      "concat: [2,3] and [3,3] do not line up beside axis 1",
    );
    expect(() => concat([a, a], { axis: 2 })).toThrow("do not line up beside axis 2");
  });
});

describe("pad", () => {
  it("puts a constant around", () => {
    const axis = fc.tuple(
      fc.integer({ min: 1, max: 4 }),
      fc.integer({ min: 0, max: 2 }),
      fc.integer({ min: 0, max: 2 }),
    );
    fc.assert(
      fc.property(fc.array(axis, { minLength: 1, maxLength: 4 }), (axes) => {
        const before = axes.map(([, n]) => n);
        const after = axes.map(([, , n]) => n);
        checkMove(
          axes.map(([length]) => length),
          (x) =>
            add(
              pad(x, { before, after, value: 3 }),
              pad(multiply(x, 0), { before, after, value: -3 }),
            ),
          (index) => {
            const source = index.map((i, at) => i - before[at]!);
            return source.every((i, at) => i >= 0 && i < axes[at]![0]) ? source : undefined;
          },
        );
      }),
      RUNS,
    );
    const x = createTape().input("x", [2, 3]);
    expect(() => pad(x, { before: [0, -1], after: [0, 0] })).toThrow(
      "pad: expected whole numbers from 0 for each axis of [2,3], got [0,-1] and [0,0]",
    );
  });
});

describe("pixelShuffle", () => {
  it("makes squares of channels, in PyTorch's order", () => {
    for (const factor of [1, 2, 3]) {
      checkMove(
        [2, 2, 3, 2 * factor * factor],
        (x) => pixelShuffle(x, factor),
        ([n, y, x, c]) => [
          n!,
          Math.floor(y! / factor),
          Math.floor(x! / factor),
          (c! * factor + (y! % factor)) * factor + (x! % factor),
        ],
      );
    }
    const x = createTape().input("x", [1, 2, 2, 6]);
    expect(() => pixelShuffle(x, 2)).toThrow(
      "pixelShuffle: expected [n, h, w, c] with c divisible by 2 * 2, got [1,2,2,6]",
    );
  });
});

it("moves keep nothing for the backward pass", () => {
  const tape = createTape();
  const x = tape.input("x", [2, 3, 4]);
  const [a, b] = split(transpose(x, [2, 0, 1]), { axis: 0, sizes: [1, 3] });
  const padded = pad(concat([b!, a!], { axis: 0 }), { before: [0, 1, 0], after: [1, 0, 0] });
  const loss = weightedSum(padded, new Float32Array(size(padded.shape)));
  const account = predictMemory({ tape, loss, gradientsOf: [x], trainable: [] });
  expect(account.nodes).toEqual([]);
  expect(account.keptBytes).toBe(0);
});
