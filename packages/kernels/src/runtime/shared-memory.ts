import { ValidationError } from "@edgewright/core";

const IMPORT_SECTION = 2;
const MEMORY_KIND = 2;
const HAS_MAXIMUM = 1;
const SHARED = 2;

/**
 * Sets whether a module imports a shared memory, by rewriting one flag byte of its import section.
 *
 * The kernels touch memory in the same way in both cases, so one binary serves threads and no threads.
 * The memory must be the module's only import, as it is in ours.
 *
 * @returns a changed copy
 * @throws ValidationError when the bytes are not such a module.
 */
export function withSharedMemory(bytes: Uint8Array, shared: boolean): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes);
  let at = 8; // behind the magic number and the version
  while (at < copy.length) {
    const id = copy[at++];
    const [size, body] = readLeb(copy, at);
    if (id === IMPORT_SECTION) {
      let field = readLeb(copy, body)[1]; // behind the number of imports
      for (let name = 0; name < 2; name++) {
        const [length, start] = readLeb(copy, field);
        field = start + length;
      }
      if (copy[field] === MEMORY_KIND) {
        copy[field + 1] = HAS_MAXIMUM | (shared ? SHARED : 0);
        return copy;
      }
      break;
    }
    at = body + size;
  }
  throw new ValidationError("withSharedMemory: expected a module whose only import is a memory");
}

function readLeb(bytes: Uint8Array, at: number): [value: number, next: number] {
  let value = 0;
  let shift = 0;
  for (;;) {
    const byte = bytes[at++] ?? 0;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return [value >>> 0, at];
    shift += 7;
  }
}
