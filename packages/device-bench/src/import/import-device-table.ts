import { type DeviceProfile, ValidationError } from "@edgewright/core";
import { AIHUB_COLUMNS, importAihub } from "./import-aihub.js";
import { importMlperfTiny, MLPERF_TINY_COLUMNS } from "./import-mlperf-tiny.js";
import { importNasbench, NASBENCH_COLUMNS } from "./import-nasbench.js";
import { importNcnn, NCNN_COLUMNS } from "./import-ncnn.js";
import { importTflite, TFLITE_COLUMNS } from "./import-tflite.js";
import { readCsv } from "./read-csv.js";

/** Options of {@link importDeviceTable}. */
export interface ImportDeviceTableOptions {
  /** Name of the file, for errors. @default "table" */
  file?: string;
  /** For Qualcomm AI Hub: the text of the JSON with sizes and accuracies. @default none */
  models?: string;
}

/**
 * Makes device profiles from a published table of latencies, one a device; all figures are marked
 * `published`. The header says which table it is: ncnn's benchmark, Qualcomm AI Hub, TensorFlow
 * Lite on Pixel phones, NAS-Bench-201 on the devices of HELP, or MLPerf Tiny.
 *
 * @throws ValidationError for an unknown header, and with file and line for a bad row.
 */
export function importDeviceTable(
  text: string,
  options: ImportDeviceTableOptions = {},
): DeviceProfile[] {
  const { file = "table", models } = options;
  const table = readCsv(text, file);
  const has = (columns: readonly string[]): boolean =>
    columns.every((column) => table.columns.includes(column));
  if (has(NCNN_COLUMNS)) return importNcnn(table, file);
  if (has(AIHUB_COLUMNS)) return importAihub(table, file, models);
  if (has(TFLITE_COLUMNS)) return importTflite(table, file);
  if (has(NASBENCH_COLUMNS)) return importNasbench(table);
  if (has(MLPERF_TINY_COLUMNS)) return importMlperfTiny(table, file);
  throw new ValidationError(
    `importDeviceTable: ${file}: no known table has the columns ${table.columns.join(", ")}; known are ` +
      "ncnn's benchmark, Qualcomm AI Hub, TensorFlow Lite on Pixel, HELP's NAS-Bench-201 and MLPerf Tiny",
    { where: `${file}:1` },
  );
}
