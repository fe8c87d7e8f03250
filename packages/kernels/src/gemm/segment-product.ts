import { type Activation, activationWords } from "../activation/activation.js";
import { floatBits, type JobSpec } from "../runtime/job.js";
import type { Kernels } from "../runtime/load.js";

/**
 * One job of the kernel `segment_product_f32`, which serves GEMM and every convolution but the
 * depthwise; assembly/segment-product.ts says how the operations map to it. Distances are in floats.
 */
export interface SegmentProduct {
  /** Addresses of the input, the packed panels and the output. */
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly bias?: number | undefined;
  readonly residual?: number | undefined;
  /** Rows and columns of one product. */
  readonly m: number;
  readonly n: number;
  /** Floats in a segment, and where the segments of a row start, relative to the row. */
  readonly segmentLength: number;
  readonly segmentOffsets: readonly number[];
  /** Rows of B in a panel, where the product takes a part of them. @default all segments */
  readonly panelRows?: number;
  /** Rows of A: `[images, height, width]`, at these distances. `width` and `height` default to `m`. */
  readonly rowStep: number;
  readonly width?: number;
  readonly lineStep?: number;
  readonly height?: number;
  readonly imageStep?: number;
  /** From one row of the output, and of the residual, to the next. */
  readonly cStep: number;
  /** Where `width` and `height` divide the output's rows as well. @default evenly spaced */
  readonly cLineStep?: number;
  readonly cImageStep?: number;
  readonly residualStep?: number;
  /** Products: outer x inner. */
  readonly products?: ProductGrid;
  readonly activation?: Activation | undefined;
}

/** Many products of one shape; distances in floats, 0 where an operand is shared. */
export interface ProductGrid {
  readonly inner: number;
  readonly outer: number;
  readonly a: readonly [inner: number, outer: number];
  readonly b: number;
  readonly c: readonly [inner: number, outer: number];
  readonly residual: readonly [inner: number, outer: number];
  readonly bias: number;
}

/** Words of a clamp and of what it cannot express, for the kernels that fuse an activation. */
export function fusedActivationWords(activation: Activation | undefined): number[] {
  const plain = (activation?.scale ?? 1) === 1 && (activation?.shift ?? 0) === 0;
  const kind = activation?.kind ?? "identity";
  let low = Number.NEGATIVE_INFINITY;
  let high = Number.POSITIVE_INFINITY;
  const clamps = plain && (kind === "identity" || kind === "relu" || kind === "clip");
  if (clamps && kind === "relu") low = 0;
  if (clamps && kind === "clip") {
    low = activation?.alpha ?? low;
    high = activation?.beta ?? high;
  }
  return [floatBits(low), floatBits(high), clamps ? 0 : 1, ...activationWords(activation)];
}

/** Bytes of panels that stay in the L1 cache while rows go by (of 32 KiB, the smallest in use). */
const CACHED_PANEL_BYTES = 16 * 1024;
/** Bytes of A that a unit goes over once per panel: they stay in the L2 cache. */
const UNIT_INPUT_BYTES = 128 * 1024;
/** Multiply-adds in a unit: some 20 microseconds, against 0.1 to 2 for handing it to a thread. */
const UNIT_WORK = 2 ** 19;
/** A multiple of both tile heights, 4 and 6. */
const ROW_QUANTUM = 24;

/** The job for a product; `own` receives the memory that must live as long as the plan. */
export function segmentProductJob(
  kernels: Kernels,
  spec: SegmentProduct,
  own: { dispose(): void; readonly bytes: number }[],
): JobSpec {
  const { m, n, segmentLength, segmentOffsets: offsets, products } = spec;
  const segments = offsets.length;
  const k = segments * segmentLength;
  const panelRows = spec.panelRows ?? k;
  const inner = products?.inner ?? 1;
  const outer = products?.outer ?? 1;
  let width = spec.width ?? m;
  let height = spec.height ?? Math.ceil(m / width);
  let lineStep = spec.lineStep ?? width * spec.rowStep;
  let imageStep = spec.imageStep ?? height * lineStep;
  let cLineStep = spec.cLineStep ?? width * spec.cStep;
  let cImageStep = spec.cImageStep ?? height * cLineStep;
  const even = lineStep === width * spec.rowStep && imageStep === height * lineStep;
  if (even && cLineStep === width * spec.cStep && cImageStep === height * cLineStep) {
    // Evenly spaced rows need no wrapping.
    width = m;
    height = 1;
    lineStep = m * spec.rowStep;
    imageStep = lineStep;
    cLineStep = m * spec.cStep;
    cImageStep = cLineStep;
  }

  const jumps = offsets.map((offset, i) => {
    const end = offset + segmentLength;
    return ((offsets[i + 1] ?? offsets[0] ?? 0) - end) * 4;
  });
  const deltas = kernels.arena.upload(new Int32Array(jumps));
  own.push(deltas);

  const blocks = chooseBlocks(m, n, k);
  return {
    kernel: "segment_product_f32",
    units: inner * outer * blocks.rowBlocks * blocks.columnBlocks,
    params: [
      spec.a + (offsets[0] ?? 0) * 4,
      spec.b,
      spec.c,
      spec.bias ?? 0,
      spec.residual ?? 0,
      m,
      n,
      deltas.ptr,
      deltas.ptr + (segments - 1) * 4,
      segmentLength * 32,
      panelRows * 32,
      spec.rowStep * 4,
      width,
      (lineStep - width * spec.rowStep) * 4,
      height,
      (imageStep - height * lineStep) * 4,
      spec.cStep * 4,
      (spec.residualStep ?? spec.cStep) * 4,
      inner,
      (products?.a[0] ?? 0) * 4,
      (products?.a[1] ?? 0) * 4,
      (products?.b ?? 0) * 4,
      (products?.c[0] ?? 0) * 4,
      (products?.c[1] ?? 0) * 4,
      (products?.residual[0] ?? 0) * 4,
      (products?.residual[1] ?? 0) * 4,
      (products?.bias ?? 0) * 4,
      blocks.rows,
      blocks.rowBlocks,
      blocks.columns,
      blocks.columnBlocks,
      // A tile goes from panel to panel only where it takes all of each.
      k === panelRows ? blocks.cachedColumns : 8,
      ...fusedActivationWords(spec.activation),
      (cLineStep - width * spec.cStep) * 4,
      (cImageStep - height * cLineStep) * 4,
    ],
  };
}

function chooseBlocks(m: number, n: number, k: number) {
  const panels = Math.ceil(n / 8);
  const depth = Math.max(k, 1);
  const cachedPanels = Math.max(1, Math.min(panels, Math.floor(CACHED_PANEL_BYTES / (depth * 32))));
  // A unit takes as many rows as stay in L2, fewer where that is already plenty of work, and all
  // columns, fewer where even its rows alone are too much.
  const perRow = depth * Math.min(n, 512);
  const wanted = Math.min(
    UNIT_INPUT_BYTES / (depth * 4),
    Math.max(UNIT_WORK / perRow, ROW_QUANTUM),
  );
  const rows = Math.min(m, Math.max(1, Math.ceil(wanted / ROW_QUANTUM)) * ROW_QUANTUM);
  const unitPanels = Math.max(1, Math.ceil(UNIT_WORK / (Math.max(rows, 4) * depth * 8)));
  const columnsWanted = Math.ceil(unitPanels / cachedPanels) * cachedPanels * 8;
  const columns = Math.min(panels * 8, columnsWanted);
  return {
    rows,
    rowBlocks: Math.ceil(m / rows),
    columns,
    columnBlocks: Math.ceil((panels * 8) / columns),
    cachedColumns: cachedPanels * 8,
  };
}
