import { UnsupportedError, ValidationError } from "../../errors.js";

/** What a checked `tokenizer.json` says, as far as it is needed outside its reader. */
export interface CheckedTokenizer {
  /** Highest id of all tokens, plus 1. */
  readonly vocabSize: number;
  readonly added: readonly {
    readonly id: number;
    readonly content: string;
    readonly special: boolean;
  }[];
}

type Json = Readonly<Record<string, unknown>>;

const LARGEST_ID = 2 ** 24;
const LARGEST_PATTERN = 4000;
const LARGEST_GROWTH = 64;
const LARGEST_DEPTH = 32;

/**
 * Checks the content of a `tokenizer.json` before its reader sees it, so that a damaged or hostile one can
 * neither hang nor exhaust it: ids within bounds and used once, merges of tokens into tokens, patterns that
 * cannot backtrack exponentially, replacements that cannot grow a text without bound.
 *
 * @throws ValidationError naming what is wrong.
 * @throws UnsupportedError for a model that is neither BPE nor Unigram nor WordPiece.
 */
export function checkTokenizerJson(tokenizer: Json): CheckedTokenizer {
  const model = objectAt(tokenizer.model, "model");
  const ids = new Set<number>();
  const tokens = new Set<string>();
  if (model.type === "Unigram") {
    checkPieces(model.vocab, tokens);
    for (let id = 0; id < tokens.size; id++) ids.add(id);
  } else if (model.type === undefined || model.type === "BPE" || model.type === "WordPiece") {
    checkVocabulary(model.vocab, ids, tokens);
    const marked = typeof model.continuing_subword_prefix === "string";
    if (model.type !== "WordPiece") checkMerges(model.merges, tokens, marked);
  } else {
    throw new UnsupportedError(
      `createTokenizer: expected a model of BPE, Unigram or WordPiece, got ${String(model.type)}`,
    );
  }
  const added = checkAddedTokens(tokenizer.added_tokens, tokens);
  for (const { id } of added) ids.add(id);
  const steps = { normalizer: tokenizer.normalizer, pre_tokenizer: tokenizer.pre_tokenizer };
  let growth = 1;
  walk({ ...steps, decoder: tokenizer.decoder }, 0, (one) => {
    if (typeof one.Regex === "string") checkPattern(one.Regex);
    if (one.type === "Replace") growth *= growthOf(one);
    if (growth > LARGEST_GROWTH) {
      throw fault(`replacements may lengthen a text more than ${LARGEST_GROWTH} times`);
    }
  });
  walk({ post_processor: tokenizer.post_processor }, 0, () => undefined);
  let vocabSize = 0;
  for (const id of ids) vocabSize = Math.max(vocabSize, id + 1);
  // The reader keeps a list by id: gaps would make it as long as the largest id says.
  if (vocabSize > 2 * ids.size + 65536) {
    throw fault(`${ids.size} tokens have ids up to ${vocabSize - 1}`);
  }
  return { vocabSize, added };
}

function checkVocabulary(vocab: unknown, ids: Set<number>, tokens: Set<string>): void {
  for (const [token, id] of Object.entries(objectAt(vocab, "model.vocab"))) {
    if (!isId(id)) throw fault(`token ${JSON.stringify(token)} has the id ${String(id)}`);
    if (ids.has(id)) throw fault(`two tokens have the id ${id}`);
    ids.add(id);
    tokens.add(token);
  }
  if (ids.size === 0) throw fault("model.vocab is empty");
}

function checkPieces(vocab: unknown, tokens: Set<string>): void {
  if (!Array.isArray(vocab) || vocab.length === 0) throw fault("model.vocab must be a list");
  vocab.forEach((entry, at) => {
    const [token, score] = Array.isArray(entry) ? (entry as unknown[]) : [];
    if (typeof token !== "string" || typeof score !== "number") {
      throw fault(`entry ${at} of model.vocab must be a text and a score`);
    }
    if (tokens.has(token)) throw fault(`the token ${JSON.stringify(token)} is there twice`);
    tokens.add(token);
  });
}

// A merge makes a token out of two shorter ones, so a chain of merges cannot come back to where it began.
function checkMerges(merges: unknown, tokens: ReadonlySet<string>, marked: boolean): void {
  if (!Array.isArray(merges)) throw fault("model.merges must be a list");
  const asPairs = Array.isArray(merges[0]);
  merges.forEach((merge: unknown, at) => {
    const pair = asPairs ? merge : typeof merge === "string" ? merge.split(" ", 3) : undefined;
    const [left, right, more] = Array.isArray(pair) ? (pair as unknown[]) : [];
    if (typeof left !== "string" || typeof right !== "string" || more !== undefined) {
      throw fault(`merge ${at} must be two tokens`);
    }
    if (left === "" || right === "" || !tokens.has(left) || !tokens.has(right)) {
      throw fault(`merge ${at} joins ${JSON.stringify([left, right])}, which are not both tokens`);
    }
    if (!marked && !tokens.has(left + right)) {
      throw fault(`merge ${at} makes ${JSON.stringify(left + right)}, which is no token`);
    }
  });
}

function checkAddedTokens(added: unknown, tokens: Set<string>): CheckedTokenizer["added"] {
  if (!Array.isArray(added)) throw fault("added_tokens must be a list");
  return added.map((one: unknown, at) => {
    const { id, content, special } = objectAt(one, `added_tokens[${at}]`);
    if (!isId(id) || typeof content !== "string" || content === "") {
      throw fault(`added_tokens[${at}] must have an id and a content`);
    }
    tokens.add(content);
    return { id, content, special: special === true };
  });
}

/**
 * Refuses patterns in which what repeats without bound holds something that repeats without bound:
 * `(a+)+` takes exponential time on a text that almost fits.
 */
function checkPattern(pattern: string): void {
  if (pattern.length > LARGEST_PATTERN) {
    throw fault(`a pattern of ${pattern.length} characters is longer than ${LARGEST_PATTERN}`);
  }
  const open: boolean[] = []; // for every open group, whether something in it repeats
  let repeats = false;
  let justClosed = false;
  let inClass = false;
  for (let at = 0; at < pattern.length; at++) {
    const char = pattern[at]!;
    const closed = justClosed;
    justClosed = false;
    if (char === "\\") at++;
    else if (inClass) inClass = char !== "]";
    else if (char === "[") inClass = true;
    else if (char === "(") {
      open.push(repeats);
      repeats = false;
    } else if (char === ")") {
      justClosed = repeats; // a group that repeats inside
      repeats = (open.pop() ?? false) || repeats;
    } else if (char === "*" || char === "+" || /^\{\d*,\d*\}/.test(pattern.slice(at, at + 24))) {
      if (closed) throw fault(`the pattern ${JSON.stringify(pattern)} repeats what repeats`);
      repeats = true;
    }
  }
}

function growthOf(replace: Json): number {
  const { pattern, content } = replace;
  const given = typeof pattern === "object" && pattern !== null ? (pattern as Json) : {};
  const from = typeof given.String === "string" ? Math.max(1, given.String.length) : 1;
  return Math.max(1, (typeof content === "string" ? content.length : 0) / from);
}

function walk(value: unknown, depth: number, visit: (one: Json) => void): void {
  if (typeof value !== "object" || value === null) return;
  if (depth > LARGEST_DEPTH) throw fault(`steps are nested more than ${LARGEST_DEPTH} deep`);
  if (!Array.isArray(value)) visit(value as Json);
  for (const one of Object.values(value)) walk(one, depth + 1, visit);
}

function isId(value: unknown): value is number {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value < LARGEST_ID;
}

function objectAt(value: unknown, path: string): Json {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  throw fault(`${path} must be an object`);
}

function fault(what: string): ValidationError {
  return new ValidationError(`createTokenizer: tokenizer.json: ${what}`, {
    where: "tokenizer.json",
  });
}
