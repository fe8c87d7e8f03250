import type { JobSpec } from "../../runtime/job.js";
import type { LinearRequest } from "./linear-driver.js";
import type { PackedLinear } from "./packed-linear.js";

// Weights that a thread multiplies in 5 microseconds, which is worth its while.
const WORTH_A_THREAD: Readonly<Record<string, number>> = {
  linear_f32: 70_000,
  linear_f16: 50_000,
  linear_bf16: 70_000,
  linear_ternary: 300_000,
};
const OF_INTEGERS = 150_000;

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
  Record<"panels" | "panelBytes" | "steps" | "scalesPtr", number> & {
    offsets?: number;
    lift?: number;
  }
>;

/** The kernel of a product with weights in groups, whose scales have one of two forms: see half-scales.ts. */
export function groupKernel(kernel: string, { layout }: PackedLinear): string {
  return layout.lift ? `${kernel}_half` : kernel;
}

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
  const {
    panels,
    panelBytes,
    steps,
    scalesPtr,
    offsets = 0,
    lift = 0,
  } = weights.layout as PanelWords;
  const { panelRows = 16 } = weights.layout;
  const worth = WORTH_A_THREAD[kernel] ?? OF_INTEGERS;
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
        lift,
      ],
    ],
    units: panels,
    grain: Math.ceil(worth / (panelRows * weights.cols * n)),
  };
}
