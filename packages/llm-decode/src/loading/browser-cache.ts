import { EdgewrightError, UnsupportedError } from "@edgewright/core";
import { type ByteSource, blobSource } from "@edgewright/core/model-files";
import type { ModelCache } from "./model-cache.js";

const TAG = "x-edgewright-tag";

/**
 * A {@link ModelCache} in the browser's own storage (the Cache API), shared by the pages and workers of an origin. What
 * comes back is read from disk a range at a time.
 *
 * @param name of the cache, as developer tools show it
 * @throws UnsupportedError where there is no such storage: in Node, and on pages that are not served securely.
 */
export function createBrowserCache(name = "edgewright-models"): ModelCache {
  const { caches } = globalThis as { caches?: CacheStorage };
  if (!caches) {
    throw new UnsupportedError(
      "createBrowserCache: there is no Cache API here; serve the page by https or from localhost",
    );
  }
  // Keys become addresses that no server has: entries are found by them alone.
  const addressOf = (key: string): string => `https://models.invalid/${encodeURIComponent(key)}`;
  const open = async (
    key: string,
  ): Promise<{ source: ByteSource; tag: string | undefined } | undefined> => {
    const response = await (await caches.open(name)).match(addressOf(key));
    if (!response) return undefined;
    const tag = response.headers.get(TAG);
    return { source: blobSource(await response.blob(), key), tag: tag ?? undefined };
  };
  return {
    open,
    async store(key, stream, tag) {
      let fault: unknown;
      const reader = stream.getReader();
      // The Cache API says of a stream that fails no more than that it did.
      const watched = new ReadableStream<Uint8Array>({
        async pull(controller) {
          try {
            const { done, value } = await reader.read();
            if (done) controller.close();
            else controller.enqueue(value);
          } catch (cause) {
            fault = cause;
            controller.error(cause);
          }
        },
        cancel: (reason) => reader.cancel(reason),
      });
      const headers = tag === undefined ? {} : { [TAG]: tag };
      try {
        const cache = await caches.open(name);
        await cache.put(addressOf(key), new Response(watched, { headers }));
      } catch (cause) {
        fault ??= cause;
      }
      const stored = fault === undefined ? await open(key) : undefined;
      if (stored) return stored.source;
      if (EdgewrightError.isInstance(fault)) throw fault;
      throw new EdgewrightError(
        "unavailable",
        `the browser cannot keep ${key}: ${String(fault ?? "it is gone at once")}`,
        { cause: fault },
      );
    },
    async remove(key) {
      await (await caches.open(name)).delete(addressOf(key));
    },
  };
}
