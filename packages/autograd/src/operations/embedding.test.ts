import { ValidationError } from "@edgewright/core";
import type { Kernels } from "@edgewright/kernels";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { predictMemory } from "../engine/memory-account.js";
import { createParameter } from "../engine/parameter.js";
import { createProgram } from "../engine/program.js";
import { createTape } from "../engine/tape.js";
import {
  checkGradients,
  loadEveryKernels,
  weightedSum,
} from "../testing/check-gradients.test-support.js";
import { embedding } from "./embedding.js";

let everyKernels: Kernels[];
beforeAll(async () => {
  everyKernels = await loadEveryKernels();
});
afterAll(() => {
  for (const kernels of everyKernels) kernels.dispose();
});

describe("embedding", () => {
  it("sums the gradients of rows that come again", () => {
    for (const [rows, width, count] of [
      [3, 1, 5],
      [7, 5, 1],
      [4, 40, 11],
    ] as const) {
      const data = Array.from({ length: count }, (_, i) => (i * i + 1) % rows);
      for (const kernels of everyKernels) {
        checkGradients(kernels, {
          inputs: { ids: { shape: [1, count], data, integer: true }, table: [rows, width] },
          build: ({ ids, table }) => embedding(ids!, table!),
          reference: ({ table }) =>
            Float64Array.from(
              data.flatMap((id) => [...table!.subarray(id * width, (id + 1) * width)]),
            ),
        });
      }
    }
  });

  it("keeps the ids", () => {
    const tape = createTape();
    const table = createParameter({ name: "table", shape: [9, 4], data: new Float32Array(36) });
    const loss = weightedSum(embedding(tape.input("ids", [3], "i32"), table), new Float32Array(12));
    const account = predictMemory({ tape, loss });
    expect(account.nodes.map(({ keeps }) => keeps)).toEqual([
      [{ what: "input", shape: [3], type: "i32", bytes: 12, for: ["table gradient"] }],
    ]);
  });

  it("refuses ids that are no rows", () => {
    const tape = createTape();
    const table = tape.input("table", [4, 2]);
    const y = embedding(tape.input("ids", [2], "i32"), table);
    for (const kernels of everyKernels) {
      using program = createProgram(kernels, { tape, outputs: [y] });
      const run = (...ids: number[]) =>
        program.run({ ids: Int32Array.from(ids), table: new Float32Array(8) });
      expect(() => run(3, 4)).toThrow("embedding: expected indices from 0 to 3, got 4 at 1");
      expect(() => run(-1, 0)).toThrow(ValidationError);
      run(3, 0);
    }
    expect(() => embedding(tape.input("floats", [2]), table)).toThrow(
      "embedding: expected ids of type i32, got f32 [2]",
    );
    expect(() => embedding(tape.input("more", [2], "i32"), tape.input("cube", [2, 2, 2]))).toThrow(
      "embedding: expected a table [rows, width], got [2,2,2] for [2]",
    );
  });
});
