import { EdgewrightError, type Tensor } from "@edgewright/core";
import type { LinearDriver } from "./linear-driver.js";
import { type PanelLayout, packPanels, panelsBytes } from "./pack-panels.js";
import type { LinearWeights } from "./packed-linear.js";
import { preparedRowBytes, quantizeRows } from "./prepare-rows.js";
import { productJob } from "./product-job.js";

/** Products with weights of 32-bit floats: panels of 16 rows, a column of them after the other. */
export const f32Driver: LinearDriver = {
  pack(kernels, like, rows, cols) {
    return packPanels<Tensor<"f32">>(kernels, panelsOf(like, rows, cols), ({ data }, target) => {
      const { buffer, byteOffset, byteLength } = target.panels;
      const floats = new Float32Array(buffer, byteOffset, byteLength / 4);
      fillColumns(floats, data, cols, target.firstRow, (row) => row);
    });
  },
  weightBytes: (like, rows, cols) => panelsBytes(panelsOf(like, rows, cols)),
  workspaceBytes: () => 0,
  jobs(_kernels, request) {
    const { x, xStrideBytes } = request;
    return [productJob("linear_f32", request, { x, xStrideBytes })];
  },
};

const LIFTED = { group: 8, columnBytes: 4 } as const;

/** Products with weights of 16-bit floats, which are widened as they are read. */
export const halfDriver: LinearDriver = {
  pack(kernels, like, rows, cols) {
    const layout = panelsOf(like, rows, cols);
    const { format } = layout;
    const infinite = format === "f16" ? 0x7c00 : 0x7f80;
    return packPanels<Tensor<"f16" | "bf16">>(kernels, layout, ({ data }, target) => {
      const bad = data.findIndex((bits) => (bits & infinite) === infinite);
      if (bad >= 0) {
        throw new EdgewrightError(
          "invalid-argument",
          `packLinear: expected finite ${format} weights, element ${bad} is not`,
        );
      }
      const { buffer, byteOffset, byteLength } = target.panels;
      const halves = new Uint16Array(buffer, byteOffset, byteLength / 2);
      fillColumns(halves, data, cols, target.firstRow, halfLane);
    });
  },
  weightBytes: (like, rows, cols) => panelsBytes(panelsOf(like, rows, cols)),
  workspaceBytes({ format, cols, n }) {
    if (format === "bf16") return 0;
    const { out, info } = preparedRowBytes(cols, LIFTED);
    return n * (out + info);
  },
  jobs(_kernels, request) {
    const { x, xStrideBytes } = request;
    if (request.weights.format === "bf16") {
      return [productJob("linear_bf16", request, { x, xStrideBytes })];
    }
    const { job, prepared } = quantizeRows(request, { kernel: "linear_lift", ...LIFTED });
    return [job, productJob("linear_f16", request, prepared)];
  },
};

/** Lane order of the 16-bit formats: a 32-bit lane holds rows i (low half) and i + 4 of 8 rows. */
function halfLane(row: number): number {
  return (row & 8) | ((row & 3) << 1) | ((row >> 2) & 1);
}

function panelsOf(like: LinearWeights, rows: number, cols: number): PanelLayout {
  const { dtype: format } = like as Tensor<"f32" | "f16" | "bf16">;
  const panelBytes = cols * (format === "f32" ? 64 : 32);
  return { format, rows, cols, panelRows: 16, panelBytes, steps: cols };
}

/** [panel][column][row of 16]. */
function fillColumns(
  target: Float32Array | Uint16Array,
  data: ArrayLike<number>,
  cols: number,
  firstRow: number,
  laneOf: (row: number) => number,
): void {
  for (let at = 0, row = firstRow; at < data.length; row++) {
    let to = (row - (row & 15)) * cols + laneOf(row & 15);
    for (const end = at + cols; at < end; at++, to += 16) target[to] = data[at]!;
  }
}
