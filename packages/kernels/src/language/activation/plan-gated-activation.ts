import { EdgewrightError, ShapeError } from "@edgewright/core";
import { checkCounts } from "../../runtime/check-counts.js";
import { createPlan, type Plan } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { requireLanguage } from "../load-language-kernels.js";

/** What a gate does with its operand: x sigmoid(x), or max(x, 0)^2. */
export type GateActivation = "silu" | "relu2";

/** The gate of a feed-forward layer, for {@link planGatedActivation}. */
export interface GatedActivationSpec {
  /** Address of the rows gate | up, [n, 2 hidden]. */
  readonly gateUp: number;
  /** Floats from row to row of `gateUp`. @default 2 hidden */
  readonly stride?: number;
  /** Address of the result, [n, hidden]. */
  readonly y: number;
  /** Floats from row to row of the result. @default hidden */
  readonly yStride?: number;
  readonly n: number;
  readonly hidden: number;
  readonly activation: GateActivation;
}

/**
 * Plans y = activation(gate) * up (Shazeer, "GLU Variants Improve Transformer", 2020; squared ReLU: So et al.,
 * "Primer", 2021).
 *
 * @throws ShapeError for sizes that are no whole numbers, EdgewrightError `invalid-argument` for an unknown
 * activation.
 * @throws UnsupportedError for kernels without the language extension.
 *
 * @example
 * ```ts
 * const kernels = await loadLanguageKernels();
 * const rows = kernels.arena.upload(new Float32Array([1, -1, 3, 4]));
 * const plan = planGatedActivation(kernels, {
 *   gateUp: rows.ptr, y: rows.ptr, n: 1, hidden: 2, activation: "relu2",
 * });
 * kernels.run(plan);
 * console.log(kernels.arena.f32(rows.ptr, 2)); // 3, 0
 * ```
 */
export function planGatedActivation(kernels: Kernels, spec: GatedActivationSpec): Plan {
  const { gateUp, y, n, hidden, activation, stride = 2 * hidden, yStride = hidden } = spec;
  requireLanguage("planGatedActivation", kernels);
  checkCounts("planGatedActivation", { n }, 0);
  checkCounts("planGatedActivation", { hidden }, 1);
  checkCounts("planGatedActivation", { stride }, 2 * hidden);
  checkCounts("planGatedActivation", { yStride }, hidden);
  if (n * Math.max(stride, yStride) >= 2 ** 30) {
    throw new ShapeError(
      `planGatedActivation: ${n} rows of ${Math.max(stride, yStride)} do not fit into the 4 GiB of ` +
        "WebAssembly's memory",
    );
  }
  const squared = ["silu", "relu2"].indexOf(activation);
  if (squared < 0) {
    throw new EdgewrightError(
      "invalid-argument",
      `planGatedActivation: expected an activation of "silu" or "relu2", got ${JSON.stringify(activation)}`,
    );
  }
  const params = [gateUp, stride, y, yStride, hidden, squared];
  const grain = Math.max(1, Math.ceil(8192 / hidden));
  return createPlan(kernels.arena, [{ kernel: "gated_activation_f32", params, units: n, grain }]);
}
