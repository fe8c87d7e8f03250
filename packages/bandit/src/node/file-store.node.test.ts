import { spawn } from "node:child_process";
import { mkdir, mkdtemp, open, readdir, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { describeStore } from "../stores/snapshot-stores.test-support.js";
import { updateStore } from "../stores/update-store.js";
import { fileNameOf } from "./file-names.js";
import { createFileStore } from "./file-store.js";

let root: string;
let folders = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "edgewright-store-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));
const freshFolder = (): string => join(root, `store${folders++}`);
const add = (sum: unknown): number => ((sum as number | undefined) ?? 0) + 1;

function runChild(...args: string[]): Promise<number | NodeJS.Signals> {
  const script = fileURLToPath(new URL("add-to-sum.test-support.node.ts", import.meta.url));
  const flags = ["--conditions=@edgewright/source", "--import", "tsx", script];
  const child = spawn(process.execPath, [...flags, ...args], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(signal ?? code ?? -1));
  });
}

describe("createFileStore", () => {
  describeStore(async () => createFileStore({ folder: freshFolder(), durable: false }));

  it("keeps values on the disk, and leaves nothing else there", async () => {
    const folder = freshFolder();
    const store = createFileStore({ folder });
    const revision = await store.save("Fleet/été", { a: [1] });
    await store.save("Fleet/été", { a: [2] }, { revision });
    await store.close();
    expect(await readdir(folder)).toEqual(["%46leet%2f%c3%a9t%c3%a9.json"]);
    const reopened = createFileStore({ folder });
    expect(await reopened.load("Fleet/été")).toEqual({ value: { a: [2] }, revision: 2 });
  });

  it("loses nothing of several processes, one of which dies with the lock", async () => {
    const folder = freshFolder();
    const store = createFileStore({ folder, durable: false });
    const lock = join(folder, "sum.json.lock");
    const children = [["12"], ["12"], ["12", lock]].map((args) => runChild(folder, ...args));
    for (let i = 0; i < 12; i++) await updateStore(store, "sum", add);
    expect(await Promise.all(children)).toEqual([0, 0, "SIGKILL"]);
    await updateStore(store, "sum", add);
    expect((await store.load("sum"))?.value).toBe(49);
    expect(await readdir(folder)).toEqual(["sum.json"]);
  });

  it("takes over the lock of a dead process, with its leavings, at once", async () => {
    const folder = freshFolder();
    await mkdir(folder);
    const dead = { token: "t0", pid: 2 ** 22 + 1, host: hostname() };
    await writeFile(join(folder, "key.json.lock"), JSON.stringify(dead));
    await writeFile(join(folder, "key.json.t0.tmp"), "half a fi");
    // One that died while it took over another's.
    await writeFile(join(folder, "key.json.lock.recovery"), JSON.stringify(dead));
    const store = createFileStore({ folder, lockMs: 2000, staleLockMs: 1e6 });
    await store.save("key", 1);
    expect(await readdir(folder)).toEqual(["key.json"]);
  });

  it("takes over a lock of another machine, or an empty one, once it stood still for long", async () => {
    for (const content of [JSON.stringify({ token: "t1", pid: 1, host: "elsewhere" }), ""]) {
      const folder = freshFolder();
      await mkdir(folder);
      await writeFile(join(folder, "key.json.lock"), content);
      // Its age by any clock says nothing.
      await utimes(join(folder, "key.json.lock"), 1, 1);
      const patient = createFileStore({ folder, lockMs: 40, staleLockMs: 1e6 });
      await expect(patient.save("key", 1)).rejects.toMatchObject({ code: "unavailable" });
      await expect(patient.save("key", 1)).rejects.toThrow(
        /key\.json\.lock stayed taken for 40 ms/,
      );
      const brisk = createFileStore({ folder, lockMs: 5000, staleLockMs: 60 });
      await brisk.save("key", 1);
      expect(await readdir(folder)).toEqual(["key.json"]);
    }
  });

  it("writes nothing, and frees nobody else's lock, once its own was taken over", async () => {
    const folder = freshFolder();
    const store = createFileStore({ folder, staleLockMs: 70 });
    await store.save("key", "before");
    const lock = join(folder, "key.json.lock");
    const thief = JSON.stringify({ token: "another's", pid: process.pid, host: hostname() });
    const handle = await open(join(folder, "key.json"));
    const sync = vi
      .spyOn(Object.getPrototypeOf(handle), "sync")
      .mockImplementation(() => writeFile(lock, thief));
    await handle.close();
    const late = store.save("key", "late", { revision: "any" });
    await expect(late).rejects.toThrow(/lock of .*key\.json was lost.*more than 70 ms/);
    sync.mockRestore();
    expect(await readFile(lock, "utf8")).toBe(thief);
    expect((await readdir(folder)).sort()).toEqual(["key.json", "key.json.lock"]);
    expect((await store.load("key"))?.value).toBe("before");
  });

  it("leaves no lock behind where the disk is full", async () => {
    const folder = freshFolder();
    await mkdir(folder);
    const handle = await open(join(folder, "any"), "w");
    const full = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    const write = vi.spyOn(Object.getPrototypeOf(handle), "writeFile").mockRejectedValue(full);
    await handle.close();
    const store = createFileStore({ folder, lockMs: 500 });
    await expect(store.save("key", 1)).rejects.toMatchObject({ code: "limit-exceeded" });
    write.mockRestore();
    await store.save("key", 1);
    expect((await readdir(folder)).sort()).toEqual(["any", "key.json"]);
  });

  it("says which file is damaged, and changes nothing", async () => {
    const folder = freshFolder();
    const store = createFileStore({ folder });
    const path = join(folder, "key.json");
    const revision = await store.save("key", { sums: "abcdef" });
    const whole = await readFile(path, "utf8");
    const line = whole.split("\n")[0]!;
    const damaged: [string, RegExp][] = [
      ["", /first line is not JSON/],
      [whole.slice(0, 20), /first line is not JSON/],
      [whole.slice(0, -3), /cut off/],
      [`${line}\n`, /cut off/],
      [`${whole}x`, /cut off/],
      [whole.replace("abc", "abd"), /checksum/],
      [whole.replace('"version":1', '"version":2'), /version 2.*reads 1/],
      [whole.replace('"key":"key"', '"key":"other"'), /holds key "other"/],
      [whole.replace('"revision":1', '"revision":0.5'), /revision is 0.5/],
      ["null\n", /not one of an Edgewright store/],
      ['{"a":1}\n', /not one of an Edgewright store/],
    ];
    for (const [content, message] of damaged) {
      await writeFile(path, content);
      for (const work of [
        () => store.load("key"),
        () => store.save("key", 1, { revision }),
        () => store.save("key", 1, { revision: "any" }),
        () => store.delete("key"),
      ]) {
        const error = await work().then(
          () => undefined,
          (reason: Error) => reason,
        );
        expect(error).toMatchObject({ name: "ValidationError", code: "invalid-data", where: path });
        expect(error!.message).toMatch(message);
      }
      expect(await readFile(path, "utf8")).toBe(content);
    }
    await writeFile(path, whole);
    expect((await store.load("key"))?.value).toEqual({ sums: "abcdef" });
  });

  it("never takes damage for a value", async () => {
    const folder = freshFolder();
    const store = createFileStore({ folder, durable: false });
    const value = { shared: "AAAA", arms: { a: [1, 2.5] } };
    await store.save("key", value);
    const path = join(folder, "key.json");
    const whole = await readFile(path);
    await fc.assert(
      fc.asyncProperty(
        fc.nat(whole.length - 1),
        fc.integer({ min: 1, max: 255 }),
        async (at, by) => {
          const bytes = Buffer.from(whole);
          bytes[at] = bytes[at]! ^ by;
          await writeFile(path, bytes);
          const outcome = await store.load("key").catch((error) => error);
          // The revision has no checksum: one digit of it may become another.
          if (outcome instanceof Error) expect(outcome).toMatchObject({ code: "invalid-data" });
          else expect(outcome.value).toEqual(value);
        },
      ),
      { seed: 6, numRuns: 100 },
    );
  });

  it("says which folder cannot be written", async () => {
    const path = join(root, "a-file");
    await writeFile(path, "");
    const store = createFileStore({ folder: join(path, "inside") });
    await expect(store.save("key", 1)).rejects.toMatchObject({ code: "unavailable" });
    await expect(store.load("key")).rejects.toThrow(/a-file/);
    expect(() => createFileStore({ folder: "" })).toThrow(/a folder was expected/);
    expect(() => createFileStore({ folder: "x", lockMs: Number.NaN })).toThrow(/lockMs NaN/);
  });
});

describe("fileNameOf", () => {
  it("gives every key a name of its own that is safe everywhere", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 60 }),
        fc.string({ unit: "binary", maxLength: 60 }),
        (a, b) => {
          for (const key of [a, b]) {
            expect(fileNameOf(key)).toMatch(/^[a-z0-9_%~-]{0,160}$/);
          }
          expect(fileNameOf(a) === fileNameOf(b)).toBe(a === b);
        },
      ),
      { seed: 6 },
    );
    expect(["con", "lpt1", "../x", "A"].map(fileNameOf)).toEqual([
      "%con",
      "%lpt1",
      "%2e%2e%2fx",
      "%41",
    ]);
    const long = ["x".repeat(200), `${"x".repeat(199)}y`].map(fileNameOf);
    expect(new Set(long).size).toBe(2);
  });
});
