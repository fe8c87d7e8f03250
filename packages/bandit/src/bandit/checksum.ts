/**
 * FNV-1a, 32 bits, of JSON-able data (Fowler, Noll and Vo; IETF draft-eastlake-fnv), as eight hexadecimal digits.
 * It sees values as JSON has them and keys in alphabetical order: stores that order keys anew do no damage.
 */
export function checksum(data: unknown): string {
  let hash = 0x811c9dc5;
  const add = (text: string): void => {
    for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  };
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) {
      add("[");
      for (const item of value) {
        visit(item);
        add(",");
      }
    } else if (typeof value === "object" && value !== null) {
      const fields = value as { readonly [key: string]: unknown };
      add("{");
      for (const key of Object.keys(fields).sort()) {
        if (fields[key] === undefined) continue;
        add(JSON.stringify(key));
        visit(fields[key]);
        add(",");
      }
    } else {
      add(JSON.stringify(value) ?? "null");
    }
  };
  visit(data);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
