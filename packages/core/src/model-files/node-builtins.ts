/** The parts of Node's file system that are used; declared here because a library for browsers has no types of it. */
export interface NodeFileSystem {
  stat(path: string): Promise<{ readonly size: number; isFile(): boolean }>;
  open(path: string, flags: string): Promise<NodeFileHandle>;
}

/** An open file of {@link NodeFileSystem}. */
interface NodeFileHandle {
  read(
    buffer: Uint8Array,
    offset: number,
    length: number,
    position: number,
  ): Promise<{ readonly bytesRead: number }>;
  close(): Promise<void>;
}

/**
 * A module of Node by name, undefined elsewhere. `process.getBuiltinModule` needs no import, so that bundlers for
 * browsers find nothing to resolve (Node from 20.16, Deno, Bun).
 */
export function nodeBuiltin<T>(name: string): T | undefined {
  const { process } = globalThis as {
    process?: { getBuiltinModule?: (name: string) => unknown };
  };
  return process?.getBuiltinModule?.(name) as T | undefined;
}
