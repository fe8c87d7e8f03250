import type { SnapshotStore } from "./snapshot-store.js";
import {
  checkExpected,
  checkKey,
  checkRevision,
  closedError,
  decodeStoredValue,
  encodeStoredValue,
} from "./stored-json.js";

/**
 * A store in memory: for tests, and for members of a fleet within one process.
 *
 * @example
 * const store = createMemoryStore();
 * const revision = await store.save("counts", { a: 1 });
 * await store.save("counts", { a: 2 }, { revision });
 * console.log((await store.load("counts"))?.value); // { a: 2 }
 */
export function createMemoryStore(): SnapshotStore {
  const entries = new Map<string, { readonly text: string; readonly revision: number }>();
  let revisions = 0;
  let closed = false;
  const begin = (where: string, key: string): void => {
    if (closed) throw closedError(where);
    checkKey(key, where);
  };
  return {
    async load(key) {
      begin("load", key);
      const entry = entries.get(key);
      if (!entry) return undefined;
      return { value: decodeStoredValue(entry.text, key), revision: entry.revision };
    },
    async save(key, value, { revision } = {}) {
      begin("save", key);
      checkRevision(revision, "save");
      // Text, as in every other store: a caller's later changes to the value stay the caller's.
      const text = encodeStoredValue(value, "save");
      checkExpected(key, revision, entries.get(key)?.revision);
      entries.set(key, { text, revision: ++revisions });
      return revisions;
    },
    async delete(key, { revision } = {}) {
      begin("delete", key);
      checkRevision(revision, "delete");
      checkExpected(key, revision ?? "any", entries.get(key)?.revision);
      entries.delete(key);
    },
    async close() {
      closed = true;
      entries.clear();
    },
  };
}
