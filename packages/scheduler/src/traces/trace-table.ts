import { ValidationError } from "@edgewright/core";

/** Numbers of a trace, `[samples][layers]`, for each column that was asked for. */
type TraceColumns<Column extends string> = Readonly<Record<Column, readonly number[][]>>;

/**
 * Reads columns of a trace in CSV with a head: one row for each `layer-indx` of each `batch-indx`, in any order,
 * other columns left aside.
 *
 * @param file name for messages
 * @throws ValidationError with file and line for a column that is missing, a cell that is no number, or layers that
 *   are missing or there twice
 */
export function readTraceColumns<Column extends string>(
  text: string,
  columns: readonly Column[],
  file: string,
): TraceColumns<Column> {
  const lines = text.split(/\r\n|\n|\r/);
  const refuse = (line: number, message: string): never => {
    throw new ValidationError(`${file}:${line}: ${message}`, { where: `${file}:${line}` });
  };
  const head = lines[0]!
    .replace(/^\uFEFF/, "")
    .split(",")
    .map((cell) => cell.trim());
  const placeOf = (column: string): number => {
    const place = head.indexOf(column);
    if (place >= 0) return place;
    return refuse(1, `a column "${column}" was expected, got ${head.join(", ")}`);
  };
  const batchPlace = placeOf("batch-indx");
  const layerPlace = placeOf("layer-indx");
  const places = columns.map(placeOf);

  const samples = new Map<number, number[][]>(); // by batch: [layers][columns]
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i]!;
    if (line.trim() === "") continue;
    const cells = line.split(",");
    if (cells.length !== head.length) {
      refuse(i + 1, `${head.length} cells were expected, got ${cells.length}`);
    }
    const numberAt = (place: number): number => {
      const cell = cells[place]!.trim();
      const value = cell === "" ? Number.NaN : Number(cell);
      if (Number.isFinite(value)) return value;
      return refuse(i + 1, `a number was expected for "${head[place]}", got "${cell}"`);
    };
    const indexAt = (place: number): number => {
      const value = numberAt(place);
      if (Number.isInteger(value) && value >= 0 && value < MOST_LAYERS) return value;
      return refuse(i + 1, `a whole "${head[place]}" from 0 was expected, got ${value}`);
    };
    const batch = indexAt(batchPlace);
    const layer = indexAt(layerPlace);
    const rows = samples.get(batch) ?? [];
    samples.set(batch, rows);
    if (rows[layer] !== undefined) refuse(i + 1, `layer ${layer} of batch ${batch} is there twice`);
    rows[layer] = places.map(numberAt);
  }
  if (samples.size === 0) refuse(1, "rows were expected below the head, got none");
  const batches = [...samples.keys()].sort((a, b) => a - b);
  const layers = samples.get(batches[0]!)!.length;
  for (const batch of batches) {
    const rows = samples.get(batch)!;
    for (let layer = 0; layer < Math.max(layers, rows.length); layer++) {
      if (layer < layers && rows[layer] !== undefined) continue;
      refuse(
        lines.length,
        `batch ${batch}: layers 0 to ${layers - 1}, as in batch ${batches[0]}, were expected, but for layer ${layer}`,
      );
    }
  }
  const tables = columns.map((column, i) => {
    return [column, batches.map((batch) => samples.get(batch)!.map((row) => row[i]!))] as const;
  });
  return Object.fromEntries(tables) as Record<Column, number[][]>;
}

// Far more than any model has: a layer of 1e9 would have its sample filled up with holes.
const MOST_LAYERS = 1e6;
