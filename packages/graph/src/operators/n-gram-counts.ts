import { packNumbers } from "./element-values.js";
import {
  type HostOperator,
  invalidNode,
  type OperatorContext,
  type OperatorEntry,
  shapeError,
  unsupportedNode,
} from "./host-operator.js";
import {
  floatsAttribute,
  intAttribute,
  intsAttribute,
  stringAttribute,
} from "./node-attributes.js";
import { readIntegers, requireInput } from "./operator-inputs.js";

/** `TfIdfVectorizer` over integers: how often known n-grams occur. */
export function nGramOperators(): OperatorEntry[] {
  return [{ opType: "TfIdfVectorizer", since: 9, run: runTfIdfVectorizer }];
}

const runTfIdfVectorizer: HostOperator = (inputs, context) => {
  const x = requireInput(inputs, 0, context);
  const { node } = context;
  if (node.attributes.has("pool_strings"))
    throw unsupportedNode(context, "strings are not supported");
  const longest = requireInt("max_gram_length", context);
  const shortest = requireInt("min_gram_length", context);
  const maxSkip = requireInt("max_skip_count", context);
  const columns = intsAttribute(node, "ngram_indexes") ?? [];
  const weights = floatsAttribute(node, "weights");
  const mode = stringAttribute(node, "mode", "TF");
  if (mode !== "TF" && mode !== "IDF" && mode !== "TFIDF") {
    throw invalidNode(context, `mode is TF, IDF or TFIDF, got "${mode}"`);
  }
  const known = readPool(columns, context);
  if (x.shape.length < 1 || x.shape.length > 2) {
    throw shapeError(context, `takes [c] or [n, c], got [${x.shape.join(", ")}]`);
  }
  const width = x.shape.at(-1)!;
  const rows = x.shape.length === 1 ? 1 : x.shape[0]!;
  const size = Math.max(-1, ...columns) + 1;
  const counts = new Float64Array(rows * size);
  const words = readIntegers(x);
  for (let row = 0; row < rows; row++) {
    const line = words.slice(row * width, (row + 1) * width);
    for (let n = shortest; n <= longest; n++) {
      // Without a gap between words there is only one way to read single words.
      for (let skip = 0; skip <= (n === 1 ? 0 : maxSkip); skip++) {
        const step = skip + 1;
        for (let first = 0; first + (n - 1) * step < width; first++) {
          const gram = Array.from({ length: n }, (_, k) => line[first + k * step]);
          const entry = known.get(gram.join());
          if (entry !== undefined) counts[row * size + columns[entry]!]!++;
        }
      }
    }
  }
  if (mode !== "TF") weighCounts(counts, size, columns, weights, mode);
  const shape = x.shape.length === 1 ? [size] : [rows, size];
  return [packNumbers("f32", shape, counts, context)];
};

function weighCounts(
  counts: Float64Array,
  size: number,
  columns: readonly number[],
  weights: readonly number[] | undefined,
  mode: "IDF" | "TFIDF",
): void {
  const byColumn = new Float64Array(size).fill(1);
  for (const [entry, column] of columns.entries()) byColumn[column] = weights?.[entry] ?? 1;
  for (let i = 0; i < counts.length; i++) {
    const count = mode === "IDF" ? Math.min(1, counts[i]!) : counts[i]!;
    counts[i] = count * byColumn[i % size]!;
  }
}

// The pool lists all 1-grams, then all 2-grams, ...; ngram_counts says where each length begins.
function readPool(columns: readonly number[], context: OperatorContext): Map<string, number> {
  const pool = intsAttribute(context.node, "pool_int64s") ?? [];
  const starts = intsAttribute(context.node, "ngram_counts") ?? [];
  const known = new Map<string, number>();
  for (const [i, start] of starts.entries()) {
    const n = i + 1;
    const end = starts[n] ?? pool.length;
    if (start > end || end > pool.length || (end - start) % n !== 0) {
      throw invalidNode(
        context,
        `ngram_counts [${starts.join(", ")}] do not fit ${pool.length} words`,
      );
    }
    for (let at = start; at < end; at += n) known.set(pool.slice(at, at + n).join(), known.size);
  }
  if (known.size > columns.length) {
    throw invalidNode(context, `${known.size} n-grams, but ${columns.length} indexes`);
  }
  return known;
}

function requireInt(name: string, context: OperatorContext): number {
  const value = intAttribute(context.node, name, -1);
  if (value < 0) throw invalidNode(context, `attribute ${name} is missing or negative`);
  return value;
}
