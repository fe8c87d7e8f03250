import {
  type BinaryCodedTensor,
  EdgewrightError,
  encodeBfloat16,
  ShapeError,
} from "@edgewright/core";
import type { JobSpec } from "../../runtime/job.js";
import type { Kernels } from "../../runtime/load.js";
import { checkLength, floatsOf } from "../linear/group-stream.js";
import type { LinearDriver, LinearRequest, LinearSize } from "../linear/linear-driver.js";
import { collectParts } from "../linear/linear-packing.js";
import type { PackedLinear } from "../linear/packed-linear.js";
import { productJob } from "../linear/product-job.js";
import { checkPlanes, fillPlanePanels, firstPlanes, PANEL_ROWS } from "./bit-plane-panels.js";
import { withOwnWords } from "./with-own-words.js";

const BLOCK_COLUMNS = 512; // that share a scale of their tables at most
const SMALLEST_GROUP = 32; // unless it is the whole row
const STEP_BYTES = 64; // of 8 columns
const TABLE_BYTES = 32; // of a step
const LINE = 64;
const roundUp = (value: number, multiple: number): number => Math.ceil(value / multiple) * multiple;

/**
 * Products with binary-coded weights: tables of sums of x, made once a row, and a look-up for the signs of 4 columns
 * and 16 rows. Tables hold 7 bits, one scale for at most 512 columns, so that a product is within 1 / 126 of the
 * largest sum of 4 magnitudes for each 4 columns and plane. Scales are kept in 16 bits (bfloat16) where columns have
 * groups, because products of few bits are bound by what they read.
 */
export const binaryCodedDriver: LinearDriver = {
  pack(kernels, _like, rows, cols) {
    return collectParts<BinaryCodedTensor>(rows, (parts) =>
      packBinaryCodedLinear(kernels, parts, rows, cols),
    );
  },
  weightBytes(like, rows, cols) {
    const { codeBytes, count, scaleSteps, scaleBytes } = sizesOf(
      [like as BinaryCodedTensor],
      rows,
      cols,
    );
    return codeBytes + count * scaleSteps * scaleBytes;
  },
  workspaceBytes(size) {
    const { tables, info, sums } = workspaceOf(size);
    return size.n * (tables + info) + sums;
  },
  jobs(_kernels, request) {
    return planJobs(request);
  },
};

/** Sizes and addresses of packed binary-coded weights. */
export interface BinaryCodedLayout {
  readonly panels: number;
  readonly panelBytes: number;
  readonly steps: number;
  readonly groups: number;
  readonly groupSteps: number;
  readonly scalesPtr: number;
  readonly first: number;
  /** 1: scales are bfloat16. */
  readonly halves: number;
}

function packBinaryCodedLinear(
  kernels: Kernels,
  parts: readonly BinaryCodedTensor[],
  rows: number,
  cols: number,
): PackedLinear {
  const [{ format, seedBits, bits }] = parts as [BinaryCodedTensor];
  checkPlanes(parts, cols);
  const sizes = sizesOf(parts, rows, cols);
  const { groupSize, groups, panels, steps, planeBytes } = sizes;
  const { scaleSteps, count, halves, scaleBytes, codeBytes } = sizes;
  const { ptr, bytes, dispose } = kernels.arena.allocate(
    codeBytes + count * scaleSteps * scaleBytes,
  );
  const scalesPtr = ptr + codeBytes;
  kernels.arena.u8(ptr, bytes).fill(0);
  try {
    fillPlanePanels(kernels.arena.u8(ptr, codeBytes), parts, cols);
    const scales = new Float32Array(count * scaleSteps);
    fillScales(scales, parts, groups, halves);
    if (halves) kernels.arena.u8(scalesPtr, scales.length * 2).set(bytesOf(encodeBfloat16(scales)));
    else kernels.arena.f32(scalesPtr, scales.length).set(scales);
  } catch (error) {
    dispose();
    throw error;
  }
  return {
    ...{ format, rows, cols, bytes, groupSize, seedBits, bits, ptr, dispose },
    bytesAt: (width = bits) => width * planeBytes + count * (width + 1) * scaleBytes,
    layout: {
      ...{ panels, panelBytes: bits * steps * STEP_BYTES, steps, groups, scalesPtr },
      ...{ groupSteps: Math.ceil(groupSize / 8), first: firstPlanes(bits) },
      halves: halves ? 1 : 0,
    } satisfies BinaryCodedLayout,
    [Symbol.dispose]: dispose,
  };
}

interface BinaryCodedSizes {
  readonly groupSize: number;
  readonly groups: number;
  readonly panels: number;
  readonly steps: number;
  readonly planeBytes: number;
  readonly scaleSteps: number;
  /** Rows, rounded up, times groups. */
  readonly count: number;
  readonly halves: boolean;
  readonly scaleBytes: number;
  readonly codeBytes: number;
}

function sizesOf(
  parts: readonly BinaryCodedTensor[],
  rows: number,
  cols: number,
): BinaryCodedSizes {
  const [{ seedBits, bits }] = parts as [BinaryCodedTensor];
  const groupSize = groupSizeOf(parts, cols);
  const groups = Math.ceil(cols / groupSize);
  const panels = Math.ceil(rows / PANEL_ROWS);
  const steps = Math.ceil(cols / 8);
  const planeBytes = panels * steps * STEP_BYTES;
  const scaleSteps = scalesBefore(seedBits, bits + 1);
  const count = panels * PANEL_ROWS * groups;
  const halves = groups > 1;
  const scaleBytes = halves ? 2 : 4;
  const codeBytes = bits * planeBytes;
  return {
    ...{ groupSize, groups, panels, steps, planeBytes },
    ...{ scaleSteps, count, halves, scaleBytes, codeBytes },
  };
}

/** [width][panel][offset, then planes][group][row of 64] from [width][row][group][offset, then planes]. */
function fillScales(
  target: Float32Array,
  parts: readonly BinaryCodedTensor[],
  groups: number,
  halves: boolean,
): void {
  const [{ seedBits, bits }] = parts as [BinaryCodedTensor];
  const rows = parts.reduce((sum, { shape }) => sum + shape[0]!, 0);
  const panels = Math.ceil(rows / PANEL_ROWS);
  let row = 0;
  for (const part of parts) {
    const own = part.shape[0]!;
    const values = floatsOf(part.scales);
    checkLength("scales", values.length, own * groups * scalesBefore(seedBits, bits + 1));
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) {
      throw new EdgewrightError(
        "invalid-argument",
        `packLinear: expected finite scales, number ${bad} is ${values[bad]}`,
      );
    }
    let from = 0;
    for (let width = seedBits; width <= bits; width++) {
      const start = scalesBefore(seedBits, width) * panels * groups * PANEL_ROWS;
      for (let i = 0; i < own; i++) {
        const panel = Math.floor((row + i) / PANEL_ROWS);
        const inPanel = (row + i) % PANEL_ROWS;
        const lane = halves ? halfLane(inPanel) : inPanel;
        for (let group = 0; group < groups; group++) {
          for (let k = 0; k <= width; k++) {
            const block = (panel * (width + 1) + k) * groups + group;
            target[start + block * PANEL_ROWS + lane] = values[from++]!;
          }
        }
      }
    }
    row += own;
  }
}

/** A 32-bit lane holds rows i (low half) and i + 4 of 8 rows. */
function halfLane(row: number): number {
  return (row & 56) | ((row & 3) << 1) | ((row >> 2) & 1);
}

function bytesOf({ buffer, byteOffset, byteLength }: Uint16Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function groupSizeOf(parts: readonly BinaryCodedTensor[], cols: number): number {
  const sizes = parts.map(({ groupSize }) => {
    const whole = Number.isSafeInteger(groupSize) && groupSize > 0;
    if (!whole || (groupSize % 32 !== 0 && groupSize < cols)) {
      throw new ShapeError(
        `packLinear: expected a groupSize that is a multiple of 32, or all ${cols} columns, got ${groupSize}`,
      );
    }
    return Math.min(groupSize, cols);
  });
  const other = sizes.find((size) => size !== sizes[0]);
  if (other === undefined) return sizes[0]!;
  throw new ShapeError(
    `packLinear: expected groups of ${sizes[0]} columns, as the first matrix has, got ${other}; pack it apart`,
  );
}

/** Where the scales of a width lie. */
export function binaryScalesAt({ layout, seedBits = 1 }: PackedLinear, width: number): number {
  const { scalesPtr, panels, groups, halves } = layout as unknown as BinaryCodedLayout;
  const bytes = panels * groups * PANEL_ROWS * (halves ? 2 : 4);
  return scalesPtr + scalesBefore(seedBits, width) * bytes;
}

/** Scales of a row and group for the widths from `seedBits` to below `width`. */
function scalesBefore(seedBits: number, width: number): number {
  let count = 0;
  for (let each = seedBits; each < width; each++) count += each + 1;
  return count;
}

/** Bytes of a row of tables, of what goes with it, and of sums. */
function workspaceOf({ rows, cols, groupSize = SMALLEST_GROUP }: LinearSize): {
  tables: number;
  info: number;
  sums: number;
} {
  const group = Math.min(groupSize, cols);
  const groups = Math.ceil(cols / group);
  const blocks = groups * Math.ceil(group / BLOCK_COLUMNS);
  return {
    tables: roundUp(Math.ceil(cols / 8) * TABLE_BYTES, LINE),
    info: roundUp((groups + blocks) * 4, LINE),
    sums: Math.ceil(rows / PANEL_ROWS) * PANEL_ROWS * 4,
  };
}

function planJobs(request: LinearRequest): JobSpec[] {
  const { weights, x, n, xStrideBytes, workspace, bits = weights.bits! } = request;
  const { rows, cols, format, groupSize = cols } = weights;
  const { panels, steps, groups, groupSteps, first, halves } =
    weights.layout as unknown as BinaryCodedLayout;
  const { tables, info } = workspaceOf({ format, rows, cols, n, groupSize });
  const infoAt = workspace + n * tables;
  const prepare: JobSpec = {
    kernel: "binary_tables",
    params: [x, workspace, cols, steps, infoAt, groupSteps, xStrideBytes, tables, info],
    units: n,
    grain: Math.ceil(8192 / cols),
  };
  const scalesPtr = binaryScalesAt(weights, bits);
  const product = productJob(
    "linear_binary_coded",
    { ...request, weights: { ...weights, layout: { ...weights.layout, scalesPtr } } },
    {
      ...{ x: workspace, xStrideBytes: tables, info: infoAt, infoStrideBytes: info },
      groupSteps,
    },
  );
  const sums = infoAt + n * info;
  return [prepare, withOwnWords(product, [bits, sums, groups, panels, first, halves])];
}
