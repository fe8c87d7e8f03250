import { EdgewrightError, ValidationError } from "@edgewright/core";
import { StoreConflictError } from "./store-conflict-error.js";

const LONGEST_KEY = 128;

/** @throws EdgewrightError `invalid-argument` for a key that stores do not take */
export function checkKey(key: string, where: string): void {
  if (typeof key !== "string" || key.length === 0 || key.length > LONGEST_KEY) {
    const came = typeof key === "string" ? `one of ${key.length}` : typeof key;
    throw refusal(`${where}: a key of 1 to ${LONGEST_KEY} characters was expected, got ${came}`);
  }
  // Half of a pair has no UTF-8, so that two keys would share one name.
  if (/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(key)) {
    throw refusal(
      `${where}: the key holds half of a surrogate pair; keys must be well-formed text`,
    );
  }
}

/** @throws EdgewrightError `invalid-argument` for an expected revision that no store gave out */
export function checkRevision(revision: number | "any" | undefined, where: string): void {
  if (revision === undefined || revision === "any") return;
  if (!Number.isSafeInteger(revision) || revision < 1) {
    throw refusal(
      `${where}: a revision as load or save told it was expected, got ${String(revision)}`,
    );
  }
}

/** @throws StoreConflictError when the revision that is there is not the expected one */
export function checkExpected(
  key: string,
  expected: number | "any" | undefined,
  current: number | undefined,
): void {
  if (expected === "any" || expected === current) return;
  throw new StoreConflictError(
    key,
    expected,
    current === undefined ? "nothing" : `revision ${current}`,
  );
}

/**
 * A value as JSON text.
 *
 * @throws EdgewrightError `invalid-argument` for what JSON would turn into something else: functions, numbers that are
 * not finite, gaps in lists, typed arrays, maps, sets. Fields of objects that are undefined are left out.
 */
export function encodeStoredValue(value: unknown, where: string): string {
  const refuse = (what: string): EdgewrightError =>
    refusal(`${where}: a JSON-able value was expected, got ${what}`);
  let text: string | undefined;
  try {
    text = JSON.stringify(value, function (this: unknown, key, part: unknown) {
      if (typeof part === "number" && !Number.isFinite(part)) throw refuse(`${part} at "${key}"`);
      if (typeof part === "function" || typeof part === "symbol") {
        throw refuse(`a ${typeof part} at "${key}"`);
      }
      if (part === undefined && Array.isArray(this))
        throw refuse(`undefined at "${key}" of a list`);
      if (ArrayBuffer.isView(part) || part instanceof Map || part instanceof Set) {
        throw refuse(`a ${part.constructor.name} at "${key}"; make it a plain list or object`);
      }
      return part;
    });
  } catch (cause) {
    if (EdgewrightError.isInstance(cause)) throw cause;
    throw new EdgewrightError(
      "invalid-argument",
      `${where}: a JSON-able value was expected: ${(cause as Error).message}`,
      { cause },
    );
  }
  if (text === undefined) throw refuse(typeof value);
  return text;
}

/**
 * The value of a JSON text.
 *
 * @param where the place that the text was read from, for the message of an error
 * @throws ValidationError when it is not JSON
 */
export function decodeStoredValue(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ValidationError(
      `${where}: the stored value is damaged: ${(cause as Error).message}; delete it or put a backup in its place`,
      { where, cause },
    );
  }
}

/** What a closed store answers. */
export function closedError(where: string): EdgewrightError {
  return new EdgewrightError("disposed", `${where}: the store is closed`);
}

function refusal(message: string): EdgewrightError {
  return new EdgewrightError("invalid-argument", message);
}
