import type { Kernels } from "../../runtime/load.js";
import type { LinearFormat, PackedLinear } from "./packed-linear.js";

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
}

/** A kernel touches 256 bytes ahead of the step that it reads. */
const AHEAD_BYTES = 320;

/** Allocates zeroed memory for weights in panels and has it filled. */
export function packPanels(
  kernels: Kernels,
  {
    format,
    rows,
    cols,
    panelRows,
    panelBytes,
    steps,
    groupSize,
    rowScales,
    touchedAhead = false,
  }: PanelLayout,
  fill: (panels: Uint8Array, scales: Float32Array) => void,
): PackedLinear {
  const panels = Math.ceil(rows / panelRows);
  const codeBytes = panels * panelBytes;
  const scaleCount = rowScales === true ? panels * panelRows : 0;
  const { ptr, bytes, dispose } = kernels.arena.allocate(
    codeBytes + scaleCount * 4 + (touchedAhead ? AHEAD_BYTES : 0),
  );
  const scalesPtr = ptr + codeBytes;
  kernels.arena.u8(ptr, bytes).fill(0);
  try {
    fill(kernels.arena.u8(ptr, codeBytes), kernels.arena.f32(scalesPtr, scaleCount));
  } catch (error) {
    dispose();
    throw error;
  }
  return {
    format,
    rows,
    cols,
    bytes,
    ...(groupSize === undefined ? {} : { groupSize }),
    bytesAt: () => bytes,
    ptr,
    layout: { panels, panelRows, panelBytes, steps, scalesPtr },
    dispose,
    [Symbol.dispose]: dispose,
  };
}
