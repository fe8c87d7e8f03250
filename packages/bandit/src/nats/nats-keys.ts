/**
 * A name in a bucket for any key: letters, digits, `_` and `-` stay, all else becomes `=xx` of its UTF-8. No key is a
 * wildcard or has levels.
 */
export function natsKeyOf(key: string): string {
  let name = "";
  for (const byte of new TextEncoder().encode(key)) {
    const letter = String.fromCharCode(byte);
    name += /[A-Za-z0-9_-]/.test(letter) ? letter : `=${byte.toString(16).padStart(2, "0")}`;
  }
  return name;
}
