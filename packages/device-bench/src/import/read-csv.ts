import { ValidationError } from "@edgewright/core";

/** One line of a table with a header, its fields by column name. */
interface CsvRow {
  /** Line in the file, from 1. */
  readonly line: number;
  /** The field of a column, `""` when empty. */
  text(column: string): string;
  /** The field as a number from 0. @throws ValidationError with the line when it is no such number. */
  amount(column: string): number;
  /** The same, or `undefined` when the field is empty. */
  optionalAmount(column: string): number | undefined;
}

/** A table as text, its header apart. */
export interface CsvTable {
  readonly columns: readonly string[];
  readonly rows: readonly CsvRow[];
}

/**
 * Reads comma-separated values with a header (RFC 4180: fields in double quotes may hold commas, line
 * breaks and doubled quotes).
 *
 * @param file named in errors
 * @throws ValidationError with the line of a row that has another number of fields than the header.
 */
export function readCsv(text: string, file: string): CsvTable {
  const [header, ...records] = splitRecords(text, file);
  if (!header) throw fault(file, 1, "a header was expected, the file is empty");
  const columns = header.fields;
  const indices = new Map(columns.map((name, i) => [name, i]));
  const rows = records.map(({ line, fields }): CsvRow => {
    if (fields.length !== columns.length) {
      throw fault(
        file,
        line,
        `${columns.length} fields were expected, as in the header, got ${fields.length}`,
      );
    }
    const textOf = (column: string): string => {
      const index = indices.get(column);
      if (index === undefined) throw fault(file, 1, `there is no column "${column}"`);
      return fields[index]!;
    };
    const amountOf = (column: string): number => {
      const field = textOf(column);
      const value = field.trim() === "" ? Number.NaN : Number(field);
      if (Number.isFinite(value) && value >= 0) return value;
      throw fault(file, line, `column ${column}: a number from 0 was expected, got "${field}"`);
    };
    return {
      line,
      text: textOf,
      amount: amountOf,
      optionalAmount: (column) => (textOf(column) === "" ? undefined : amountOf(column)),
    };
  });
  return { columns, rows };
}

/** An error that names the file and the line. */
export function fault(file: string, line: number, message: string): ValidationError {
  const where = `${file}:${line}`;
  return new ValidationError(`readCsv: ${where}: ${message}`, { where });
}

interface CsvRecord {
  readonly line: number;
  readonly fields: readonly string[];
}

function splitRecords(text: string, file: string): CsvRecord[] {
  const records: CsvRecord[] = [];
  let line = 1;
  let at = text.startsWith("\ufeff") ? 1 : 0;
  while (at < text.length) {
    const start = line;
    const fields: string[] = [];
    for (;;) {
      let field = "";
      if (text[at] === '"') {
        at++;
        for (;;) {
          const close = text.indexOf('"', at);
          if (close < 0) throw fault(file, start, "a quoted field is not closed");
          field += text.slice(at, close);
          at = close + 1;
          if (text[at] !== '"') break;
          field += '"';
          at++;
        }
        line += field.split("\n").length - 1;
      }
      const end = endOfField(text, at);
      field += text.slice(at, end);
      fields.push(field.endsWith("\r") ? field.slice(0, -1) : field);
      at = end + 1;
      if (text[end] !== ",") break;
    }
    line++;
    if (fields.length > 1 || fields[0] !== "") records.push({ line: start, fields });
  }
  return records;
}

function endOfField(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    if (text[at] === "," || text[at] === "\n") return at;
  }
  return text.length;
}
