import { createRng } from "@edgewright/core";
import { describe, expect, it } from "vitest";
import { panelIndex, panelsLength } from "./panel-kernels.js";
import { PanelMemory, type SimdChoice } from "./panel-memory.js";

function fill(simd: SimdChoice, dimension: number) {
  const rng = createRng(dimension);
  const memory = new PanelMemory(dimension, simd);
  const matrix = memory.allocate(panelsLength(dimension));
  for (let i = 0; i < dimension; i++) {
    for (let j = 0; j <= i; j++) {
      const value = rng.normal();
      memory.values[matrix + panelIndex(i, j)] = value;
      if (Math.floor(i / 4) === Math.floor(j / 4)) {
        memory.values[matrix + panelIndex(j, i)] = value;
      }
    }
  }
  memory.load(Float64Array.from({ length: dimension }, () => rng.normal()));
  return { memory, matrix };
}

// form, product, form after adding an outer product, dot product
function work({ memory, matrix }: ReturnType<typeof fill>): number[] {
  const { kernels, input, output } = memory;
  const form = kernels.form(matrix, input);
  kernels.multiply(matrix, input, output);
  const product = memory.values.slice(output, output + memory.dimension);
  kernels.addOuter(matrix, -0.3, output);
  return [form, ...product, kernels.form(matrix, input), kernels.dot(input, output)];
}

describe("matrices in panels", () => {
  it("work with SIMD as without, to the last bit", () => {
    for (let dimension = 1; dimension <= 41; dimension++) {
      const [simd, plain] = [fill("always", dimension), fill("never", dimension)];
      expect(simd.memory.simd).toBe(true);
      expect(plain.memory.simd).toBe(false);
      expect(work(simd)).toEqual(work(plain));
    }
  });

  it("work as loops over whole matrices do", () => {
    for (const dimension of [1, 3, 4, 7, 20]) {
      const { memory, matrix } = fill("where-it-pays", dimension);
      const x = memory.values.slice(memory.input, memory.input + dimension);
      const element = (i: number, j: number) =>
        memory.values[matrix + panelIndex(Math.max(i, j), Math.min(i, j))]!;
      const product = [...x].map((_, i) => x.reduce((sum, xj, j) => sum + element(i, j) * xj, 0));
      const form = product.reduce((sum, value, i) => sum + value * x[i]!, 0);
      const square = product.reduce((sum, value) => sum + value * value, 0);
      const worked = work({ memory, matrix });
      const expected = [form, ...product, form - 0.3 * form * form, form];
      expect(square).toBeGreaterThan(0);
      expected.forEach((value, i) => {
        expect(worked[i]).toBeCloseTo(value, 9);
      });
    }
  });

  it("give forms in float32 within the error that is reckoned with", () => {
    for (const dimension of [5, 40, 100]) {
      const { memory, matrix } = fill("always", dimension);
      const { float32 } = memory.kernels;
      const length = panelsLength(dimension);
      const rounded = memory.allocate(length / 2);
      float32!.round(matrix, rounded, length);
      const rough = float32!.form(rounded, memory.roundInput());
      let scale = 0; // an upper bound of the sum of the sizes of all terms
      for (let i = 0; i < length; i++)
        scale = Math.max(scale, Math.abs(memory.values[matrix + i]!));
      scale *= memory.sizeOfInput() ** 2;
      const error = Math.abs(rough - memory.kernels.form(matrix, memory.input));
      expect(error).toBeLessThan((dimension + 20) * 2 ** -23 * scale);
      expect(error).toBeGreaterThan(0);
    }
  });

  it("keep what they hold when the memory grows, and take room that was given back", () => {
    for (const simd of ["always", "never"] as const) {
      const memory = new PanelMemory(50, simd);
      const first = memory.allocate(1000);
      memory.values.fill(7, first, first + 1000);
      const starts = Array.from({ length: 40 }, () => memory.allocate(1000));
      expect(memory.values.subarray(first, first + 1000).every((value) => value === 7)).toBe(true);
      expect(new Set(starts).size).toBe(40);
      const { length } = memory.values;
      memory.release(first, 1000);
      expect(memory.allocate(1000)).toBe(first);
      expect(memory.values[first]).toBe(0);
      expect(memory.values.length).toBe(length);
    }
  });
});
