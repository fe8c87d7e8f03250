import type { ChartOptions } from "./chart-frame.js";
import { chartStyle } from "./chart-style.js";
import { escapeMarkup } from "./markup.js";

/**
 * A picture on the page: drawn for wide screens and for phones, where letters must not shrink with it.
 *
 * @param isWhole whether it has the page's whole width on large screens, where it is drawn a third time
 */
export function renderFigure(
  title: string,
  note: string,
  draw: (options: ChartOptions) => string,
  isWhole = false,
): string {
  const draws = (width: number, height: number): string =>
    draw({ title, width, height }).replace(`<style>${chartStyle()}</style>\n`, "");
  return `<figure${isWhole ? ' class="whole"' : ""}>
<figcaption><b>${escapeMarkup(title)}</b> ${escapeMarkup(note)}</figcaption>
${isWhole ? `<div class="on-large">${draws(1090, 300)}</div>\n` : ""}<div class="on-wide">${draws(isWhole ? 700 : 530, 300)}</div>
<div class="on-narrow">${draws(330, 260)}</div>
</figure>`;
}

/** A column of a table. */
export interface Column<Row> {
  readonly name: string;
  /** @default "number" */
  readonly kind?: "text" | "number";
  /** Left out on phones. @default false */
  readonly minor?: boolean;
  cell(row: Row): string;
}

/** A table whose cells are text from anywhere. */
export function renderTable<Row>(
  caption: string,
  columns: readonly Column<Row>[],
  rows: readonly Row[],
): string {
  const classOf = ({ kind = "number", minor = false }: Column<Row>): string => {
    const names = [...(kind === "number" ? ["number"] : []), ...(minor ? ["minor"] : [])];
    return names.length === 0 ? "" : ` class="${names.join(" ")}"`;
  };
  const head = columns.map(
    (column) => `<th scope="col"${classOf(column)}>${escapeMarkup(column.name)}</th>`,
  );
  const body = rows.map((row) => {
    const cells = columns.map((column, i) => {
      const text = `<bdi>${escapeMarkup(column.cell(row))}</bdi>`;
      return i === 0
        ? `<th scope="row"${classOf(column)}>${text}</th>`
        : `<td${classOf(column)}>${text}</td>`;
    });
    return `<tr>${cells.join("")}</tr>`;
  });
  return `<table>
<caption>${escapeMarkup(caption)}</caption>
<thead><tr>${head.join("")}</tr></thead>
<tbody>
${body.join("\n")}
</tbody>
</table>`;
}

/** Figures with their names, as cards. */
export function renderCards(cards: readonly (readonly [string, string, string?])[]): string {
  const items = cards.map(
    ([name, value, note]) =>
      `<div><dt>${escapeMarkup(name)}</dt><dd>${escapeMarkup(value)}${note === undefined ? "" : `<small>${escapeMarkup(note)}</small>`}</dd></div>`,
  );
  return `<dl class="cards">${items.join("")}</dl>`;
}
