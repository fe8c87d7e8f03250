import { createResizeTable, type Kernels, type ResizeTable } from "@edgewright/kernels";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { predictMemory } from "../engine/memory-account.js";
import { createTape } from "../engine/tape.js";
import {
  checkGradients,
  loadEveryKernels,
  weightedSum,
} from "../testing/check-gradients.test-support.js";
import { type Resize2dOptions, resize2d } from "./resize2d.js";

let everyKernels: Kernels[];
beforeAll(async () => {
  everyKernels = await loadEveryKernels();
});
afterAll(() => {
  for (const kernels of everyKernels) kernels.dispose();
});

/** The tables' weighted sums, one output element after the other. */
function resized(
  x: Float64Array,
  n: number,
  c: number,
  rows: ResizeTable,
  columns: ResizeTable,
): Float64Array {
  const { inputLength: h, outputLength: oh } = rows;
  const { inputLength: w, outputLength: ow } = columns;
  return Float64Array.from({ length: n * oh * ow * c }, (_, at) => {
    const channel = at % c;
    const ox = Math.floor(at / c) % ow;
    const oy = Math.floor(at / c / ow) % oh;
    const image = Math.floor(at / c / ow / oh);
    let sum = 0;
    for (let i = oy * rows.taps; i < (oy + 1) * rows.taps; i++) {
      for (let j = ox * columns.taps; j < (ox + 1) * columns.taps; j++) {
        const from = ((image * h + rows.indices[i]!) * w + columns.indices[j]!) * c + channel;
        sum += rows.weights[i]! * columns.weights[j]! * x[from]!;
      }
    }
    return sum;
  });
}

describe("resize2d", () => {
  it("has the gradient of its tables", () => {
    const [n, h, w, c] = [2, 3, 4, 3] as const;
    for (const options of [
      { height: 6, width: 8, mode: "nearest" },
      { height: 2, width: 5, mode: "nearest" },
      { height: 6, width: 8 },
      { height: 2, width: 3, mode: "bilinear", antialias: true },
      { height: 5, width: 4, mode: "bilinear", coordinates: "align_corners" },
      { height: 7, width: 2, mode: "bicubic" },
    ] as Resize2dOptions[]) {
      const { mode: given = "bilinear", height, width, antialias = false } = options;
      const mode = given === "nearest" ? "nearest" : given === "bilinear" ? "linear" : "cubic";
      const coordinates = options.coordinates ?? (mode === "nearest" ? "asymmetric" : "half_pixel");
      const settings = { mode, coordinates, antialias, rounding: "floor" } as const;
      const rows = createResizeTable({ inputLength: h, outputLength: height, ...settings });
      const columns = createResizeTable({ inputLength: w, outputLength: width, ...settings });
      for (const kernels of everyKernels) {
        checkGradients(kernels, {
          inputs: { x: [n, h, w, c] },
          build: ({ x }) => resize2d(x!, options),
          reference: ({ x }) => resized(x!, n, c, rows, columns),
        });
      }
    }
  });

  it("keeps nothing, and says what does not fit", () => {
    const tape = createTape();
    const x = tape.input("x", [1, 2, 2, 1]);
    const loss = weightedSum(resize2d(x, { height: 3, width: 3 }), new Float32Array(9));
    expect(predictMemory({ tape, loss, gradientsOf: [x], trainable: [] }).keptBytes).toBe(0);
    expect(() => resize2d(x, { height: 0, width: 3 })).toThrow(
      "resize2d: expected [n, h, w, c] and whole numbers from 1, got [1,2,2,1] to 0 x 3",
    );
  });
});
