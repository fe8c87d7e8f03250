import { createModelTable, type ModelTable } from "../simulator/model-table.js";
import { readTraceColumns } from "./trace-table.js";

/** Options of {@link parseSangerTrace}. */
export interface SangerTraceOptions {
  /** Name of the model, as in requests. */
  readonly name: string;
  /** @default name */
  readonly architecture?: string;
  /** Name of the file, for messages. @default name */
  readonly file?: string;
  /** Tokens in the sequence. @default 512 */
  readonly sequenceLength?: number;
  /** Which column holds the load balance of the accelerator's rows. @default "50%-skip" */
  readonly loadBalance?: "50%-no-skip" | "50%-skip" | "25%-no-skip" | "25%-skip";
}

/**
 * A model from a trace of the Sanger simulator for sparse attention, as the artifact of Sparse-DySta keeps them:
 * CSV with the columns `overall-sparsity` (which holds the share of attention that is *not* zero), the load balance,
 * `batch-indx` and `layer-indx`. Latencies follow from them by {@link sangerLayerLatency}.
 *
 * @throws ValidationError with file and line for anything else
 */
export function parseSangerTrace(text: string, options: SangerTraceOptions): ModelTable {
  const { name, architecture = name, file = name } = options;
  const { sequenceLength = 512, loadBalance = "50%-skip" } = options;
  const columns = readTraceColumns(text, ["overall-sparsity", loadBalance], file);
  const densities = columns["overall-sparsity"];
  const balances = columns[loadBalance];
  return createModelTable({
    name,
    architecture,
    latencies: densities.map((row, sample) =>
      row.map((density, layer) =>
        sangerLayerLatency(density, balances[sample]![layer]!, sequenceLength),
      ),
    ),
    sparsities: densities.map((row) => row.map((density) => 1 - density)),
  });
}

/**
 * Latency of one attention layer of width 768 on the Sanger accelerator, in seconds: the linear layers, the
 * projection at the layer's density, and the sparse attention in tiles of 64 (the model of Sparse-DySta).
 *
 * @param density share of attention that is not zero, in [0, 1]
 * @param balance load balance of the rows, in (0, 1]
 */
export function sangerLayerLatency(
  density: number,
  balance: number,
  sequenceLength: number,
): number {
  const linear = (sequenceLength * 768 ** 2 * 6) / 1e9 / 2048;
  const projection = (sequenceLength * 768 ** 2 * 2) / 1e9 / ((2048 / density) * balance);
  const columns = (density / balance / 0.25) * sequenceLength; // of the packed attention matrix
  const tile = (768 + 64 + columns + 64) * (sequenceLength / 64);
  return linear + projection + ((columns / 64) * tile) / 1e9;
}
