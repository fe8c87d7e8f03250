import { checkCounts } from "../runtime/check-counts.js";
import { createPlan, type Plan } from "../runtime/job.js";
import type { Kernels } from "../runtime/load.js";

/** One step of LSTM cells for {@link planLstmCell}. */
export interface LstmCellSpec {
  /** Address of the gates before their functions, [rows, 4 * size] in the order i, o, f, g. */
  readonly gates: number;
  /** Address of the cells before, [rows, size]. */
  readonly before: number;
  /** Address of the cells after, [rows, size]; may be that of those before. */
  readonly after: number;
  /** Address of the outputs, [rows, size]. */
  readonly out: number;
  readonly rows: number;
  /** Cells of a row: ONNX's `hidden_size`. */
  readonly size: number;
}

/**
 * Plans c = sigmoid(f) * before + sigmoid(i) * tanh(g) and out = sigmoid(o) * tanh(c), the part of an LSTM
 * (Hochreiter and Schmidhuber, 1997; forget gates: Gers et al., 2000) that is no matrix product.
 *
 * @example
 * ```ts
 * const kernels = await loadKernels();
 * const gates = kernels.arena.upload(new Float32Array([0, 0, 0, 1]));
 * const cells = kernels.arena.upload(new Float32Array([1]));
 * const out = kernels.arena.allocate(4);
 * const plan = planLstmCell(kernels, {
 *   gates: gates.ptr, before: cells.ptr, after: cells.ptr, out: out.ptr, rows: 1, size: 1,
 * });
 * kernels.run(plan);
 * console.log(kernels.arena.f32(cells.ptr, 1)); // 0.8808
 * ```
 */
export function planLstmCell(kernels: Kernels, spec: LstmCellSpec): Plan {
  const { gates, before, after, out, rows, size } = spec;
  checkCounts("planLstmCell", { rows }, 0);
  checkCounts("planLstmCell", { size }, 1);
  return createPlan(kernels.arena, [
    {
      kernel: "lstm_cell_f32",
      params: [gates, before, after, out, size],
      units: rows,
      grain: Math.max(1, Math.ceil(2048 / size)),
    },
  ]);
}
