import { describe, expect, test } from "vitest";
import { createResizeTable, planResize2d, type ResizeTableOptions } from "../index.js";
import {
  computeFloats,
  loadEveryKind,
  randomFloats,
  relativeError,
  seededNumbers,
} from "../runtime/fixtures.test-support.js";

const kinds = await loadEveryKind();
const ROUNDING = 1e-6;

function resizeRow(row: number[], options: Omit<ResizeTableOptions, "inputLength">): number[] {
  const table = createResizeTable({ inputLength: row.length, ...options });
  return Array.from({ length: table.outputLength }, (_, i) => {
    let sum = 0;
    for (let tap = 0; tap < table.taps; tap++) {
      sum += row[table.indices[i * table.taps + tap]!]! * table.weights[i * table.taps + tap]!;
    }
    return Math.round(sum * 1e5) / 1e5;
  });
}

describe("tables", () => {
  // Rows of the cases of the ONNX standard (onnx.backend.test.case.node.resize, onnx 1.12).
  test("nearest: resize_upsample_scales_nearest, resize_downsample_scales_nearest", () => {
    const up = { outputLength: 6, scale: 3, mode: "nearest", coordinates: "asymmetric" } as const;
    expect(resizeRow([1, 2], { ...up, rounding: "floor" })).toEqual([1, 1, 1, 2, 2, 2]);
    expect(resizeRow([1, 2, 3, 4], { outputLength: 2, scale: 0.6, mode: "nearest" })).toEqual([
      1, 3,
    ]);
  });

  test("linear: resize_upsample_scales_linear, _align_corners, resize_downsample_scales_linear", () => {
    expect(resizeRow([1, 2], { outputLength: 4, mode: "linear" })).toEqual([1, 1.25, 1.75, 2]);
    expect(
      resizeRow([1, 2], { outputLength: 4, mode: "linear", coordinates: "align_corners" }),
    ).toEqual([1, 1.33333, 1.66667, 2]);
    const down = { outputLength: 2, scale: 0.6, mode: "linear" } as const;
    expect(resizeRow([1, 2, 3, 4], down)).toEqual([1.33333, 3]);
  });

  test("cubic: resize_upsample_scales_cubic and its variants", () => {
    // The input is 4 (row - 1) + column, so the first row of the output is 4 (f(1) - 1) + f(column).
    const firstRow = (options: Partial<ResizeTableOptions>) => {
      const f = resizeRow([1, 2, 3, 4], { outputLength: 8, mode: "cubic", ...options });
      return f.slice(0, 4).map((v) => Math.round((4 * (f[0]! - 1) + v) * 1e3) / 1e3);
    };
    expect(firstRow({})).toEqual([0.473, 0.77, 1.246, 1.875]);
    expect(firstRow({ cubicCoefficient: -0.5, excludeOutside: true })).toEqual([
      0.559, 0.815, 1.357, 1.897,
    ]);
    expect(firstRow({ coordinates: "align_corners" })).toEqual([1, 1.341, 1.8, 2.329]);
  });

  test("weights add up to 1, also with excluded outsides and when shrinking smoothly", () => {
    for (const mode of ["linear", "cubic"] as const) {
      for (const options of [{}, { excludeOutside: true }, { antialias: true }]) {
        const table = createResizeTable({ inputLength: 17, outputLength: 6, mode, ...options });
        for (let i = 0; i < 6; i++) {
          const row = table.weights.subarray(i * table.taps, (i + 1) * table.taps);
          expect(row.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
        }
      }
    }
  });

  test("errors say what was expected", () => {
    const options = { inputLength: 2, outputLength: 4, mode: "nearest" } as const;
    expect(() => createResizeTable({ ...options, outputLength: 0 })).toThrow(
      "createResizeTable: expected outputLength to be a whole number from 1, got 0",
    );
    expect(() => createResizeTable({ ...options, mode: "lanczos" as "linear" })).toThrow(
      'createResizeTable: expected mode nearest, linear or cubic, got "lanczos"',
    );
    expect(() => createResizeTable({ ...options, coordinates: "polar" as "asymmetric" })).toThrow(
      'createResizeTable: unknown coordinate mode "polar"',
    );
  });
});

describe.each(kinds)("%s", (_, kernels) => {
  test.each(["nearest", "linear", "cubic"] as const)("%s agrees with its tables", (mode) => {
    for (const [n, h, w, c, oh, ow] of [
      [1, 1, 1, 1, 3, 2],
      [2, 5, 7, 3, 10, 14],
      [1, 6, 4, 24, 12, 8],
      [1, 9, 11, 5, 4, 5],
      [3, 4, 4, 8, 7, 3],
    ] as const) {
      const x = randomFloats(n * h * w * c, seededNumbers(h));
      const rows = createResizeTable({ inputLength: h, outputLength: oh, mode });
      const columns = createResizeTable({ inputLength: w, outputLength: ow, mode });
      const expected: number[] = [];
      for (let i = 0; i < n * oh * ow * c; i++) {
        const channel = i % c;
        const ox = Math.floor(i / c) % ow;
        const oy = Math.floor(i / c / ow) % oh;
        const image = Math.floor(i / c / ow / oh);
        let sum = 0;
        for (let r = oy * rows.taps; r < (oy + 1) * rows.taps; r++) {
          for (let q = ox * columns.taps; q < (ox + 1) * columns.taps; q++) {
            const at = ((image * h + rows.indices[r]!) * w + columns.indices[q]!) * c + channel;
            sum += x[at]! * rows.weights[r]! * columns.weights[q]!;
          }
        }
        expected.push(sum);
      }
      const actual = computeFloats(kernels, [x], expected.length, ([at], y) =>
        planResize2d(kernels, { x: at!, y, n, c, rows, columns }),
      );
      expect(relativeError(actual, expected, 1)).toBeLessThan(ROUNDING);
    }
  });
});
