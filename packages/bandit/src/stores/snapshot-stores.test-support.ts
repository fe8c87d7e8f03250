import fc from "fast-check";
import { expect, it } from "vitest";
import type { SnapshotStore } from "./snapshot-store.js";
import { StoreConflictError } from "./store-conflict-error.js";
import { updateStore } from "./update-store.js";

/** What holds for every store; `open` gives one that is empty or shared with others under keys of their own. */
export function describeStore(open: () => Promise<SnapshotStore>): void {
  const opened = async (work: (store: SnapshotStore) => Promise<void>): Promise<void> => {
    const store = await open();
    try {
      await work(store);
    } finally {
      await store.close();
    }
  };
  const add = (sum: unknown): number => ((sum as number | undefined) ?? 0) + 1;

  it("gives back what was saved, with growing revisions", () =>
    opened(async (store) => {
      expect(await store.load("first")).toBeUndefined();
      const value = { text: 'ä "\n', list: [1, -0.5, null, true], nested: { empty: {} } };
      const revision = await store.save("first", value);
      expect(await store.load("first")).toEqual({ value, revision });
      const next = await store.save("first", [2], { revision });
      expect(next).toBeGreaterThan(revision);
      expect(await store.load("first")).toEqual({ value: [2], revision: next });
      const last = await store.save("first", null, { revision: "any" });
      expect(await store.load("first")).toEqual({ value: null, revision: last });
    }));

  it("keeps copies", () =>
    opened(async (store) => {
      const value = { list: [1] };
      await store.save("copies", value);
      value.list.push(2);
      const loaded = (await store.load("copies"))!.value as { list: number[] };
      loaded.list.push(3);
      expect((await store.load("copies"))!.value).toEqual({ list: [1] });
    }));

  it("refuses a save or a deletion that another writer got ahead of", () =>
    opened(async (store) => {
      const revision = await store.save("contended", 1);
      await expect(store.save("contended", 2)).rejects.toThrow(/"contended" .* new.*revision/);
      const second = await store.save("contended", 3, { revision });
      const late = await store.save("contended", 4, { revision }).catch((error) => error);
      expect(StoreConflictError.isInstance(late)).toBe(true);
      expect(late).toMatchObject({ code: "conflict", key: "contended", expected: revision });
      await expect(store.delete("contended", { revision })).rejects.toThrow(/load it again/);
      expect(await store.load("contended")).toEqual({ value: 3, revision: second });
      await expect(store.save("absent", 1, { revision: 1 })).rejects.toMatchObject({
        code: "conflict",
      });
    }));

  it("deletes, and takes no revision from before the deletion", () =>
    opened(async (store) => {
      const before = await store.save("deleted", 1);
      await store.delete("deleted", { revision: before });
      expect(await store.load("deleted")).toBeUndefined();
      await store.delete("deleted");
      await expect(store.delete("deleted", { revision: before })).rejects.toThrow(
        /the store holds/,
      );
      await expect(store.save("deleted", 2, { revision: before })).rejects.toThrow(/expected/);
      const after = await store.save("deleted", 3);
      expect(after).toBeGreaterThan(before);
      await expect(store.save("deleted", 4, { revision: before })).rejects.toThrow(/revision/);
      expect(await store.load("deleted")).toEqual({ value: 3, revision: after });
    }));

  it("takes any key as a name of its own", () =>
    opened(async (store) => {
      const keys = ["a", "A", "a.b", "a/b", "../a", "..", ".", "con", "ä", "a b", "a=b", "a%2fb"];
      keys.push(
        "*",
        ">",
        "a.",
        "$x",
        "🙂",
        "\u0000",
        "x".repeat(128),
        "🙂".repeat(64),
        "__proto__",
      );
      for (const key of keys) await store.save(key, key);
      for (const key of keys) expect((await store.load(key))?.value).toBe(key);
    }));

  it("refuses keys, values and revisions that cannot be", () =>
    opened(async (store) => {
      const refused = { code: "invalid-argument" };
      for (const key of ["", "x".repeat(129), "\ud800", 5 as unknown as string]) {
        await expect(store.load(key)).rejects.toMatchObject(refused);
        await expect(store.save(key, 1)).rejects.toMatchObject(refused);
        await expect(store.delete(key)).rejects.toMatchObject(refused);
      }
      const cyclic: unknown[] = [];
      cyclic.push(cyclic);
      const changed = [[1, undefined], { a: new Float64Array(2) }, new Map([[1, 2]]), new Set([1])];
      for (const value of [
        ...[undefined, Number.NaN, { a: [1 / 0] }, () => 1, 1n, cyclic],
        ...changed,
      ]) {
        await expect(store.save("value", value)).rejects.toThrow(/JSON-able/);
      }
      for (const revision of [0, -1, 1.5, Number.NaN]) {
        await expect(store.save("value", 1, { revision })).rejects.toMatchObject(refused);
      }
      expect(await store.load("value")).toBeUndefined();
    }));

  it("loses nothing of many writers", () =>
    opened(async (store) => {
      const writers = Array.from({ length: 8 }, async () => {
        for (let i = 0; i < 5; i++) await updateStore(store, "sum", add);
      });
      await Promise.all(writers);
      expect((await store.load("sum"))!.value).toBe(40);
    }));

  it("gives back any JSON", () =>
    opened(async (store) => {
      await fc.assert(
        fc.asyncProperty(fc.jsonValue({ maxDepth: 3 }), async (value) => {
          const kept = JSON.parse(JSON.stringify(value));
          await store.save("any", value, { revision: "any" });
          expect((await store.load("any"))!.value).toEqual(kept);
        }),
        { seed: 6, numRuns: 30 },
      );
    }));

  it("refuses work after close", async () => {
    const store = await open();
    await store.close();
    await store.close();
    for (const work of [store.load("a"), store.save("a", 1), store.delete("a")]) {
      await expect(work).rejects.toMatchObject({ code: "disposed" });
    }
  });
}
