/** Text as it may stand in markup and in attributes, whoever wrote it. */
export function escapeMarkup(text: string): string {
  const entities: Record<string, string> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&#39;",
  };
  // XML has no way to write control characters and halves of surrogate pairs; marks of direction would turn what
  // follows around.
  return text
    .replaceAll(/[\p{Cc}\p{Cs}\uFFFE\uFFFF\u202A-\u202E\u2066-\u2069]/gu, "\uFFFD")
    .replaceAll(/[&<>"']/g, (character) => entities[character]!);
}

/** The beginning of a text, with a sign where it was cut; never half a character. */
export function shorten(text: string, most: number): string {
  const start = text.slice(0, 2 * most + 2);
  const characters = Array.from(start);
  if (characters.length <= most && start.length === text.length) return text;
  return `${characters.slice(0, Math.max(1, most - 1)).join("")}…`;
}

/** A coordinate with as many digits as a screen shows. */
export function coordinate(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** About how wide a text is in the charts' 12 pixel letters: no browser is asked, so rather too wide. */
export function estimateTextWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    if (character > "\u2E7F") width += 12.5;
    else if (/[A-Z%mwMW@<>&+=#~_]/.test(character)) width += 9;
    else if (/[ .,:;'|ijlIt!()]/.test(character)) width += 4.2;
    else width += 6.9;
  }
  return width;
}
