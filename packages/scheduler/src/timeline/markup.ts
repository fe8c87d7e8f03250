/** Text as it may stand in markup and in attributes. */
export function escapeMarkup(text: string): string {
  const entities: Record<string, string> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
  };
  return text.replaceAll(/[&<>"]/g, (character) => entities[character]!);
}

/** A coordinate with as many digits as a screen shows. */
export function coordinate(value: number): string {
  return String(Math.round(value * 100) / 100);
}
