import { createHash } from "node:crypto";
import { EdgewrightError, ValidationError } from "@edgewright/core";

const FORMAT = "edgewright-store";
const VERSION = 1;

/** What a file of the store says: a value as JSON text, or that there was one. */
export interface StoredFile {
  readonly revision: number;
  /** Undefined where the key was deleted: its revision lives on, so that none is given twice. */
  readonly text: string | undefined;
}

interface Head {
  readonly format: typeof FORMAT;
  readonly version: number;
  readonly key: string;
  readonly revision: number;
  /** SHA-256 of the second line, in hex; absent where the key was deleted. */
  readonly sha256?: string;
}

/** A file's text: a line that says what it is, and one with the value. */
export function formatStoredFile(key: string, { revision, text }: StoredFile): string {
  const head: Head = { format: FORMAT, version: VERSION, key, revision };
  if (text === undefined) return `${JSON.stringify(head)}\n`;
  return `${JSON.stringify({ ...head, sha256: sha256(text) })}\n${text}\n`;
}

/**
 * What a file says.
 *
 * @throws ValidationError that names the file when it is damaged, of another key, or of another version
 */
export function parseStoredFile(content: string, key: string, path: string): StoredFile {
  const refuse = (what: string): ValidationError =>
    new ValidationError(`${path}: ${what}; put a backup in its place, or delete it to begin anew`, {
      where: path,
    });
  const [first = "", text, end] = content.split("\n");
  let head: Partial<Head> | null;
  try {
    head = JSON.parse(first);
  } catch {
    throw refuse("the file is damaged: its first line is not JSON");
  }
  if (head?.format !== FORMAT) throw refuse("the file is not one of an Edgewright store");
  if (head.version !== VERSION) {
    throw refuse(`the file is of version ${head.version}, and this library reads ${VERSION}`);
  }
  if (head.key !== key)
    throw refuse(`the file holds key ${JSON.stringify(head.key)}, not "${key}"`);
  const { revision } = head;
  if (!Number.isSafeInteger(revision) || revision! < 1) {
    throw refuse(`the file is damaged: its revision is ${JSON.stringify(revision)}`);
  }
  if (head.sha256 === undefined) {
    if (content !== `${first}\n`) throw refuse("the file is damaged: a deleted key has a value");
    return { revision: revision!, text: undefined };
  }
  if (text === undefined || end !== "") throw refuse("the file is damaged: it was cut off");
  if (sha256(text) !== head.sha256) {
    throw refuse("the file is damaged: its value does not have the checksum of the first line");
  }
  return { revision: revision!, text };
}

/** A file system's error as one of ours: full disks and missing rights are told apart. */
export function describeFileFailure(error: unknown, path: string): EdgewrightError {
  if (EdgewrightError.isInstance(error)) return error;
  const { code = "", message } = error as NodeJS.ErrnoException;
  const full = ["ENOSPC", "EDQUOT", "EFBIG"].includes(code);
  return new EdgewrightError(full ? "limit-exceeded" : "unavailable", `${path}: ${message}`, {
    where: path,
    cause: error,
  });
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
