import { createModelTable, type ModelTable } from "../simulator/model-table.js";
import { readTraceColumns } from "./trace-table.js";

/** Options of {@link parseEyerissTrace}. */
export interface EyerissTraceOptions {
  /** Name of the model with its sparsity pattern: `resnet50_block4_sparse60`. */
  readonly name: string;
  /** @default what stands before the first `_` of the name */
  readonly architecture?: string;
  /** Name of the file, for messages. @default name */
  readonly file?: string;
}

/**
 * A model from a trace of the Eyeriss V2 simulator, as the artifact of Sparse-DySta keeps them: CSV with the columns
 * `sim_lat` (seconds), `overall-sparsity` (share of zeros), `batch-indx` and `layer-indx`.
 *
 * @throws ValidationError with file and line for anything else
 */
export function parseEyerissTrace(text: string, options: EyerissTraceOptions): ModelTable {
  const { name, architecture = name.split("_", 1)[0]!, file = name } = options;
  const columns = readTraceColumns(text, ["sim_lat", "overall-sparsity"], file);
  return createModelTable({
    name,
    architecture,
    latencies: columns.sim_lat,
    sparsities: columns["overall-sparsity"],
  });
}
