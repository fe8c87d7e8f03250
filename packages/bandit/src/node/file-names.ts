import { createHash } from "node:crypto";

// File systems end at 255 bytes, with room for `.json`, `.lock` and the name of a temporary file.
const LONGEST_NAME = 160;

/**
 * A name for a key's files: small letters, digits, `_` and `-` stay, all else becomes `%xx` of its UTF-8, so that no
 * key reaches out of the folder and none meet on file systems that take `A` for `a`.
 */
export function fileNameOf(key: string): string {
  let name = "";
  for (const byte of Buffer.from(key, "utf8")) {
    const letter = String.fromCharCode(byte);
    name += /[a-z0-9_-]/.test(letter) ? letter : `%${byte.toString(16).padStart(2, "0")}`;
  }
  // Windows keeps names such as `con` for devices.
  if (/^(con|prn|aux|nul|com\d|lpt\d)$/.test(name)) name = `%${name}`;
  if (name.length <= LONGEST_NAME) return name;
  const digest = createHash("sha256").update(key).digest("hex");
  return `${name.slice(0, LONGEST_NAME - 65)}~${digest}`;
}
