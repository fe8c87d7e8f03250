import { ValidationError } from "@edgewright/core";

/** A table as text. */
export interface CsvTable {
  readonly columns: readonly string[];
  /** [rows, columns] */
  readonly rows: readonly (readonly string[])[];
}

/**
 * Reads comma-separated values with a line of names, as RFC 4180 has them: quotes around fields with commas, breaks or
 * doubled quotes in them.
 *
 * @throws ValidationError that names the line with too many or too few fields
 */
export function readCsv(text: string, where: string): CsvTable {
  const lines = splitFields(text.replace(/^\ufeff/, ""), where);
  const [columns, ...rows] = lines.filter((fields) => fields.length > 1 || fields[0] !== "");
  if (!columns || rows.length === 0) {
    throw new ValidationError(`${where}: a line of names and at least one row were expected`);
  }
  rows.forEach((row, i) => {
    if (row.length === columns.length) return;
    throw new ValidationError(
      `${where}: row ${i + 1} has ${row.length} fields, and there are ${columns.length} columns`,
    );
  });
  return { columns: columns.map((name) => name.trim()), rows };
}

function splitFields(text: string, where: string): string[][] {
  const lines: string[][] = [];
  let fields: string[] = [];
  // A field in quotes, or one up to the next comma or break; then what ends it.
  const field = /(?:"((?:[^"]|"")*)"|((?!")[^,\r\n]*))(,|\r?\n|\r|$)/y;
  for (let end = ","; ; ) {
    const match = field.exec(text);
    if (!match) {
      throw new ValidationError(
        `${where}: line ${lines.length + 1}: a quote is not closed, or stands alone`,
      );
    }
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2]!.trim());
    end = match[3]!;
    if (end === ",") continue;
    lines.push(fields);
    fields = [];
    if (end === "" || field.lastIndex === text.length) return lines;
  }
}
