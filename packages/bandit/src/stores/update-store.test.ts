import { createRng } from "@edgewright/core";
import { describe, expect, it } from "vitest";
import { createMemoryStore } from "./memory-store.js";
import type { SnapshotStore } from "./snapshot-store.js";
import { StoreConflictError } from "./store-conflict-error.js";
import { updateStore } from "./update-store.js";

// Another writer gets ahead of the first `times` saves.
function contended(times: number): SnapshotStore {
  const store = createMemoryStore();
  let left = times;
  return {
    ...store,
    async save(key, value, options) {
      if (left-- > 0) await store.save(key, -left, { revision: "any" });
      return store.save(key, value, options);
    },
  };
}

describe("updateStore", () => {
  it("tries again from what another writer left, after growing random waits", async () => {
    const waits: number[] = [];
    const seen: unknown[] = [];
    const result = await updateStore(
      contended(4),
      "key",
      (value) => {
        seen.push(value);
        return "mine";
      },
      {
        rng: createRng(3),
        backoffMs: 10,
        longestBackoffMs: 40,
        wait: async (ms) => void waits.push(ms),
      },
    );
    expect(result?.value).toBe("mine");
    expect(seen).toEqual([undefined, -3, -2, -1, 0]);
    const expected = createRng(3);
    expect(waits).toEqual([10, 20, 40, 40].map((ceiling) => expected.uniform() * ceiling));
  });

  it("gives up after so many attempts with the conflict", async () => {
    const wait = async (): Promise<void> => undefined;
    const late = updateStore(contended(9), "key", () => 1, { attempts: 3, wait });
    await expect(late).rejects.toBeInstanceOf(StoreConflictError);
  });

  it("leaves the store as it is where there is no change", async () => {
    const store = createMemoryStore();
    expect(await updateStore(store, "key", () => undefined)).toBeUndefined();
    const revision = await store.save("key", 5);
    expect(await updateStore(store, "key", () => undefined)).toEqual({ value: 5, revision });
  });

  it("waits for a change that takes time", async () => {
    const store = createMemoryStore();
    await updateStore(store, "key", async () => "later");
    expect((await store.load("key"))?.value).toBe("later");
  });

  it("stops when told so, also while it waits", async () => {
    const aborted = { code: "aborted" };
    const store = createMemoryStore();
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(updateStore(store, "key", () => 1, { signal })).rejects.toMatchObject(aborted);
    const controller = new AbortController();
    const waiting = updateStore(contended(9), "key", () => 1, {
      ...{ signal: controller.signal, backoffMs: 1e6, longestBackoffMs: 1e6 },
    });
    setTimeout(() => controller.abort(), 5);
    await expect(waiting).rejects.toMatchObject(aborted);
    // While the change is worked out: nothing is saved then.
    const late = new AbortController();
    const change = (): number => {
      late.abort();
      return 1;
    };
    const changing = updateStore(store, "key", change, { signal: late.signal });
    await expect(changing).rejects.toMatchObject(aborted);
    expect(await store.load("key")).toBeUndefined();
  });

  it("passes on what the change or the store throws, and refuses senseless options", async () => {
    const store = createMemoryStore();
    const fails = (): never => {
      throw new Error("no change");
    };
    await expect(updateStore(store, "key", fails)).rejects.toThrow("no change");
    await expect(updateStore(store, "", () => 1)).rejects.toThrow(/a key of 1 to 128/);
    for (const options of [{ attempts: 0 }, { backoffMs: -1 }, { longestBackoffMs: Number.NaN }]) {
      await expect(updateStore(store, "key", () => 1, options)).rejects.toMatchObject({
        code: "invalid-argument",
      });
    }
  });
});
