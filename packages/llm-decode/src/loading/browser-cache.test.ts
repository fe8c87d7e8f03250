import { ValidationError } from "@edgewright/core";
import { describe, expect, test } from "vitest";
import { createBrowserCache } from "./browser-cache.js";

const here = "caches" in globalThis;

function streamOf(bytes: Uint8Array, fault?: Error): ReadableStream<Uint8Array> {
  return new ReadableStream({
    pull(controller) {
      controller.enqueue(bytes.slice());
      if (fault) controller.error(fault);
      else controller.close();
    },
  });
}

describe("the browser's cache", () => {
  test.skipIf(!here)("keeps whole files with their tags, and nothing of failed ones", async () => {
    const cache = createBrowserCache("edgewright-test");
    const bytes = Uint8Array.from({ length: 1000 }, (_, i) => i);
    await cache.remove("a/b?c");
    expect(await cache.open("a/b?c")).toBeUndefined();
    const stored = await cache.store("a/b?c", streamOf(bytes), '"one"');
    expect([...(await stored.read(10, 13))]).toEqual([10, 11, 12]);
    expect((await cache.open("a/b?c"))?.tag).toBe('"one"');
    expect((await cache.open("a/b?c"))?.source.size).toBe(1000);
    await cache.remove("a/b?c");
    const fault = new ValidationError("cut off in the middle");
    await expect(cache.store("x", streamOf(bytes, fault))).rejects.toThrow("cut off in the middle");
    expect(await cache.open("x")).toBeUndefined();
  });

  test.skipIf(here)("is not to be had in Node", () => {
    expect(() => createBrowserCache()).toThrow("there is no Cache API here");
  });
});
