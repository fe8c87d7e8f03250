import { EdgewrightError, ValidationError } from "@edgewright/core";

/**
 * The SHA-256 that a caller expects, as hexadecimal digits: given as such, or as in the `integrity` attribute of HTML
 * (`sha256-` and base64).
 *
 * @throws EdgewrightError `invalid-argument` for anything else.
 */
export function parseIntegrity(integrity: string): string {
  const text = integrity.trim();
  if (/^(sha256[:-])?[0-9a-fA-F]{64}$/.test(text)) return text.slice(-64).toLowerCase();
  const base64 = /^sha256-([A-Za-z0-9+/]{43}=)$/.exec(text)?.[1];
  if (base64 === undefined) {
    throw new EdgewrightError(
      "invalid-argument",
      `integrity must be sha256- and base64, or 64 hexadecimal digits, got ${JSON.stringify(integrity)}`,
    );
  }
  return [...atob(base64)].map((one) => one.charCodeAt(0).toString(16).padStart(2, "0")).join("");
}

/** The error for a file that is not the one that was promised. */
export function wrongHash(name: string, expected: string, got: string): ValidationError {
  return new ValidationError(
    `${name} is not the file that was expected: its SHA-256 is ${got}, it should be ${expected}`,
    { where: name },
  );
}
