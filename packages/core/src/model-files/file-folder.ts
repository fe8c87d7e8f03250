import { EdgewrightError } from "../errors.js";
import { type ByteSource, blobSource, bytesSource } from "./byte-source.js";
import { fileSource } from "./file-source.js";

/** Files that belong together, by name: a folder, a repository. */
export interface FileFolder {
  /** Named in messages. */
  readonly name: string;
  /** Opens a file; undefined where there is none of this name. */
  open(file: string, signal?: AbortSignal): Promise<ByteSource | undefined>;
}

/** Files in memory, or `File`s that a user chose, as a {@link FileFolder}. */
export function filesFolder(
  files: Readonly<Record<string, Uint8Array | ArrayBuffer | Blob>>,
  name = "files",
): FileFolder {
  return {
    name,
    async open(file) {
      const found = Object.hasOwn(files, file) ? files[file] : undefined;
      if (found === undefined) return undefined;
      return found instanceof Blob ? blobSource(found, file) : bytesSource(found, file);
    },
  };
}

/** A folder on disk, in Node, Deno and Bun. */
export function diskFolder(path: string): FileFolder {
  return {
    name: path,
    async open(file) {
      try {
        return await fileSource(`${path}/${file}`);
      } catch (error) {
        const { cause } = error as { cause?: { code?: string } };
        if (EdgewrightError.isInstance(error) && cause?.code === "ENOENT") return undefined;
        throw error;
      }
    },
  };
}
