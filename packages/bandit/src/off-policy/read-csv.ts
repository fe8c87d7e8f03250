import { ValidationError } from "@edgewright/core";
import { splitLines } from "../log/split-lines.js";

/** One record of a CSV file. */
export interface CsvRecord {
  /** Line it begins on, from 1. */
  readonly line: number;
  readonly fields: readonly string[];
}

/** Where CSV comes from: pieces of text or bytes cut anywhere. */
export type TextPieces = Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

/**
 * The records of a CSV file one after another, as RFC 4180 has it: fields in quotes may hold commas, line breaks and
 * doubled quotes. A byte order mark and empty lines mean nothing.
 *
 * @param where what is read, for messages
 *
 * @throws ValidationError that names the line where a quote does not end or text follows one
 */
export async function* readCsv(
  pieces: TextPieces,
  where: string,
): AsyncGenerator<CsvRecord, void, undefined> {
  let number = 0;
  let begun: { line: number; text: string } | undefined;
  for await (const raw of splitLines(pieces)) {
    number++;
    let text = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
    if (number === 1 && text.startsWith("\ufeff")) text = text.slice(1);
    const record = begun
      ? { line: begun.line, text: `${begun.text}\n${text}` }
      : { line: number, text };
    if (!record.text.includes('"')) {
      if (text !== "") yield { line: number, fields: text.split(",") };
      continue;
    }
    const fields = splitQuoted(record.text, `${where}: line ${record.line}`);
    begun = fields ? undefined : record;
    if (fields) yield { line: record.line, fields };
  }
  if (begun) {
    throw new ValidationError(`${where}: line ${begun.line}: a quote that does not end`, {
      where: `line ${begun.line}`,
    });
  }
}

// Undefined when a quote is still open: the record goes on in the next line.
function splitQuoted(text: string, where: string): string[] | undefined {
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    let field = "";
    if (text[at] === '"') {
      at++;
      for (;;) {
        const end = text.indexOf('"', at);
        if (end < 0) return undefined;
        field += text.slice(at, end);
        at = end + 1;
        if (text[at] !== '"') break;
        field += '"';
        at++;
      }
      if (at < text.length && text[at] !== ",") {
        throw new ValidationError(`${where}: a comma was expected after a quote, got ${text[at]}`);
      }
    } else {
      const end = text.indexOf(",", at);
      field = text.slice(at, end < 0 ? text.length : end);
      at += field.length;
    }
    fields.push(field);
    if (at >= text.length) return fields;
    at++;
  }
}
