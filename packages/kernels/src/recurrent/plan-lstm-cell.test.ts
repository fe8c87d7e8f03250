import { expect, test } from "vitest";
import { loadKernels } from "../runtime/load.js";
import { planLstmCell } from "./plan-lstm-cell.js";

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

test.each([
  [1, 1],
  [1, 4],
  [3, 7],
  [2, 128],
])("%i rows of %i cells against the formulas", async (rows, size) => {
  const kernels = await loadKernels();
  const { arena } = kernels;
  const wave = (i: number): number => 6 * Math.sin(i * 1.7 + 0.3);
  const gates = Float32Array.from({ length: rows * 4 * size }, (_, i) => wave(i));
  const before = Float32Array.from({ length: rows * size }, (_, i) => wave(i + 1000) / 3);
  const [gatesAt, beforeAt] = [arena.upload(gates), arena.upload(before)];
  // A float behind each result shows whether the kernel writes beyond its end.
  const [after, out] = [before, before].map(() =>
    arena.upload(new Float32Array(rows * size + 4).fill(7)),
  );
  const plan = planLstmCell(kernels, {
    gates: gatesAt.ptr,
    before: beforeAt.ptr,
    after: after!.ptr,
    out: out!.ptr,
    rows,
    size,
  });
  kernels.run(plan);
  const [cells, outputs] = [after!, out!].map(({ ptr }) => arena.f32(ptr, rows * size + 4));
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < size; k++) {
      const gate = (which: number): number => gates[(row * 4 + which) * size + k]!;
      const i = row * size + k;
      const c = sigmoid(gate(2)) * before[i]! + sigmoid(gate(0)) * Math.tanh(gate(3));
      expect(cells![i]).toBeCloseTo(c, 5);
      expect(outputs![i]).toBeCloseTo(sigmoid(gate(1)) * Math.tanh(c), 5);
    }
  }
  expect([...cells!.slice(-4), ...outputs!.slice(-4)]).toEqual(new Array(8).fill(7));
  kernels.dispose();
});
