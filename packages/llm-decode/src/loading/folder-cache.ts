import { EdgewrightError, UnsupportedError } from "@edgewright/core";
import { type ByteSource, createSha256, fileSource } from "@edgewright/core/model-files";
import type { ModelCache } from "./model-cache.js";
import { type NodeFiles, nodeCacheFolder, nodeFiles, nodeProcessId } from "./node-platform.js";

/**
 * A {@link ModelCache} in a folder on disk, in Node, Deno and Bun. Files are written under another name and renamed
 * when they are whole, so that a crash leaves no half model behind.
 *
 * @param folder where; the user's folder for caches unless given, or what the variable `EDGEWRIGHT_CACHE` says
 * @throws UnsupportedError in browsers.
 */
export function createFolderCache(folder: string = `${nodeCacheFolder()}/models`): ModelCache {
  const files = nodeFiles();
  if (!files) {
    throw new UnsupportedError(
      "createFolderCache: there are no folders here; use createBrowserCache",
    );
  }
  let attempts = 0;
  const pathOf = (key: string): string => `${folder}/${fileNameOf(key)}`;
  return {
    async open(key) {
      const path = pathOf(key);
      const tag = await files.readFile(`${path}.tag`, "utf8").catch(() => undefined);
      if (tag === undefined) return undefined; // the tag is written last
      const source = await fileSource(path).catch(() => undefined);
      return source && { source, tag: tag === "" ? undefined : tag };
    },
    async store(key, stream, tag): Promise<ByteSource> {
      const path = pathOf(key);
      const part = `${path}.${nodeProcessId()}-${attempts++}.part`;
      try {
        await files.mkdir(folder, { recursive: true });
        await writeStream(files, part, stream);
        await files.rm(`${path}.tag`, { force: true, recursive: true });
        await files.rename(part, path);
        await files.writeFile(`${path}.tag`, tag ?? "");
      } catch (cause) {
        await files.rm(part, { force: true, recursive: true }).catch(() => undefined);
        if (EdgewrightError.isInstance(cause)) throw cause;
        throw new EdgewrightError("unavailable", `${folder} cannot keep ${key}: ${String(cause)}`, {
          cause,
        });
      }
      return fileSource(path);
    },
    async remove(key) {
      for (const path of [`${pathOf(key)}.tag`, pathOf(key)]) {
        await files.rm(path, { force: true, recursive: true });
      }
    },
  };
}

async function writeStream(
  files: NodeFiles,
  path: string,
  stream: ReadableStream<Uint8Array>,
): Promise<void> {
  const reader = stream.getReader();
  const file = await files.open(path, "w");
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      for (let at = 0; at < value.length; ) {
        at += (await file.write(value.subarray(at))).bytesWritten;
      }
    }
  } finally {
    await file.close();
    await reader.cancel().catch(() => undefined);
  }
}

// A readable name, told from others by its hash: keys may hold what no file name may.
function fileNameOf(key: string): string {
  const hash = createSha256();
  hash.update(new TextEncoder().encode(key));
  const name =
    key
      .replace(/[?#].*$/, "")
      .split("/")
      .at(-1) ?? "";
  return `${hash.digest().slice(0, 20)}-${name.replace(/[^A-Za-z0-9._-]/g, "_").slice(-80)}`;
}
