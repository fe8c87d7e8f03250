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
  let open: OpenRecord | undefined;
  for await (const raw of splitLines(pieces)) {
    number++;
    let text = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
    if (number === 1 && text.startsWith("\ufeff")) text = text.slice(1);
    if (!open) {
      if (text === "") continue;
      if (!text.includes('"')) {
        yield { line: number, fields: text.split(",") };
        continue;
      }
      open = { line: number, fields: [], quoted: undefined };
    }
    if (!addLine(open, text, `${where}: line ${open.line}`)) continue;
    yield { line: open.line, fields: open.fields };
    open = undefined;
  }
  if (open) {
    throw new ValidationError(`${where}: line ${open.line}: a quote that does not end`, {
      where: `line ${open.line}`,
    });
  }
}

/** A record that is being read: its fields so far, and what stands in a quote that is still open. */
interface OpenRecord {
  readonly line: number;
  readonly fields: string[];
  quoted: string | undefined;
}

// Takes in a record's next line; false when a quote is open at its end. What was read is not read again: one stray
// quote in a file of millions of lines must not cost their square.
function addLine(record: OpenRecord, text: string, where: string): boolean {
  let at = 0;
  let field = record.quoted === undefined ? undefined : `${record.quoted}\n`;
  for (;;) {
    if (field === undefined && text[at] === '"') {
      field = "";
      at++;
    }
    if (field === undefined) {
      const end = text.indexOf(",", at);
      field = text.slice(at, end < 0 ? text.length : end);
      at += field.length;
    } else {
      for (;;) {
        const end = text.indexOf('"', at);
        if (end < 0) {
          record.quoted = field + text.slice(at);
          return false;
        }
        field += text.slice(at, end);
        at = end + 1;
        if (text[at] !== '"') break;
        field += '"';
        at++;
      }
      if (at < text.length && text[at] !== ",") {
        throw new ValidationError(`${where}: a comma was expected after a quote, got ${text[at]}`);
      }
    }
    record.fields.push(field);
    field = undefined;
    if (at >= text.length) return true;
    at++;
  }
}
