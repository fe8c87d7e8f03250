import { ValidationError } from "@edgewright/core";
import { checkLoggedData, type LoggedData } from "./logged-data.js";
import { type CsvRecord, readCsv, type TextPieces } from "./read-csv.js";

/** Options of {@link readOpenBandit}. */
export interface ReadOpenBanditOptions {
  /** The campaign's `item_context.csv`: gives arms their features, and says how many there are. @default none */
  readonly items?: TextPieces;
  /** What is read, for messages. @default "open bandit log" */
  readonly where?: string;
}

/**
 * A log of the Open Bandit Dataset (Saito, Aihara, Matsutani, Narita: Open Bandit Dataset and Pipeline, NeurIPS 2021
 * Datasets and Benchmarks) from its CSV, in pieces of any size: files of millions of rows are never whole in memory
 * as text.
 *
 * Rows keep the order of the file. Contexts are the user features, each one-hot without its first value in sorted
 * order, as in the authors' pipeline; affinities are left out. Features of arms are `item_feature_1` to `3` as the
 * number of their value in sorted order, then `item_feature_0`. Positions count from 0.
 *
 * @throws ValidationError that names the line: columns missing, or a field that is no number where one is due
 *
 * @example
 * const csv = [
 *   "timestamp,item_id,position,click,propensity_score,user_feature_0",
 *   "2019-11-24 00:00:01+00:00,1,1,0,0.5,young",
 *   "2019-11-24 00:00:02+00:00,0,3,1,0.5,old",
 * ];
 * const data = await readOpenBandit([csv.join("\n")]);
 * console.log(ips(weighLog(data, uniformTarget())).value); // 0.5
 */
export async function readOpenBandit(
  pieces: TextPieces,
  options: ReadOpenBanditOptions = {},
): Promise<LoggedData> {
  const { where = "open bandit log" } = options;
  const log = await readRows(pieces, where);
  const items = options.items && (await readItems(options.items, `${where}, items`));
  const highest = log.items.reduce((most, item) => Math.max(most, item), 0);
  if (items && highest >= items.count) {
    throw new ValidationError(
      `${where}: items from 0 to ${items.count - 1}, as item_context.csv lists them, were expected, got ${highest}`,
    );
  }
  const arms = Array.from({ length: items?.count ?? highest + 1 }, (_, item) => String(item));
  const all = Int32Array.from(arms, (_, item) => item);
  const rows = log.items.length;
  // Positions are ranked: the lowest there is becomes 0, whatever it is called.
  const ranks = new Map(
    [...new Set(log.positions)].sort((a, b) => a - b).map((position, rank) => [position, rank]),
  );
  const { contexts, contextDimension } = encodeUsers(log.users, rows, where);
  return checkLoggedData(where, {
    rows,
    arms,
    candidates: new Array<Int32Array>(rows).fill(all),
    chosen: Int32Array.from(log.items),
    rewards: Float64Array.from(log.clicks),
    propensities: Float64Array.from(log.propensities),
    contextDimension,
    contexts,
    armDimension: items?.width ?? 0,
    ...(items && { armFeatures: new Array<Float64Array>(rows).fill(items.features) }),
    positionCount: ranks.size,
    positions: Int32Array.from(log.positions, (position) => ranks.get(position)!),
  });
}

interface OpenBanditRows {
  readonly items: number[];
  readonly positions: number[];
  readonly clicks: number[];
  readonly propensities: number[];
  readonly users: CategoryColumn[];
}

/** A column of words, as numbers of the words in the order in which they came up. */
interface CategoryColumn {
  readonly place: number;
  readonly words: Map<string, number>;
  readonly codes: number[];
}

async function readRows(pieces: TextPieces, where: string): Promise<OpenBanditRows> {
  const rows = { items: [], positions: [], clicks: [], propensities: [] } as Record<
    "items" | "positions" | "clicks" | "propensities",
    number[]
  >;
  const users: CategoryColumn[] = [];
  let head: CsvRecord | undefined;
  let columns: number[] = [];
  for await (const record of readCsv(pieces, where)) {
    if (!head) {
      head = record;
      const names = ["item_id", "position", "click", "propensity_score"];
      columns = names.map((name) => placeOf(record, name, where));
      record.fields.forEach((name, place) => {
        if (/^user_feature_\d+$/.test(name)) users.push({ place, words: new Map(), codes: [] });
      });
      continue;
    }
    checkWidth(record, head, where);
    const [item, position, click, propensity] = columns as [number, number, number, number];
    rows.items.push(
      readNumber(record, item, head, where, isItem, `a whole item from 0 to ${LAST_ITEM}`),
    );
    rows.positions.push(
      readNumber(record, position, head, where, Number.isSafeInteger, "a whole position"),
    );
    rows.clicks.push(readNumber(record, click, head, where, Number.isFinite, "a finite reward"));
    rows.propensities.push(
      readNumber(record, propensity, head, where, isPropensity, "a propensity above 0, at most 1"),
    );
    for (const column of users) column.codes.push(codeOf(column, record.fields[column.place]!));
  }
  if (rows.items.length === 0) {
    throw new ValidationError(`${where}: a head and at least one row were expected, got none`);
  }
  return { ...rows, users };
}

/** Items are arms: a larger one is damage, and would ask for gigabytes of arms that nobody ever saw. */
const LAST_ITEM = 2 ** 20 - 1;

function isItem(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= LAST_ITEM;
}

/** Bytes that one-hot contexts may take: a feature that differs from row to row would ask for the square of the rows. */
const LARGEST_CONTEXTS = 2 ** 31;

function isPropensity(value: number): boolean {
  return value > 0 && value <= 1;
}

function encodeUsers(
  users: readonly CategoryColumn[],
  rows: number,
  where: string,
): { contexts: Uint8Array; contextDimension: number } {
  // The first of the sorted words is what the intercept stands for.
  const starts: number[] = [];
  let contextDimension = 0;
  const ranks = users.map(({ words }) => {
    starts.push(contextDimension);
    contextDimension += words.size - 1;
    return rankWords(words);
  });
  if (rows * contextDimension > LARGEST_CONTEXTS) {
    throw new ValidationError(
      `${where}: user features with few different values were expected, got ${contextDimension} values in ${rows} rows; leave out columns such as user ids`,
    );
  }
  const contexts = new Uint8Array(rows * contextDimension);
  users.forEach(({ codes }, u) => {
    codes.forEach((code, row) => {
      const rank = ranks[u]![code]!;
      if (rank > 0) contexts[row * contextDimension + starts[u]! + rank - 1] = 1;
    });
  });
  return { contexts, contextDimension };
}

async function readItems(
  pieces: TextPieces,
  where: string,
): Promise<{ count: number; width: number; features: Float64Array }> {
  const records: CsvRecord[] = [];
  for await (const record of readCsv(pieces, where)) records.push(record);
  const [head, ...lines] = records;
  if (!head || lines.length === 0) {
    throw new ValidationError(`${where}: a head and at least one item were expected, got none`);
  }
  const id = placeOf(head, "item_id", where);
  const number = placeOf(head, "item_feature_0", where);
  const columns: CategoryColumn[] = [];
  head.fields.forEach((name, place) => {
    if (/^item_feature_[1-9]\d*$/.test(name)) columns.push({ place, words: new Map(), codes: [] });
  });
  const width = columns.length + 1;
  const features = new Float64Array(lines.length * width);
  lines.forEach((record, item) => {
    checkWidth(record, head, where);
    const isNext = (value: number): boolean => value === item;
    readNumber(record, id, head, where, isNext, `item ${item}, in order from 0,`);
    for (const column of columns) column.codes.push(codeOf(column, record.fields[column.place]!));
    features[item * width + width - 1] = readNumber(
      ...([record, number, head, where] as const),
      Number.isFinite,
      "a finite number",
    );
  });
  columns.forEach(({ words, codes }, c) => {
    const ranks = rankWords(words);
    codes.forEach((code, item) => {
      features[item * width + c] = ranks[code]!;
    });
  });
  return { count: lines.length, width, features };
}

function codeOf({ words }: CategoryColumn, word: string): number {
  const known = words.get(word);
  if (known !== undefined) return known;
  words.set(word, words.size);
  return words.size - 1;
}

// Rank in sorted order of every word, by its code.
function rankWords(words: ReadonlyMap<string, number>): Int32Array {
  const ranks = new Int32Array(words.size);
  [...words.keys()].sort().forEach((word, rank) => {
    ranks[words.get(word)!] = rank;
  });
  return ranks;
}

function placeOf(head: CsvRecord, name: string, where: string): number {
  const place = head.fields.indexOf(name);
  if (place >= 0) return place;
  throw new ValidationError(
    `${where}: line ${head.line}: a column ${name} was expected, got ${head.fields.slice(0, 8).join(", ")}`,
    { where: `line ${head.line}` },
  );
}

function checkWidth(record: CsvRecord, head: CsvRecord, where: string): void {
  if (record.fields.length === head.fields.length) return;
  throw new ValidationError(
    `${where}: line ${record.line}: ${head.fields.length} fields as in the head were expected, got ${record.fields.length}`,
    { where: `line ${record.line}` },
  );
}

function readNumber(
  record: CsvRecord,
  place: number,
  head: CsvRecord,
  where: string,
  fits: (value: number) => boolean,
  wanted: string,
): number {
  const text = record.fields[place]!;
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (fits(value)) return value;
  throw new ValidationError(
    `${where}: line ${record.line}: ${wanted} was expected in ${head.fields[place]}, got "${text}"`,
    { where: `line ${record.line}` },
  );
}
