/** A token that is recognised in a text by its name. */
export interface NamedToken {
  readonly text: string;
  readonly id: number;
}

/**
 * Splits a text at the names of tokens, the longest name first where several fit: texts between them, and the
 * tokens' ids. Texts are never empty.
 */
export function splitAtTokens(text: string, named: readonly NamedToken[]): (string | number)[] {
  if (named.length === 0 || text === "") return text === "" ? [] : [text];
  const ids = new Map<string, number>();
  for (const { text: name, id } of named) if (!ids.has(name)) ids.set(name, id);
  const names = [...ids.keys()].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(names.map(escapeForPattern).join("|"), "gu");
  const parts: (string | number)[] = [];
  let from = 0;
  for (const match of text.matchAll(pattern)) {
    if (match.index > from) parts.push(text.slice(from, match.index));
    parts.push(ids.get(match[0])!);
    from = match.index + match[0].length;
  }
  if (from < text.length) parts.push(text.slice(from));
  return parts;
}

function escapeForPattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
}
