/** Text as it may stand in markup and in attributes. */
export function escapeMarkup(text: string): string {
  const entities: Record<string, string> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
  };
  // XML has no way to write control characters and halves of surrogate pairs.
  return text
    .replaceAll(/[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu, "\uFFFD")
    .replaceAll(/[&<>"]/g, (character) => entities[character]!);
}

/** A coordinate with as many digits as a screen shows. */
export function coordinate(value: number): string {
  return String(Math.round(value * 100) / 100);
}
