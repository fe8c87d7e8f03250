import { SloSyntaxError } from "./slo-syntax-error.js";

/** A piece of a text of objectives. */
export interface SloToken {
  readonly kind: "word" | "number" | "string" | "comparison" | "percent" | "separator" | "end";
  /** As written. */
  readonly text: string;
  readonly offset: number;
}

const SPACE = /[ \t\r]*/y;
const PATTERNS: readonly (readonly [SloToken["kind"], RegExp])[] = [
  ["number", /(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y],
  ["word", /[\p{L}_][\p{L}\p{N}_.-]*/uy],
  ["string", /"(?:[^"\\\n]|\\[^\n])*"/y],
  ["comparison", /<=|>=|≤|≥/y],
  ["percent", /%/y],
  ["separator", /[;\n]/y],
];

/**
 * Cuts a text into pieces, the last of kind `end`.
 *
 * @throws SloSyntaxError at a character that begins no piece
 */
export function tokenizeSlos(text: string): SloToken[] {
  const tokens: SloToken[] = [];
  let offset = skipSpace(text, 0);
  while (offset < text.length) {
    const token = matchToken(text, offset);
    tokens.push(token);
    offset = skipSpace(text, offset + token.text.length);
  }
  tokens.push({ kind: "end", text: "", offset });
  return tokens;
}

function matchToken(text: string, offset: number): SloToken {
  for (const [kind, pattern] of PATTERNS) {
    pattern.lastIndex = offset;
    const match = pattern.exec(text);
    if (match) return { kind, text: match[0], offset };
  }
  const character = String.fromCodePoint(text.codePointAt(offset)!);
  if ("<>=".includes(character)) throw new SloSyntaxError(text, offset, ["<=", ">="], character);
  throw new SloSyntaxError(
    text,
    offset,
    ["a word", "a number", "<=", ">=", ";"],
    character === '"' ? "a quotation mark without its end" : JSON.stringify(character),
  );
}

function skipSpace(text: string, offset: number): number {
  SPACE.lastIndex = offset;
  SPACE.exec(text);
  return SPACE.lastIndex;
}
