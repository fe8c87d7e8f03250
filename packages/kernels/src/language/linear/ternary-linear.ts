import { EdgewrightError, type TernaryTensor } from "@edgewright/core";
import { checkLength } from "./group-stream.js";
import type { LinearDriver } from "./linear-driver.js";
import { type PanelLayout, packPanels, panelsBytes } from "./pack-panels.js";
import { preparedRowBytes, quantizeRows } from "./prepare-rows.js";
import { productJob } from "./product-job.js";

/** Columns of x that share a scale: BLOCK steps of assembly/language/linear/ternary.ts. */
const BLOCK_COLUMNS = 256;
/** Rows of x in the largest tile. */
const TILE_ROWS = 2;

/** Products with weights -1, 0, 1 by tables of what pairs of columns contribute: panels of 64 rows. */
export const ternaryDriver: LinearDriver = {
  pack(kernels, _like, rows, cols) {
    const layout = panelsOf(rows, cols);
    const { steps, panelBytes } = layout;
    const nibbles = nibblesOfCodes();
    return packPanels<TernaryTensor>(kernels, layout, (tensor, { panels, scales, firstRow }) => {
      const count = tensor.shape[0]!;
      checkLength("bytes of codes", tensor.codes.length, count * steps);
      checkScales(tensor, count);
      for (let own = 0; own < count; own++) {
        const row = firstRow + own;
        const base = rowOffset(row, panelBytes);
        for (let step = 0; step < steps; step++) {
          const byte = nibbles[tensor.codes[own * steps + step]!]!;
          if (byte === INVALID) throw invalidCode(own, tensor.codes[own * steps + step]!);
          panels[base + step * 64] = byte;
        }
        scales[row] = tensor.scales[tensor.scales.length === 1 ? 0 : own]!;
      }
    });
  },
  weightBytes: (_like, rows, cols) => panelsBytes(panelsOf(rows, cols)),
  workspaceBytes({ rows, cols, n, int8Activations = false }) {
    const { out, info } = preparedRowBytes(cols, tables(int8Activations, cols));
    return n * (out + info) + sumBytes(rows);
  },
  jobs(_kernels, request) {
    const { weights, int8Activations, workspace } = request;
    const quantization = tables(int8Activations, weights.cols);
    const at = workspace + sumBytes(weights.rows);
    const { job, prepared } = quantizeRows({ ...request, workspace: at }, quantization);
    const kernel = int8Activations ? "linear_ternary_int8" : "linear_ternary";
    return [job, productJob(kernel, request, { ...prepared, sums: workspace })];
  },
};

const INVALID = 0xff;
/** The number of the combination (0, 0), twice. */
const BLANK = 0x44;

function panelsOf(rows: number, cols: number): PanelLayout {
  const steps = Math.ceil(cols / 4);
  return {
    ...{ format: "ternary", rows, cols, panelRows: 64, panelBytes: steps * 64, steps },
    ...{ rowScales: true, touchedAhead: true, blank: BLANK },
  };
}

/** Two nibbles 3 (first + 1) + second + 1 for each byte of four 2-bit codes. */
function nibblesOfCodes(): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => {
    const [a, b, c, d] = [byte & 3, (byte >> 2) & 3, (byte >> 4) & 3, byte >> 6];
    if (Math.max(a, b, c, d) > 2) return INVALID;
    return (3 * a + b) | ((3 * c + d) << 4);
  });
}

/** Where the first byte of a row lies: see assembly/language/linear/ternary.ts. */
function rowOffset(row: number, panelBytes: number): number {
  const inPanel = row & 63;
  const byte = ((inPanel & 7) << 1) + ((inPanel & 8) >> 3);
  return (row >> 6) * panelBytes + (inPanel >> 4) * 16 + byte;
}

function tables(
  int8Activations: boolean,
  cols: number,
): { kernel: string; group: number; columnBytes: number } {
  return int8Activations
    ? { kernel: "linear_tables_int8", group: Math.ceil(cols / 8) * 8, columnBytes: 16 }
    : { kernel: "linear_tables", group: BLOCK_COLUMNS, columnBytes: 8 };
}

function sumBytes(rows: number): number {
  return Math.ceil(rows / 64) * TILE_ROWS * 256;
}

function checkScales({ scales }: TernaryTensor, rows: number): void {
  if (scales.length !== 1) checkLength("scales, or one", scales.length, rows);
  const bad = scales.findIndex((scale) => !Number.isFinite(scale));
  if (bad < 0) return;
  throw new EdgewrightError(
    "invalid-argument",
    `packLinear: expected finite scales, number ${bad} is ${scales[bad]}`,
  );
}

function invalidCode(row: number, byte: number): EdgewrightError {
  return new EdgewrightError(
    "invalid-argument",
    `packLinear: expected ternary codes 0, 1 or 2, got a 3 in byte ${byte} of row ${row}`,
  );
}
