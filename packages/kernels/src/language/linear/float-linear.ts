import type { Tensor } from "@edgewright/core";
import type { LinearDriver } from "./linear-driver.js";
import { packPanels } from "./pack-panels.js";
import { productJob } from "./product-job.js";

/** Products with weights of 32-bit floats: panels of 16 rows, a column of them after the other. */
export const floatDriver: LinearDriver = {
  pack(kernels, parts, rows, cols) {
    return packPanels(
      kernels,
      { format: "f32", rows, cols, panelRows: 16, panelBytes: cols * 64, steps: cols },
      (bytes) => {
        const target = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
        let row = 0;
        for (const { data } of parts as readonly Tensor<"f32">[]) {
          for (let at = 0; at < data.length; row++) {
            const lane = row & 15;
            let to = (row - lane) * cols + lane;
            for (let col = 0; col < cols; col++, to += 16) target[to] = data[at++]!;
          }
        }
      },
    );
  },
  workspaceBytes: () => 0,
  jobs(_kernels, request) {
    return [
      productJob("linear_f32", request, { x: request.x, xStrideBytes: request.xStrideBytes }),
    ];
  },
};
