import { type FileHandle, open, readFile, stat, unlink } from "node:fs/promises";
import { hostname } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { createRng, EdgewrightError, type Rng } from "@edgewright/core";

/** A lock that this process holds. */
export interface FileLock {
  /** Name that no other holder has. */
  readonly token: string;
  /** Whether the lock is still this holder's: another takes one that looks abandoned. */
  held(): Promise<boolean>;
  /** Gives it free. */
  release(): Promise<void>;
}

/** How to wait for a lock. */
export interface FileLockOptions {
  /** Longest wait, in milliseconds. */
  readonly timeoutMs: number;
  /** A lock that stayed the same for so long, in milliseconds, while this process waited was left behind. */
  readonly staleMs: number;
  /** Told of the token of every holder that was found dead. */
  readonly onRecovery: (token: string) => Promise<void>;
}

interface Holder {
  readonly token: string;
  readonly pid: number;
  readonly host: string;
}

/**
 * Takes a lock between processes: a file that only one can create. A lock whose process on this machine is dead, or
 * that did not change during `staleMs` of waiting (no clock of another machine is trusted), is removed; that is done by one
 * process at a time, under a second lock, so that nobody removes the lock of the one who came next.
 *
 * @throws EdgewrightError `unavailable` when it stays taken, or the folder cannot be written
 */
export async function takeFileLock(path: string, options: FileLockOptions): Promise<FileLock> {
  const rng = createRng(crypto.getRandomValues(new Uint32Array(1))[0]!);
  const token = `${process.pid}-${rng.nextUint32().toString(36)}${rng.nextUint32().toString(36)}`;
  const giveUpAt = performance.now() + options.timeoutMs;
  const isAbandoned = watchHolders(options.staleMs);
  for (let attempt = 0; !(await create(path, token)); attempt++) {
    const left = giveUpAt - performance.now();
    if (left <= 0) {
      const message = `the lock ${path} stayed taken for ${options.timeoutMs} ms; if no process uses it, delete it`;
      throw new EdgewrightError("unavailable", message, { where: path });
    }
    if (await recover(path, token, isAbandoned, options.onRecovery)) continue;
    await pause(attempt, left, rng);
  }
  return {
    token,
    held: async () => (await readHolder(path))?.token === token,
    release: async () => {
      if ((await readHolder(path))?.token === token) await remove(path);
    },
  };
}

// Short at first: locks are held for milliseconds.
async function pause(attempt: number, left: number, rng: Rng): Promise<void> {
  await sleep(Math.min(left, rng.uniform() * Math.min(50, 2 * 1.5 ** attempt)));
}

async function create(path: string, token: string): Promise<boolean> {
  let file: FileHandle;
  try {
    file = await open(path, "wx");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw new EdgewrightError(
      "unavailable",
      `the lock ${path} cannot be made: ${(error as Error).message}`,
      { where: path, cause: error },
    );
  }
  try {
    await file.writeFile(
      JSON.stringify({ token, pid: process.pid, host: hostname() } satisfies Holder),
    );
  } catch (error) {
    await remove(path); // without a name, as on a full disk, everybody would wait until it looks abandoned
    throw error;
  } finally {
    await file.close();
  }
  return true;
}

// True when the way is free, so that it is worth trying at once.
async function recover(
  path: string,
  token: string,
  isAbandoned: (path: string) => Promise<boolean>,
  onRecovery: FileLockOptions["onRecovery"],
): Promise<boolean> {
  if (!(await isAbandoned(path))) return false;
  const guard = `${path}.recovery`;
  if (!(await create(guard, token))) {
    if (await isAbandoned(guard)) await remove(guard);
    return false;
  }
  try {
    // Looked at again: it may have been removed, and taken anew, before the guard was there.
    if (!(await isAbandoned(path))) return false;
    const holder = await readHolder(path);
    await remove(path);
    if (holder) await onRecovery(holder.token);
    return true;
  } finally {
    await remove(guard);
  }
}

// Tells of a lock file whether its holder is dead or has not changed it for long.
function watchHolders(staleMs: number): (path: string) => Promise<boolean> {
  const watched = new Map<string, { readonly identity: string; readonly since: number }>();
  return async (path) => {
    const holder = await readHolder(path);
    if (holder && holder.host === hostname() && !isAlive(holder.pid)) return true;
    const found = await stat(path).catch(() => undefined);
    if (!found) return false;
    const identity = `${holder?.token}/${found.ino}/${found.mtimeMs}`;
    const before = watched.get(path);
    if (before?.identity === identity) return performance.now() - before.since >= staleMs;
    watched.set(path, { identity, since: performance.now() });
    return false;
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // somebody else's, but alive
  }
}

// Undefined where there is none, and where it is being written this moment.
async function readHolder(path: string): Promise<Holder | undefined> {
  try {
    const holder = JSON.parse(await readFile(path, "utf8")) as Partial<Holder> | null;
    return typeof holder?.token === "string" && typeof holder.pid === "number"
      ? (holder as Holder)
      : undefined;
  } catch {
    return undefined;
  }
}

async function remove(path: string): Promise<void> {
  await unlink(path).catch(() => undefined);
}
