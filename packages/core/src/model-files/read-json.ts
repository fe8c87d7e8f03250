import { ValidationError } from "../errors.js";
import type { ByteSource } from "./byte-source.js";

/** More than any tokenizer or configuration has; the largest tokenizer.json known are some 35 MB. */
const LARGEST = 2 ** 28;

/**
 * Reads a JSON file that holds an object.
 *
 * @throws ValidationError when it is no JSON, or no object.
 */
export async function readJson(
  source: ByteSource,
  signal?: AbortSignal,
): Promise<Readonly<Record<string, unknown>>> {
  const fault = (what: string, cause?: unknown): ValidationError =>
    new ValidationError(`readJson: ${source.name}: ${what}`, { cause, where: source.name });
  if (source.size > LARGEST) throw fault(`${source.size} bytes are too many for a description`);
  const bytes = await source.read(0, source.size, signal);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw fault("it is no JSON", cause);
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw fault("expected a JSON object");
}
