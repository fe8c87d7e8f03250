import { EdgewrightError, ValidationError } from "../../errors.js";
import type { SentencePieceData } from "../tokenizer-data.js";
import { endTokenNames } from "./end-token-names.js";
import { mergeSymbols } from "./merge-queue.js";
import { splitAtTokens } from "./split-at-tokens.js";
import type { DecodeOptions, EncodeOptions, Tokenizer, TokenStream } from "./tokenizer.js";

const SPACE = "\u2581";
const NORMAL = 1;
const CONTROL = 3;
const USER_DEFINED = 4;
const UNUSED = 5;
const BYTE = 6;

/**
 * Makes the tokenizer of a SentencePiece byte-pair model: of two possible merges that with the higher score
 * comes first, what no token writes falls back to bytes. Agrees with llama2.c and with llama.cpp's `llama`
 * vocabulary.
 *
 * @example
 * ```ts
 * const tokenizer = createSentencePieceTokenizer(data);
 * tokenizer.decode(tokenizer.encode("Once upon a time")); // "Once upon a time"
 * ```
 *
 * @throws ValidationError when scores, types or special tokens do not fit the tokens.
 */
export function createSentencePieceTokenizer(data: SentencePieceData): Tokenizer {
  checkData(data);
  const { tokens, scores, bos, eos, unknown, addSpacePrefix, addBos, chatTemplate } = data;
  const types = Uint8Array.from(data.types, (type) => Math.min(Math.max(type, 0), 255));
  // Vocabularies are large: what a token is worth is looked up, rather than kept as an object and a text each.
  const ids = new Map<string, number>(); // of pieces that merging may make
  const others: number[] = []; // tokens whose text does not lead to them by way of `ids`
  const bytes = new Int32Array(256).fill(-1);
  const named: { text: string; id: number; always: boolean }[] = [];
  tokens.forEach((token, id) => {
    const type = types[id]!;
    const byte = type === BYTE ? byteOf(token) : -1;
    if (byte >= 0) bytes[byte] = id;
    if (isPlain(type)) {
      const earlier = ids.get(token);
      if (earlier !== undefined) others.push(earlier);
      if (token.includes(" ")) others.push(id);
      ids.set(token, id);
    } else others.push(id);
    if ((type === CONTROL || type === USER_DEFINED) && token !== "") {
      named.push({ text: textOf(token, type), id, always: type === USER_DEFINED });
    }
  });
  const scoreOf = (text: string): number | undefined => {
    const id = ids.get(text);
    return id === undefined ? undefined : scores[id]!;
  };
  const encoder = new TextEncoder();
  const ends = new Set([...(eos === undefined ? [] : [eos]), ...(data.otherEnds ?? [])]);
  const endNames = endTokenNames();
  for (const { text, id, always } of named) if (!always && endNames.includes(text)) ends.add(id);

  function encodePlain(text: string, out: number[]): void {
    for (const symbol of mergeSymbols([...text.replaceAll(" ", SPACE)], scoreOf)) {
      const id = ids.get(symbol);
      if (id !== undefined) {
        out.push(id);
        continue;
      }
      for (const byte of encoder.encode(symbol)) {
        const fallback = bytes[byte]! >= 0 ? bytes[byte]! : unknown;
        if (fallback !== undefined) out.push(fallback);
      }
    }
  }

  function tokenAt(id: number): string {
    const token = tokens[id];
    if (token !== undefined) return token;
    throw new EdgewrightError(
      "invalid-argument",
      `tokenizer: expected a token from 0 to ${tokens.length - 1}, got ${id}`,
    );
  }

  // The first token that is shown so: most by what merging looks up already, the few others one by one.
  function idOf(text: string): number | undefined {
    const shownSo = (id: number): boolean => textOf(tokens[id]!, types[id]!) === text;
    const found = others.filter(shownSo);
    const merged = ids.get(text.replaceAll(" ", SPACE));
    if (merged !== undefined && shownSo(merged)) found.push(merged);
    return found.length === 0 ? undefined : found.reduce((a, b) => Math.min(a, b));
  }

  function decodeStream(options: DecodeOptions = {}): TokenStream {
    const { start = false, special = false } = options;
    let strip = start && addSpacePrefix;
    let pending: TextDecoder | undefined; // while a character is not whole
    const flush = (): string => {
      const rest = pending ? pending.decode() : "";
      pending = undefined;
      return rest;
    };
    return {
      push(id) {
        const token = tokenAt(id);
        const type = types[id]!;
        const byte = type === BYTE ? byteOf(token) : -1;
        if (byte >= 0) {
          strip = false;
          if (!pending && byte < 0x80) return String.fromCharCode(byte);
          pending ??= new TextDecoder("utf-8", { ignoreBOM: true });
          return pending.decode(Uint8Array.of(byte), { stream: true });
        }
        const plain = isPlain(type);
        if (!plain && !(special && type !== UNUSED)) return "";
        const text = textOf(token, type);
        const cut = strip && plain && text.startsWith(" ");
        if (plain) strip = false;
        return flush() + (cut ? text.slice(1) : text);
      },
      end: flush,
    };
  }

  return {
    vocabSize: tokens.length,
    bos,
    eos,
    ends,
    chatTemplate,
    encode(text: string, options: EncodeOptions = {}) {
      const { bos: begin = addBos, special = false } = options;
      const out: number[] = [];
      if (begin && bos !== undefined) out.push(bos);
      const known = special ? named : named.filter((one) => one.always);
      // As llama.cpp does, a text behind a special token begins with a space, too.
      let prefix = addSpacePrefix;
      for (const part of splitAtTokens(text, known)) {
        if (typeof part === "number") {
          out.push(part);
          prefix = addSpacePrefix;
        } else {
          encodePlain((prefix ? " " : "") + part, out);
          prefix = false;
        }
      }
      return out;
    },
    decode(sequence: Iterable<number>, options: DecodeOptions = {}) {
      const stream = decodeStream({ start: true, ...options });
      let text = "";
      for (const id of sequence) text += stream.push(id);
      return text + stream.end();
    },
    decodeStream,
    tokenText: (id: number) => textOf(tokenAt(id), types[id]!),
    idOf,
  };
}

function isPlain(type: number): boolean {
  return type === NORMAL || type === USER_DEFINED;
}

/** A token as it is shown. */
function textOf(token: string, type: number): string {
  return isPlain(type) ? token.replaceAll(SPACE, " ") : token;
}

function byteOf(token: string): number {
  const hex = /^<0x([0-9A-Fa-f]{2})>$/.exec(token)?.[1];
  return hex === undefined ? -1 : Number.parseInt(hex, 16);
}

function checkData(data: SentencePieceData): void {
  const { tokens, scores, types } = data;
  const where = "createSentencePieceTokenizer";
  if (tokens.length === 0) throw new ValidationError(`${where}: expected tokens, got none`);
  if (scores.length !== tokens.length || types.length !== tokens.length) {
    throw new ValidationError(
      `${where}: expected a score and a type for each of ${tokens.length} tokens, got ${scores.length} ` +
        `scores and ${types.length} types`,
    );
  }
  const special = { bos: data.bos, eos: data.eos, unknown: data.unknown };
  for (const [name, id] of Object.entries(special)) {
    if (id === undefined || (Number.isInteger(id) && id >= 0 && id < tokens.length)) continue;
    throw new ValidationError(`${where}: ${name} must be below ${tokens.length}, got ${id}`);
  }
}
