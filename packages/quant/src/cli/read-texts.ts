import { readFileSync } from "node:fs";
import { ValidationError } from "@edgewright/core";
import type { Tokenizer } from "@edgewright/core/model-files";

/** How a text file becomes texts. */
export interface ReadTextsOptions {
  readonly separator: string | undefined;
  /** Tokens of a text at most. */
  readonly length: number;
  /** Texts at most. */
  readonly texts: number;
}

/**
 * The token ids of a file's texts, each beginning as the model was trained to begin.
 *
 * @throws ValidationError for a file that holds none
 */
export function readTexts(
  path: string,
  tokenizer: Tokenizer,
  { separator, length, texts }: ReadTextsOptions,
): number[][] {
  const content = readFileSync(path, "utf8");
  const found =
    separator === undefined
      ? cutIntoPieces(content, tokenizer, length, texts)
      : content
          .split(separator)
          .filter((text) => text.trim() !== "")
          .slice(0, texts)
          .map((text) => tokenizer.encode(text).slice(0, length));
  const usable = found.filter((text) => text.length >= 2);
  if (usable.length > 0) return usable;
  throw new ValidationError(`${path}: expected a text of at least two tokens`);
}

function cutIntoPieces(
  content: string,
  tokenizer: Tokenizer,
  length: number,
  texts: number,
): number[][] {
  const begin = tokenizer.encode("");
  const step = length - begin.length;
  // No token is shorter than a byte of UTF-8 or longer than some tens: enough text for all pieces is enough.
  const ids = tokenizer.encode(content.slice(0, step * texts * 16), { bos: false });
  const pieces: number[][] = [];
  for (let at = 0; at < ids.length && pieces.length < texts; at += step) {
    pieces.push([...begin, ...ids.slice(at, at + step)]);
  }
  return pieces;
}
