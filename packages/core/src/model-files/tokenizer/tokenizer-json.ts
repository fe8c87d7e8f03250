import { EdgewrightError, ValidationError } from "../../errors.js";
import type { TokenizerJsonData } from "../tokenizer-data.js";
import { checkTokenizerJson } from "./check-tokenizer-json.js";
import { endTokenNames } from "./end-token-names.js";
import type { DecodeOptions, EncodeOptions, Tokenizer, TokenStream } from "./tokenizer.js";

type Json = Readonly<Record<string, unknown>>;

const BROKEN = "\ufffd";
/** Tokens that may be needed until a character is whole; behind more, U+FFFD is what the text says. */
const LONGEST_CHARACTER = 8;

/**
 * Makes the tokenizer of a `tokenizer.json` through `@huggingface/tokenizers`, which is loaded when this is called.
 *
 * Texts come back as the tokens have them: spaces before punctuation are not tidied up, whatever the
 * configuration says.
 *
 * @throws ValidationError when the file contradicts itself or could hang its reader.
 */
export async function createJsonTokenizer(data: TokenizerJsonData): Promise<Tokenizer> {
  const { vocabSize, added } = checkTokenizerJson(data.tokenizer);
  const config = data.config ?? {};
  const { Tokenizer: Reader } = await import("@huggingface/tokenizers");
  const build = (tokenizer: Json): InstanceType<typeof Reader> => {
    try {
      return new Reader(tokenizer, config);
    } catch (cause) {
      throw unreadable(cause);
    }
  };
  const reader = build(data.tokenizer);
  let careful: InstanceType<typeof Reader> | undefined; // knows no special token by name
  const specials = added.filter((one) => one.special);
  const hiddenIds = new Set(specials.map((one) => one.id));

  const idOfToken = (name: string): number | undefined => reader.token_to_id(name);
  const bos = tokenOf(config.bos_token, idOfToken);
  const eos = tokenOf(config.eos_token, idOfToken);
  const ends = new Set([...(eos === undefined ? [] : [eos]), ...(data.otherEnds ?? [])]);
  const named = new Map(added.map((one) => [one.content, one.id]));
  for (const name of endTokenNames()) if (named.has(name)) ends.add(named.get(name)!);
  const asTrained = attempt(() => reader.encode("a").ids);
  const addBos = bos !== undefined && (config.add_bos_token === true || asTrained[0] === bos);
  // Behind a token of a text, no reader takes a space off: what a token adds to it is the token's own text.
  const anchor = attempt(() => reader.encode("a", { add_special_tokens: false }).ids).at(-1);

  function textOf(ids: number[], special: boolean): string {
    if (ids.length === 0) return "";
    const options = { skip_special_tokens: !special, clean_up_tokenization_spaces: false };
    return attempt(() => reader.decode(ids, options));
  }

  function check(id: number): void {
    if (Number.isInteger(id) && id >= 0 && id < vocabSize) return;
    throw new EdgewrightError(
      "invalid-argument",
      `tokenizer: expected a token from 0 to ${vocabSize - 1}, got ${id}`,
    );
  }

  function decodeStream(options: DecodeOptions = {}): TokenStream {
    const { start = false, special = false } = options;
    // What was given out last stands before what comes, so that both are decoded in their place.
    let before: number[] = start || anchor === undefined ? [] : [anchor];
    let waiting: number[] = [];
    const take = (): string => {
      const known = textOf(before, special);
      const text = textOf([...before, ...waiting], special).slice(known.length);
      // A token without a text of its own may still be the one that a space was taken off.
      before = text === "" ? [...before, ...waiting].slice(-LONGEST_CHARACTER) : waiting;
      waiting = [];
      return text;
    };
    return {
      push(id) {
        check(id);
        if (!special && hiddenIds.has(id)) return "";
        waiting.push(id);
        const text = textOf([...before, ...waiting], special);
        return text.endsWith(BROKEN) && waiting.length < LONGEST_CHARACTER ? "" : take();
      },
      end: take,
    };
  }

  function tokenText(id: number): string {
    check(id);
    const raw = reader.id_to_token(id) ?? "";
    if (named.has(raw) || anchor === undefined) return raw;
    const text = textOf([anchor, id], true).slice(textOf([anchor], true).length);
    return text === "" || text.includes(BROKEN) ? raw : text;
  }

  return {
    vocabSize,
    bos,
    eos,
    ends,
    chatTemplate: data.chatTemplate,
    encode(text: string, options: EncodeOptions = {}) {
      const { bos: begin = addBos, special = false } = options;
      const hidden = !special && specials.some((one) => text.includes(one.content));
      if (hidden) {
        careful ??= build({
          ...data.tokenizer,
          added_tokens: (data.tokenizer.added_tokens as Json[]).filter(
            (one) => one.special !== true,
          ),
        });
      }
      const used = hidden ? careful! : reader;
      const ids = attempt(() => used.encode(text, { add_special_tokens: false }).ids);
      // A reader without a token for the unknown leaves out what it cannot write.
      const known = ids.filter((id) => id !== undefined && id !== null);
      return begin && bos !== undefined ? [bos, ...known] : known;
    },
    decode(sequence: Iterable<number>, options: DecodeOptions = {}) {
      const { start = true, special = false } = options;
      const ids = [...sequence];
      for (const id of ids) check(id);
      if (start || anchor === undefined) return textOf(ids, special);
      return textOf([anchor, ...ids], special).slice(textOf([anchor], special).length);
    },
    decodeStream,
    tokenText,
    idOf(text: string) {
      const id = idOfToken(text);
      if (id !== undefined && tokenText(id) === text) return id;
      // Behind a token of a text, as above: readers may put a space before a text.
      const ids = attempt(() => reader.encode(`a${text}`, { add_special_tokens: false }).ids);
      const last = ids.at(-1);
      return last !== undefined && ids.length === 2 && tokenText(last) === text ? last : undefined;
    },
  };
}

function tokenOf(token: unknown, idOf: (name: string) => number | undefined): number | undefined {
  if (typeof token === "string") return idOf(token);
  const content = (token as Json | null | undefined)?.content;
  return typeof content === "string" ? idOf(content) : undefined;
}

function attempt<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw unreadable(cause);
  }
}

function unreadable(cause: unknown): ValidationError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ValidationError(`createTokenizer: tokenizer.json cannot be used: ${reason}`, {
    cause,
    where: "tokenizer.json",
  });
}
