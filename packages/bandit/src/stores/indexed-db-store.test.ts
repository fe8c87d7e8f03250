import { afterEach, describe, expect, it } from "vitest";
import { createIndexedDbStore, type IndexedDbStoreOptions } from "./indexed-db-store.js";
import type { SnapshotStore } from "./snapshot-store.js";
import { describeStore } from "./snapshot-stores.test-support.js";
import { updateStore } from "./update-store.js";

const here = typeof indexedDB !== "undefined";
let names = 0;
const freshName = (): string => `test-${names++}`;
const answerOf = <Result>(request: IDBRequest<Result>): Promise<Result> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

describe.skipIf(here)("createIndexedDbStore without IndexedDB", () => {
  it("says what else there is", () => {
    expect(() => createIndexedDbStore()).toThrow(/no IndexedDB here.*createFileStore/);
  });
});

describe("createIndexedDbStore where databases are refused", () => {
  it("tries again with every call", async () => {
    let calls = 0;
    const open = (): never => {
      throw new DOMException(`refused ${++calls}`, "SecurityError");
    };
    const store = createIndexedDbStore({ factory: { open } as unknown as IDBFactory });
    await expect(store.load("key")).rejects.toThrow(/refused 1/);
    await expect(store.load("key")).rejects.toMatchObject({ code: "unavailable" });
    expect(calls).toBe(2);
    await store.close();
  });
});

describe.skipIf(!here)("createIndexedDbStore", () => {
  const stores: SnapshotStore[] = [];
  const holders: IDBDatabase[] = [];
  const open = (options: IndexedDbStoreOptions): SnapshotStore => {
    const store = createIndexedDbStore(options);
    stores.push(store);
    return store;
  };
  afterEach(async () => {
    for (const holder of holders.splice(0)) holder.close();
    for (const store of stores.splice(0)) await store.close();
    for (const { name } of await indexedDB.databases()) {
      if (name?.startsWith("test-")) await answerOf(indexedDB.deleteDatabase(name));
    }
  });

  describeStore(async () => createIndexedDbStore({ name: freshName() }));

  it("keeps values when it is closed and opened again", async () => {
    const name = freshName();
    const first = open({ name });
    const revision = await first.save("key", [1]);
    await first.close();
    expect(await open({ name }).load("key")).toEqual({ value: [1], revision });
  });

  it("loses nothing of a page and three workers", async () => {
    const name = freshName();
    const store = open({ name });
    const workers = Array.from({ length: 3 }, () => {
      const url = new URL("./add-to-sum.test-support.worker.ts", import.meta.url);
      const worker = new Worker(url, { type: "module" });
      return new Promise<void>((resolve, reject) => {
        worker.onmessage = () => {
          worker.terminate();
          resolve();
        };
        worker.onerror = (event) => reject(new Error(event.message));
        worker.postMessage({ name, times: 15 });
      });
    });
    for (let i = 0; i < 15; i++) {
      await updateStore(store, "sum", (sum) => ((sum as number | undefined) ?? 0) + 1);
    }
    await Promise.all(workers);
    expect((await store.load("sum"))?.value).toBe(60);
  });

  it("lets another tab delete the database, and begins a new one", async () => {
    const name = freshName();
    const store = open({ name });
    await store.save("key", 1);
    await answerOf(indexedDB.deleteDatabase(name));
    expect(await store.load("key")).toBeUndefined();
    await store.save("key", 2);
    expect((await store.load("key"))?.value).toBe(2);
  });

  it("lets another tab upgrade the database, and says that it is of a newer version then", async () => {
    const name = freshName();
    const store = open({ name });
    await store.save("key", 1);
    const newer = await answerOf(indexedDB.open(name, 2));
    await expect(store.load("key")).rejects.toMatchObject({ code: "unsupported" });
    await expect(store.load("key")).rejects.toThrow(/newer version than 1/);
    newer.close();
  });

  it("says so when another tab blocks the upgrade, and goes on once it does not", async () => {
    const name = freshName();
    const holder = await answerOf(indexedDB.open(name, 1));
    holders.push(holder);
    const real = indexedDB;
    const laterVersion = { open: (which: string) => real.open(which, 2) } as unknown as IDBFactory;
    const store = open({ name, openMs: 20, factory: laterVersion });
    await expect(store.load("key")).rejects.toMatchObject({ code: "unavailable" });
    await expect(store.save("key", 1)).rejects.toThrow(
      /another tab may keep an older version open/,
    );
    holder.close();
    await expect(store.load("key")).resolves.toBeUndefined();
  });

  it("refuses a database that is not its own", async () => {
    const name = freshName();
    (await answerOf(indexedDB.open(name, 1))).close();
    await expect(open({ name }).load("key")).rejects.toThrow(/not one of this store/);
  });

  it("says where a damaged entry lies, and lets it be replaced", async () => {
    const name = freshName();
    const store = open({ name });
    await store.save("key", 1);
    const damage = async (entry: unknown): Promise<void> => {
      const database = await answerOf(indexedDB.open(name, 1));
      await answerOf(
        database.transaction("values", "readwrite").objectStore("values").put(entry, "key"),
      );
      database.close();
    };
    for (const entry of [5, null, {}, { text: "{", revision: 1 }, { text: "1", revision: "1" }]) {
      await damage(entry);
      await expect(store.load("key")).rejects.toMatchObject({ code: "invalid-data" });
      await expect(store.load("key")).rejects.toThrow(`IndexedDB "${name}", key "key"`);
    }
    await store.save("key", 2, { revision: "any" });
    expect((await store.load("key"))?.value).toBe(2);
  });

  it("turns a full disk into a typed error", async () => {
    const name = freshName();
    const store = open({ name });
    await store.save("key", 1);
    const put = IDBObjectStore.prototype.put;
    IDBObjectStore.prototype.put = () => {
      throw new DOMException("the disk is full", "QuotaExceededError");
    };
    try {
      await expect(store.save("key", 2, { revision: "any" })).rejects.toMatchObject({
        code: "limit-exceeded",
      });
    } finally {
      IDBObjectStore.prototype.put = put;
    }
    expect((await store.load("key"))?.value).toBe(1);
  });
});
