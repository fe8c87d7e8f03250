import { EdgewrightError, UnsupportedError, ValidationError } from "@edgewright/core";
import type { SnapshotStore } from "./snapshot-store.js";
import {
  checkExpected,
  checkKey,
  checkRevision,
  closedError,
  decodeStoredValue,
  encodeStoredValue,
} from "./stored-json.js";

/** Options of {@link createIndexedDbStore}. */
export interface IndexedDbStoreOptions {
  /** Name of the database; it should hold nothing else. @default "edgewright-bandit" */
  readonly name?: string;
  /** How long to wait for the database, which other tabs may hold open in an older version, in milliseconds. @default 5000 */
  readonly openMs?: number;
  /** Where the database lies. @default globalThis.indexedDB */
  readonly factory?: IDBFactory;
}

const VERSION = 1;
const VALUES = "values";
const COUNTERS = "counters";
const REVISION = "revision";

interface Entry {
  readonly text: string;
  readonly revision: number;
}

/**
 * A store in the browser's IndexedDB, for pages and workers. All tabs and workers of an origin share it, and a save
 * compares and writes in one transaction, so that they lose nothing of each other's. The database is opened by the
 * first call, let go of when another tab wants to delete or upgrade it, and opened again when needed.
 *
 * @throws EdgewrightError `unavailable` where there is no IndexedDB
 *
 * @example
 * const store = createIndexedDbStore({ name: "my-app-bandit" });
 * await store.save("weights", [1, 2], { revision: "any" });
 * console.log((await store.load("weights"))?.value); // [1, 2]
 * await store.close();
 */
export function createIndexedDbStore(options: IndexedDbStoreOptions = {}): SnapshotStore {
  const { name = "edgewright-bandit", openMs = 5000 } = options;
  const factory = options.factory ?? globalThis.indexedDB;
  if (factory === undefined) {
    throw new EdgewrightError(
      "unavailable",
      "createIndexedDbStore: there is no IndexedDB here; use createMemoryStore, or createFileStore in Node",
    );
  }
  let opening: Promise<IDBDatabase> | undefined;
  let closed = false;

  const open = (): Promise<IDBDatabase> => {
    if (opening) return opening;
    const forget = (): void => {
      if (opening === mine) opening = undefined; // and not what another call has opened since
    };
    const mine = openDatabase(factory, name, openMs, forget);
    opening = mine;
    mine.catch(forget); // the next call tries again
    return mine;
  };

  const begin = async (
    where: string,
    key: string,
    mode: IDBTransactionMode,
  ): Promise<IDBTransaction> => {
    if (closed) throw closedError(where);
    checkKey(key, where);
    for (let attempt = 1; ; attempt++) {
      const opened = open();
      const database = await opened;
      if (closed) throw closedError(where);
      try {
        // Strict: what a save promised is on the disk.
        return database.transaction([VALUES, COUNTERS], mode, { durability: "strict" });
      } catch (error) {
        // Let go of between the two lines, for another tab's upgrade.
        if (opening === opened) opening = undefined;
        if (attempt === 2) throw describeFailure(error, where, name);
      }
    }
  };

  return {
    async load(key) {
      const transaction = await begin("load", key, "readonly");
      const found: unknown = await finish(transaction, "load", name, (result) => {
        const request = transaction.objectStore(VALUES).get(key);
        request.onsuccess = () => result(request.result);
      });
      const entry = checkEntry(found, key, name);
      if (!entry) return undefined;
      const place = placeOf(key, name);
      return { value: decodeStoredValue(entry.text, place), revision: entry.revision };
    },
    async save(key, value, { revision } = {}) {
      checkRevision(revision, "save");
      const text = encodeStoredValue(value, "save");
      const transaction = await begin("save", key, "readwrite");
      const values = transaction.objectStore(VALUES);
      const counters = transaction.objectStore(COUNTERS);
      return finish(transaction, "save", name, (result, fail) => {
        const current = values.get(key);
        const counter = counters.get(REVISION);
        // Requests of a transaction are answered in order: with the second, both are there.
        counter.onsuccess = () => {
          try {
            checkExpected(key, revision, readRevision(current.result, revision, key, name));
            const next =
              1 + (Number.isSafeInteger(counter.result) ? (counter.result as number) : 0);
            counters.put(next, REVISION);
            values.put({ text, revision: next } satisfies Entry, key);
            result(next);
          } catch (error) {
            fail(error);
          }
        };
      });
    },
    async delete(key, { revision } = {}) {
      checkRevision(revision, "delete");
      const transaction = await begin("delete", key, "readwrite");
      const values = transaction.objectStore(VALUES);
      await finish<void>(transaction, "delete", name, (result, fail) => {
        const current = values.get(key);
        current.onsuccess = () => {
          try {
            const expected = revision ?? "any";
            checkExpected(key, expected, readRevision(current.result, expected, key, name));
            values.delete(key);
            result();
          } catch (error) {
            fail(error);
          }
        };
      });
    },
    async close() {
      closed = true;
      const database = await opening?.catch(() => undefined);
      database?.close();
      opening = undefined;
    },
  };
}

function openDatabase(
  factory: IDBFactory,
  name: string,
  openMs: number,
  onGone: () => void,
): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let settled = false;
    const fail = (error: EdgewrightError): void => {
      settled = true;
      clearTimeout(timer);
      reject(error);
    };
    let request: IDBOpenDBRequest;
    try {
      request = factory.open(name, VERSION);
    } catch (error) {
      fail(describeFailure(error, "open", name));
      return;
    }
    request.onupgradeneeded = () => {
      for (const store of [VALUES, COUNTERS]) request.result.createObjectStore(store);
    };
    // Not at the `blocked` event: requests behind a blocked one wait without any.
    timer = setTimeout(() => {
      const message = `IndexedDB "${name}" did not open within ${openMs} ms; another tab may keep an older version open: close it and try again`;
      fail(new EdgewrightError("unavailable", message));
    }, openMs);
    request.onerror = () => {
      if (!settled) fail(describeFailure(request.error, "open", name));
    };
    request.onsuccess = () => {
      clearTimeout(timer);
      const database = request.result;
      if (settled) {
        database.close();
        return;
      }
      const names = database.objectStoreNames;
      if (!names.contains(VALUES) || !names.contains(COUNTERS)) {
        database.close();
        const message = `IndexedDB "${name}": the database is not one of this store; give the store a name of its own`;
        fail(new UnsupportedError(message));
        return;
      }
      database.onversionchange = () => {
        database.close();
        onGone();
      };
      database.onclose = onGone; // the browser took it away, as when site data is cleared
      resolve(database);
    };
  });
}

// Resolves when the transaction is through: only then is anything kept.
function finish<Result>(
  transaction: IDBTransaction,
  where: string,
  name: string,
  work: (result: (value: Result) => void, fail: (error: unknown) => void) => void,
): Promise<Result> {
  return new Promise((resolve, reject) => {
    let outcome: Result;
    let failure: unknown;
    transaction.oncomplete = () => resolve(outcome);
    transaction.onabort = () => reject(failure ?? describeFailure(transaction.error, where, name));
    work(
      (value) => {
        outcome = value;
      },
      (error) => {
        failure = EdgewrightError.isInstance(error) ? error : describeFailure(error, where, name);
        transaction.abort();
      },
    );
  });
}

function checkEntry(found: unknown, key: string, name: string): Entry | undefined {
  if (found === undefined) return undefined;
  const { text, revision } = (found ?? {}) as Partial<Entry>;
  if (typeof text === "string" && Number.isSafeInteger(revision)) return found as Entry;
  const where = placeOf(key, name);
  throw new ValidationError(
    `${where}: the stored value is damaged: a text with a revision was expected; delete it or put a backup in its place`,
    { where },
  );
}

// Who replaces whatever is there may replace what is damaged, too.
function readRevision(
  found: unknown,
  expected: number | "any" | undefined,
  key: string,
  name: string,
): number | undefined {
  return expected === "any" ? undefined : checkEntry(found, key, name)?.revision;
}

function placeOf(key: string, name: string): string {
  return `IndexedDB "${name}", key "${key}"`;
}

function describeFailure(error: unknown, where: string, name: string): EdgewrightError {
  const kind = (error as DOMException | null)?.name;
  const reason = (error as Error | null)?.message ?? "the transaction was stopped by the browser";
  if (kind === "QuotaExceededError") {
    const message = `${where}: IndexedDB "${name}" has no room: ${reason}. Free site data or ask for persistent storage`;
    return new EdgewrightError("limit-exceeded", message, { cause: error });
  }
  if (kind === "VersionError") {
    const message = `${where}: IndexedDB "${name}" is of a newer version than ${VERSION}, this library's: ${reason}`;
    return new UnsupportedError(message, { cause: error });
  }
  return new EdgewrightError("unavailable", `${where}: IndexedDB "${name}": ${reason}`, {
    cause: error,
  });
}
