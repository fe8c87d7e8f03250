import { mkdir, open, readFile, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { EdgewrightError } from "@edgewright/core";
import type { SnapshotStore } from "../stores/snapshot-store.js";
import {
  checkExpected,
  checkKey,
  checkRevision,
  closedError,
  decodeStoredValue,
  encodeStoredValue,
} from "../stores/stored-json.js";
import { type FileLock, takeFileLock } from "./file-lock.js";
import { fileNameOf } from "./file-names.js";
import {
  describeFileFailure,
  formatStoredFile,
  parseStoredFile,
  type StoredFile,
} from "./stored-file.js";

/** Options of {@link createFileStore}. */
export interface FileStoreOptions {
  /** Folder of the files, one per key; made when it is not there. */
  readonly folder: string;
  /** Longest wait for other processes that write the same key, in milliseconds. @default 15000 */
  readonly lockMs?: number;
  /**
   * A lock that did not change during so many milliseconds of waiting was left behind by another machine, or by a
   * process that hangs, and is taken over. Locks of dead processes on this machine are known at once.
   *
   * @default 5000
   */
  readonly staleLockMs?: number;
  /** Whether a save is on the disk, and not only in the system's memory, when it resolves. @default true */
  readonly durable?: boolean;
}

/**
 * A store in a folder of files, for Node. A value is written to a temporary file, brought to the disk and renamed,
 * so that a crash leaves the old one or the new one. Writers of one key, in any number of processes, take turns by
 * a lock file; readers need none.
 *
 * @throws EdgewrightError `invalid-argument`; ValidationError from its methods names the file that is damaged
 *
 * @example
 * const store = createFileStore({ folder: "bandits" });
 * await updateStore(store, "visits", (visits) => ((visits as number | undefined) ?? 0) + 1);
 * console.log((await store.load("visits"))?.value); // 1
 */
export function createFileStore(options: FileStoreOptions): SnapshotStore {
  const { folder, lockMs = 15_000, staleLockMs = 5000, durable = true } = options;
  if (typeof folder !== "string" || folder === "") {
    throw new EdgewrightError("invalid-argument", "createFileStore: a folder was expected");
  }
  if (!(lockMs >= 0 && staleLockMs >= 0)) {
    throw new EdgewrightError(
      "invalid-argument",
      `createFileStore: times of 0 ms or more were expected, got lockMs ${lockMs}, staleLockMs ${staleLockMs}`,
    );
  }
  const root = resolve(folder);
  // Writers within this process queue here rather than at the lock, which they would have to poll.
  const queues = new Map<string, Promise<unknown>>();
  let closed = false;

  const placeOf = (where: string, key: string): string => {
    if (closed) throw closedError(where);
    checkKey(key, where);
    return join(root, `${fileNameOf(key)}.json`);
  };

  const alone = <Result>(path: string, work: (lock: FileLock) => Promise<Result>) => {
    const locked = async (): Promise<Result> => {
      try {
        await mkdir(root, { recursive: true });
        const lock = await takeFileLock(`${path}.lock`, {
          timeoutMs: lockMs,
          staleMs: staleLockMs,
          onRecovery: (token) => rm(temporaryName(path, token), { force: true }),
        });
        try {
          return await work(lock);
        } finally {
          await lock.release();
        }
      } catch (error) {
        throw describeFileFailure(error, path);
      }
    };
    const result = (queues.get(path) ?? Promise.resolve()).then(locked, locked);
    const settled = result
      .catch(() => undefined)
      .then(() => {
        if (queues.get(path) === settled) queues.delete(path);
      });
    queues.set(path, settled);
    return result;
  };

  const write = async (path: string, key: string, file: StoredFile, lock: FileLock) => {
    const temporary = temporaryName(path, lock.token);
    try {
      await writeWhole(temporary, formatStoredFile(key, file), durable);
      if (!(await lock.held())) {
        const message = `the lock of ${path} was lost: this process stood still for more than ${staleLockMs} ms`;
        throw new EdgewrightError("unavailable", message, { where: path });
      }
      await rename(temporary, path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    if (durable) await syncFolder(dirname(path));
  };

  return {
    async load(key) {
      const path = placeOf("load", key);
      const file = await readStored(path, key);
      if (file?.text === undefined) return undefined;
      return { value: decodeStoredValue(file.text, path), revision: file.revision };
    },
    async save(key, value, { revision } = {}) {
      const path = placeOf("save", key);
      checkRevision(revision, "save");
      const text = encodeStoredValue(value, "save");
      return alone(path, async (lock) => {
        const before = await readStored(path, key);
        checkExpected(key, revision, before?.text === undefined ? undefined : before.revision);
        const next = (before?.revision ?? 0) + 1;
        await write(path, key, { revision: next, text }, lock);
        return next;
      });
    },
    async delete(key, { revision } = {}) {
      const path = placeOf("delete", key);
      checkRevision(revision, "delete");
      await alone(path, async (lock) => {
        const expected = revision ?? "any";
        const before = await readStored(path, key);
        checkExpected(key, expected, before?.text === undefined ? undefined : before.revision);
        if (before?.text === undefined) return;
        await write(path, key, { revision: before.revision + 1, text: undefined }, lock);
      });
    },
    async close() {
      closed = true;
      await Promise.all(queues.values());
    },
  };
}

function temporaryName(path: string, token: string): string {
  return `${path}.${token}.tmp`;
}

async function readStored(path: string, key: string): Promise<StoredFile | undefined> {
  let content: string;
  try {
    content = await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw describeFileFailure(error, path);
  }
  return parseStoredFile(content, key, path);
}

async function writeWhole(path: string, text: string, durable: boolean): Promise<void> {
  const file = await open(path, "w");
  try {
    await file.writeFile(text);
    if (durable) await file.sync();
  } finally {
    await file.close();
  }
}

// The new name, too, must reach the disk; where folders cannot be opened (Windows) it does without.
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r").catch(() => undefined);
  try {
    await folder?.sync();
  } catch {
    // Some network file systems cannot.
  } finally {
    await folder?.close();
  }
}
