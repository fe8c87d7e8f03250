import { EdgewrightError, throwIfAborted, UnsupportedError, ValidationError } from "../errors.js";
import { type ByteSource, checkRange } from "./byte-source.js";
import { type NodeFileSystem, nodeBuiltin } from "./node-builtins.js";

/**
 * A {@link ByteSource} over a file on disk, in Node, Deno and Bun. Nothing is read before it is asked for, and no
 * file stays open.
 *
 * @throws EdgewrightError `unavailable` when there is no such file or it cannot be read.
 * @throws UnsupportedError in browsers: give them a `File`.
 */
export async function fileSource(path: string): Promise<ByteSource> {
  const files = nodeBuiltin<NodeFileSystem>("node:fs/promises");
  if (!files) {
    throw new UnsupportedError(
      `fileSource: there are no file paths here (got ${JSON.stringify(path)}); give bytes, a File or a URL`,
    );
  }
  const size = await sizeOfFile(files, path);
  const readInto = async (
    target: Uint8Array,
    begin: number,
    signal?: AbortSignal,
  ): Promise<void> => {
    const where = `read of ${path}`;
    throwIfAborted(signal, where);
    checkRange(path, begin, begin + target.length, size);
    const handle = await guarded(path, () => files.open(path, "r"));
    try {
      for (let at = 0; at < target.length; ) {
        const length = Math.min(target.length - at, 2 ** 26);
        const { bytesRead } = await guarded(path, () =>
          handle.read(target, at, length, begin + at),
        );
        if (bytesRead === 0) {
          throw new ValidationError(`${path}: the file has become shorter while it was read`);
        }
        at += bytesRead;
        throwIfAborted(signal, where);
      }
    } finally {
      await handle.close();
    }
  };
  return {
    name: path,
    size,
    readInto,
    async read(begin, end, signal) {
      checkRange(path, begin, end, size);
      const bytes = new Uint8Array(end - begin);
      await readInto(bytes, begin, signal);
      return bytes;
    },
  };
}

async function sizeOfFile(files: NodeFileSystem, path: string): Promise<number> {
  const about = await guarded(path, () => files.stat(path));
  if (about.isFile()) return about.size;
  throw new ValidationError(`fileSource: ${path} is no file`, { where: path });
}

async function guarded<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const { code } = cause as { code?: string };
    const reason = code === "ENOENT" ? "there is no such file" : String(cause);
    throw new EdgewrightError("unavailable", `fileSource: ${path}: ${reason}`, {
      cause,
      where: path,
    });
  }
}
