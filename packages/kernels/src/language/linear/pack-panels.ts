import type { Kernels } from "../../runtime/load.js";
import { createPacking, type LinearPacking } from "./linear-packing.js";
import type { LinearFormat, LinearWeights } from "./packed-linear.js";

/** What {@link packPanels} is told of a format's stream. */
export interface PanelLayout {
  readonly format: LinearFormat;
  readonly rows: number;
  readonly cols: number;
  /** Rows of a panel. */
  readonly panelRows: number;
  readonly panelBytes: number;
  /** Steps of the kernel's inner loop through a panel; with groups: groups. */
  readonly steps: number;
  /** Columns that share a scale. */
  readonly groupSize?: number;
  /** One f32 a row goes behind the panels. @default false */
  readonly rowScales?: boolean;
  /** The kernel touches what it will read soon. @default false */
  readonly touchedAhead?: boolean;
  /** What rows beyond the last consist of. @default 0 */
  readonly blank?: number;
  /** Further sizes that kernels want. @default none */
  readonly more?: Readonly<Record<string, number>>;
}

/** Where the rows of a part go. */
export interface PanelTarget {
  readonly panels: Uint8Array;
  /** One a row, where the layout has them. */
  readonly scales: Float32Array;
  /** The part's first row in the whole. */
  readonly firstRow: number;
}

/** A kernel touches 256 bytes ahead of the step that it reads. */
const AHEAD_BYTES = 320;

/** Bytes of memory that panels take. */
export function panelsBytes(layout: PanelLayout): number {
  const { codeBytes, scaleCount } = sizesOf(layout);
  return codeBytes + scaleCount * 4 + (layout.touchedAhead === true ? AHEAD_BYTES : 0);
}

/** Allocates memory for weights in panels, to be filled part by part. */
export function packPanels<W extends LinearWeights>(
  kernels: Kernels,
  layout: PanelLayout,
  fill: (part: W, target: PanelTarget) => void,
): LinearPacking {
  const { format, rows, cols, panelRows, panelBytes, steps, groupSize, blank = 0 } = layout;
  const { panels, codeBytes, scaleCount } = sizesOf(layout);
  const { ptr, bytes, dispose } = kernels.arena.allocateZeroed(panelsBytes(layout));
  const scalesPtr = ptr + codeBytes;
  if (blank !== 0) kernels.arena.u8(ptr, codeBytes).fill(blank);
  const packed = {
    ...{ format, rows, cols, bytes },
    ...(groupSize === undefined ? {} : { groupSize }),
    bytesAt: () => bytes,
    ptr,
    layout: { panels, panelRows, panelBytes, steps, scalesPtr, ...layout.more },
    dispose,
    [Symbol.dispose]: dispose,
  };
  return createPacking(packed, (part, firstRow) => {
    // Views anew for each part: memory may have grown since the last one.
    const target = kernels.arena.u8(ptr, codeBytes);
    fill(part as W, {
      panels: target,
      scales: kernels.arena.f32(scalesPtr, scaleCount),
      firstRow,
    });
  });
}

function sizesOf({ rows, panelRows, panelBytes, rowScales = false }: PanelLayout): {
  panels: number;
  codeBytes: number;
  scaleCount: number;
} {
  const panels = Math.ceil(rows / panelRows);
  return { panels, codeBytes: panels * panelBytes, scaleCount: rowScales ? panels * panelRows : 0 };
}
