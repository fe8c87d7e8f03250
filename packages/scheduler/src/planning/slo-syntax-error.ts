import { ValidationError } from "@edgewright/core";

const WINDOW = 72;

/** Where a text of objectives stops making sense, what was expected there, and a picture of it. */
export class SloSyntaxError extends ValidationError {
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 code units. */
  readonly column: number;
  /** What would have been right there. */
  readonly expected: readonly string[];

  /** @param offset where in `text` the fault lies */
  constructor(text: string, offset: number, expected: readonly string[], found: string) {
    const before = text.slice(0, offset);
    const line = before.split("\n").length;
    const start = before.lastIndexOf("\n") + 1;
    const column = offset - start + 1;
    const wanted = expected.length > 1 ? `one of ${expected.join(", ")}` : expected.join("");
    const where = `line ${line}, column ${column}`;
    super(
      `parseSlos: ${where}: ${wanted} was expected, got ${found}\n${drawCaret(text, start, offset)}`,
      { where },
    );
    this.name = "SloSyntaxError";
    this.line = line;
    this.column = column;
    this.expected = expected;
  }
}

// The line with a caret under the place; of a long line the part around it.
function drawCaret(text: string, start: number, offset: number): string {
  const end = text.indexOf("\n", offset);
  const line = text.slice(start, end < 0 ? text.length : end).replaceAll(/[\t\r]/g, " ");
  const at = offset - start;
  const from = Math.max(0, Math.min(at - WINDOW / 2, line.length - WINDOW));
  return `  ${line.slice(from, from + WINDOW)}\n  ${" ".repeat(at - from)}^`;
}
