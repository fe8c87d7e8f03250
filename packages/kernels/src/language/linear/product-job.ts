import type { JobSpec } from "../../runtime/job.js";
import type { LinearRequest } from "./linear-driver.js";

/** What was prepared of x for a product. */
export interface PreparedRows {
  /** Address of the first row. */
  readonly x: number;
  readonly xStrideBytes: number;
  /** Address of what goes with the first row. @default 0 */
  readonly info?: number;
  /** @default 0 */
  readonly infoStrideBytes?: number;
  /** Steps of a group, or of a chunk of one. @default 0 */
  readonly groupSteps?: number;
  /** Chunks of a group. @default 0 */
  readonly chunks?: number;
  /** Address of room for sums, where the kernel keeps them in memory. @default 0 */
  readonly sums?: number;
}

/** What the layout of weights in panels says. */
type PanelWords = Readonly<
  Record<"panels" | "panelBytes" | "steps" | "scalesPtr", number> & { offsets?: number }
>;

/** The job of a product over panels: the argument words of assembly/language/linear/words.ts. */
export function productJob(
  kernel: string,
  { weights, y, n, yStrideBytes, bias, accumulate }: LinearRequest,
  {
    x,
    xStrideBytes,
    info = 0,
    infoStrideBytes = 0,
    groupSteps = 0,
    chunks = 0,
    sums = 0,
  }: PreparedRows,
): JobSpec {
  const { panels, panelBytes, steps, scalesPtr, offsets = 0 } = weights.layout as PanelWords;
  return {
    kernel,
    params: [
      ...[weights.ptr, x, y, weights.rows, steps, panelBytes, bias, scalesPtr, info, groupSteps],
      ...[
        n,
        xStrideBytes,
        yStrideBytes,
        infoStrideBytes,
        accumulate ? 1 : 0,
        offsets,
        chunks,
        sums,
      ],
    ],
    units: panels,
    grain: Math.ceil(16384 / (panelBytes * Math.min(n, 8))),
  };
}
