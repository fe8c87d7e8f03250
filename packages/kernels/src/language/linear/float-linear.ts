import { EdgewrightError, type Tensor } from "@edgewright/core";
import type { LinearDriver } from "./linear-driver.js";
import { packPanels } from "./pack-panels.js";
import { preparedRowBytes, quantizeRows } from "./prepare-rows.js";
import { productJob } from "./product-job.js";

/** Products with weights of 32-bit floats: panels of 16 rows, a column of them after the other. */
export const f32Driver: LinearDriver = {
  pack(kernels, parts, rows, cols) {
    const layout = { format: "f32", rows, cols, panelRows: 16, panelBytes: cols * 64 } as const;
    return packPanels(kernels, { ...layout, steps: cols }, (bytes) => {
      const target = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
      fillColumns(target, parts as readonly Tensor<"f32">[], cols, (row) => row);
    });
  },
  workspaceBytes: () => 0,
  jobs(_kernels, request) {
    const { x, xStrideBytes } = request;
    return [productJob("linear_f32", request, { x, xStrideBytes })];
  },
};

const LIFTED = { group: 8, columnBytes: 4 } as const;

/** Products with weights of 16-bit floats, which are widened as they are read. */
export const halfDriver: LinearDriver = {
  pack(kernels, parts, rows, cols) {
    const halves = parts as readonly Tensor<"f16" | "bf16">[];
    const format = halves[0]!.dtype;
    const infinite = format === "f16" ? 0x7c00 : 0x7f80;
    for (const { data } of halves) {
      const bad = data.findIndex((bits) => (bits & infinite) === infinite);
      if (bad >= 0) {
        throw new EdgewrightError(
          "invalid-argument",
          `packLinear: expected finite ${format} weights, element ${bad} is not`,
        );
      }
    }
    const layout = { format, rows, cols, panelRows: 16, panelBytes: cols * 32, steps: cols };
    return packPanels(kernels, layout, (bytes) => {
      const target = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
      fillColumns(target, halves, cols, halfLane);
    });
  },
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

/** [panel][column][row of 16]. */
function fillColumns(
  target: Float32Array | Uint16Array,
  parts: readonly { readonly data: ArrayLike<number> }[],
  cols: number,
  laneOf: (row: number) => number,
): void {
  let row = 0;
  for (const { data } of parts) {
    for (let at = 0; at < data.length; row++) {
      let to = (row - (row & 15)) * cols + laneOf(row & 15);
      for (const end = at + cols; at < end; at++, to += 16) target[to] = data[at]!;
    }
  }
}
