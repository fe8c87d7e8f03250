import { arrayConstructor } from "../dtype.js";
import { ValidationError } from "../errors.js";
import {
  parseSafetensorsHeader,
  type SafetensorsEntry,
  safetensorsHeaderBytes,
} from "../safetensors-header.js";
import type { Tensor } from "../tensor.js";
import type { ByteSource } from "./byte-source.js";
import type { ReadOptions } from "./read-options.js";

/** A safetensors file of which the header has been read. */
export interface SafetensorsFile {
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  readonly metadata: Readonly<Record<string, string>>;
  /** Bytes of a tensor, a copy that is the caller's. */
  readBytes(name: string, signal?: AbortSignal): Promise<Uint8Array>;
  /**
   * Reads one tensor.
   *
   * @throws ValidationError where the file has no such tensor.
   */
  readTensor(name: string, signal?: AbortSignal): Promise<Tensor>;
  /**
   * Where a tensor's bytes lie in the file, for who reads a part of them.
   *
   * @throws as `readTensor`.
   */
  rangeOf(name: string): { readonly begin: number; readonly end: number };
  /** The file. */
  readonly source: ByteSource;
}

/**
 * Reads the header of a safetensors file, so that its tensors can be read one at a time: `readSafetensors` for files
 * that need not fit in memory.
 *
 * @throws ValidationError as `readSafetensors` does.
 */
export async function openSafetensors(
  source: ByteSource,
  options: ReadOptions = {},
): Promise<SafetensorsFile> {
  const { signal } = options;
  const head = await source.read(0, Math.min(8, source.size), signal);
  const begin = 8 + safetensorsHeaderBytes(head, source.size);
  const { entries, metadata } = parseSafetensorsHeader(
    await source.read(8, begin, signal),
    source.size - begin,
  );
  const entryOf = (name: string): SafetensorsEntry => {
    const entry = entries.get(name);
    if (entry) return entry;
    throw new ValidationError(`openSafetensors: ${source.name}: there is no tensor ${name}`, {
      where: name,
    });
  };
  const readBytes = async (name: string, readSignal = signal): Promise<Uint8Array> => {
    const { from, to } = entryOf(name);
    const bytes = new Uint8Array(to - from);
    if (source.readInto) await source.readInto(bytes, begin + from, readSignal);
    else bytes.set(await source.read(begin + from, begin + to, readSignal));
    return bytes;
  };
  return {
    source,
    rangeOf(name) {
      const { from, to } = entryOf(name);
      return { begin: begin + from, end: begin + to };
    },
    entries,
    metadata,
    readBytes,
    async readTensor(name, readSignal = signal) {
      const { dtype, shape } = entryOf(name);
      const { buffer } = await readBytes(name, readSignal);
      return { dtype, shape, data: new (arrayConstructor(dtype))(buffer) };
    },
  };
}
