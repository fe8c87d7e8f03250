import { ValidationError } from "@edgewright/core";
import { plainBytes } from "./message-reader.js";

/**
 * Bytes of the files that hold a model's large tensors: a map or record by the location that the
 * model names, or a function that answers it.
 */
export type ExternalData =
  | ReadonlyMap<string, Uint8Array>
  | Readonly<Record<string, Uint8Array>>
  | ((location: string) => Uint8Array | undefined);

/** Where the model says a tensor's bytes are. */
export interface ExternalReference {
  readonly location: string;
  readonly offset: number;
  /** `undefined`: as many as the tensor's shape needs. */
  readonly length: number | undefined;
}

/**
 * Reads the key-value list of `TensorProto.external_data`.
 *
 * @throws ValidationError when the location is missing or leaves the model's folder (callers pass it
 * to a file system), or when offset or length is not a number of bytes.
 */
export function externalReference(
  entries: ReadonlyMap<string, string>,
  tensorName: string,
): ExternalReference {
  const location = entries.get("location") ?? "";
  const escapes = location.split(/[\\/]/).includes("..") || /^([\\/]|[A-Za-z]:)/.test(location);
  if (location === "" || escapes || location.includes("\0")) {
    throw new ValidationError(
      `tensor "${tensorName}": external data location "${location}" must be a relative path inside the model's folder`,
      { where: tensorName },
    );
  }
  return {
    location,
    offset: byteCount(entries.get("offset") ?? "0", "offset", tensorName),
    length: entries.has("length")
      ? byteCount(entries.get("length")!, "length", tensorName)
      : undefined,
  };
}

/**
 * The bytes an external tensor needs, as a view of what the caller supplied.
 *
 * @throws ValidationError when the file is not supplied or shorter than the model claims.
 */
export function externalBytes(
  reference: ExternalReference,
  externalData: ExternalData | undefined,
  byteLength: number,
  tensorName: string,
): Uint8Array {
  const { location, offset } = reference;
  const file = lookUp(externalData, location);
  if (!(file instanceof Uint8Array)) {
    throw new ValidationError(
      `tensor "${tensorName}": its data is in the file "${location}"; pass its bytes as externalData: { "${location}": bytes }`,
      { where: tensorName },
    );
  }
  const length = reference.length ?? byteLength;
  if (length !== byteLength) {
    throw new ValidationError(
      `tensor "${tensorName}": its shape needs ${byteLength} bytes, the model places ${length} in "${location}"`,
      { where: tensorName },
    );
  }
  if (offset + length > file.byteLength) {
    throw new ValidationError(
      `tensor "${tensorName}": bytes ${offset} to ${offset + length} of "${location}" are asked for, the file has ${file.byteLength}`,
      { where: tensorName },
    );
  }
  return plainBytes(file).subarray(offset, offset + length);
}

function lookUp(externalData: ExternalData | undefined, location: string): unknown {
  if (externalData === undefined) return undefined;
  if (typeof externalData === "function") return externalData(location);
  if (externalData instanceof Map) return externalData.get(location);
  const record = externalData as Readonly<Record<string, Uint8Array>>;
  return Object.hasOwn(record, location) ? record[location] : undefined;
}

function byteCount(text: string, what: string, tensorName: string): number {
  const count = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(count)) {
    throw new ValidationError(
      `tensor "${tensorName}": external data ${what} "${text}" is not a number of bytes`,
      { where: tensorName },
    );
  }
  return count;
}
