import { ShapeError } from "@edgewright/core";
import type { Allocation } from "../runtime/arena.js";
import { createPlan, type JobSpec, type Plan } from "../runtime/job.js";
import type { Kernels } from "../runtime/load.js";
import { type Int8Output, outputBytes, outputWords } from "./int8-output.js";
import type { PackedInt8Matrix } from "./pack-int8-matrix.js";
import { blockRows, type Int8Activations, prepareActivations } from "./prepare-activations.js";
import { productWords } from "./product-words.js";

/** An int8 matrix product for {@link planGemmInt8}. */
export interface GemmInt8Spec {
  /** Codes of A, [m, k]. */
  readonly a: Int8Activations;
  readonly b: PackedInt8Matrix;
  /** Address of C, [m, n], of the type that `output` says. */
  readonly c: number;
  readonly m: number;
  /** @default the sums as i32 */
  readonly output?: Int8Output;
  /** Values from one row of C to the next. @default n */
  readonly ldc?: number;
}

/**
 * Plans C = output((A - zeroA)(B - zeroB)) with 32-bit integer sums, exact in every bit on every
 * engine as long as they fit 32 bits (they wrap beyond).
 *
 * @throws ShapeError when sizes do not fit.
 */
export function planGemmInt8(kernels: Kernels, spec: GemmInt8Spec): Plan {
  const { a, b, c, m, output = {}, ldc = b.n } = spec;
  if (!Number.isInteger(m) || m < 1 || ldc < b.n) {
    throw new ShapeError(
      `planGemmInt8: expected a whole m from 1 and ldc from ${b.n}, got ${m} and ${ldc}`,
    );
  }
  const own: Allocation[] = [];
  const jobs: JobSpec[] = [];
  const image = {
    ...{ n: 1, height: m, width: 1, groups: 1, channels: b.k, paddedChannels: b.depth },
    ...{ top: 0, left: 0, paddedHeight: m, paddedWidth: 1 },
  };
  const prepared = prepareActivations(kernels.arena, a, image, b.path, jobs, own);
  const depthBytes = b.depth * prepared.valueBytes;
  const offsets = kernels.arena.upload(new Int32Array(1));
  own.push(offsets);
  const block = blockRows(m, depthBytes, b.panels);
  const rowBytes = ldc * outputBytes(output);
  jobs.push({
    kernel: b.path === "i16" ? "int8_product_i16" : "int8_product_dot",
    params: productWords(
      {
        ...{ a: prepared.ptr, b: b.ptr, y: c, rows: m, panels: b.panels, blockRows: block },
        ...{ outWidth: m, outHeight: 1, pixelStride: depthBytes, lineStride: 0, imageStride: 0 },
        ...{ runs: 1, offsets: offsets.ptr, runSteps: depthBytes / 4, panelBytes: depthBytes * 8 },
        ...{ panelsPerGroup: b.panels, columnsPerGroup: b.n, groupBytes: 0 },
      },
      outputWords("planGemmInt8", kernels.arena, output, b, prepared.zeroPoint, rowBytes, own),
    ),
    units: b.panels * Math.ceil(m / block),
  });
  return createPlan(kernels.arena, jobs, own);
}
