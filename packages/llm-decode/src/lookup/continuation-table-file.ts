import {
  readSafetensors,
  type Tensor,
  tensor,
  ValidationError,
  writeSafetensors,
} from "@edgewright/core";
import {
  type ContinuationTable,
  type ContinuationTableOptions,
  restoreContinuationTable,
  SUCCESSORS,
} from "./continuation-table.js";

/** Options of {@link writeContinuationTable}. */
export interface WriteContinuationTableOptions {
  /** Leaves out contexts seen less often. @default 2 */
  readonly leastCount?: number;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A table as a safetensors file: contexts that came up more than once, unless told otherwise. */
export function writeContinuationTable(
  table: ContinuationTable,
  options: WriteContinuationTableOptions = {},
): Uint8Array {
  const { leastCount, metadata = {} } = options;
  return writeSafetensors(continuationTensors(table, leastCount), {
    ...metadata,
    kind: KIND,
    order: String(table.order),
  });
}

const KIND = "edgewright continuation table 1";
const NAMES = ["keys", "totals", "tokens", "counts"] as const;
const PREFIX = "continuations.";

/** A table's contexts as tensors, 22 bytes for each where tokens have 16 bits. */
export function continuationTensors(table: ContinuationTable, leastCount = 2): Map<string, Tensor> {
  const { keys, totals, tokens, counts } = table.contents();
  const kept = [...keys.keys()].filter((slot) => keys[slot] !== 0 && totals[slot]! >= leastCount);
  const rows = kept.length;
  const successors = new Int32Array(rows * SUCCESSORS);
  const seen = new Uint16Array(rows * SUCCESSORS);
  kept.forEach((slot, row) => {
    for (let s = 0; s < SUCCESSORS; s++) {
      successors[row * SUCCESSORS + s] = tokens[slot * SUCCESSORS + s]!;
      seen[row * SUCCESSORS + s] = counts[slot * SUCCESSORS + s]!;
    }
  });
  const narrow = successors.every((token) => token < 65536);
  const keyOf = kept.map((slot) => keys[slot]!);
  const totalOf = kept.map((slot) => totals[slot]!);
  return new Map<string, Tensor>([
    [`${PREFIX}keys`, tensor("i32", [rows], keyOf)],
    [`${PREFIX}totals`, tensor("i32", [rows], totalOf)],
    [`${PREFIX}tokens`, tensor(narrow ? "u16" : "i32", [rows, SUCCESSORS], [...successors])],
    [`${PREFIX}counts`, tensor("u16", [rows, SUCCESSORS], [...seen])],
  ]);
}

/**
 * Reads what {@link writeContinuationTable} wrote.
 *
 * @throws ValidationError when the bytes are no such file.
 */
export function readContinuationTable(
  bytes: Uint8Array,
  options: Pick<ContinuationTableOptions, "mostContexts"> = {},
): ContinuationTable {
  const { tensors, metadata } = readSafetensors(bytes);
  if (metadata.kind !== KIND) {
    throw new ValidationError(
      `readContinuationTable: expected a file of writeContinuationTable, got ${metadata.kind ?? "another file"}`,
    );
  }
  return restoreFromTensors("readContinuationTable", tensors, Number(metadata.order), options);
}

/** The table among the tensors of a file. @throws ValidationError when it is none. */
export function restoreFromTensors(
  where: string,
  tensors: ReadonlyMap<string, Tensor>,
  order: number,
  options: Pick<ContinuationTableOptions, "mostContexts"> = {},
): ContinuationTable {
  const parts = NAMES.map((name) => tensors.get(PREFIX + name));
  const rows = parts[0]?.shape[0] ?? 0;
  const lengths = [rows, rows, rows * SUCCESSORS, rows * SUCCESSORS];
  const kinds = [["i32"], ["i32"], ["u16", "i32"], ["u16"]];
  const fits = parts.every(
    (part, i) =>
      part !== undefined && part.data.length === lengths[i] && kinds[i]!.includes(part.dtype),
  );
  const [keys, totals, tokens, counts] = parts.map((part) =>
    Int32Array.from((part?.data ?? []) as ArrayLike<number>),
  ) as [Int32Array, Int32Array, Int32Array, Int32Array];
  const sound =
    fits &&
    rows <= 2 ** 22 &&
    Number.isInteger(order) &&
    order >= 1 &&
    order <= 16 &&
    new Set(keys).size === rows &&
    keys.every((key) => key !== 0) &&
    totals.every((total) => total > 0) &&
    tokens.every((token) => token >= 0);
  if (!sound) {
    throw new ValidationError(`${where}: the table of continuations is damaged`);
  }
  const contexts = { keys, totals, tokens, counts: Uint16Array.from(counts) };
  return restoreContinuationTable(contexts, { ...options, order });
}
