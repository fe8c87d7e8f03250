import { EdgewrightError, throwIfAborted, ValidationError } from "@edgewright/core";
import { type KV, type KvEntry, Kvm, type KvWatchEntry } from "@nats-io/kv";
import { connect, type NatsConnection, type NodeConnectionOptions } from "@nats-io/transport-node";
import type { SaveOptions, SnapshotStore, StoredValue } from "../stores/snapshot-store.js";
import { StoreConflictError } from "../stores/store-conflict-error.js";
import {
  checkKey,
  checkRevision,
  closedError,
  decodeStoredValue,
  encodeStoredValue,
} from "../stores/stored-json.js";
import { natsKeyOf } from "./nats-keys.js";

/** Options of {@link createNatsStore}. */
export interface NatsStoreOptions {
  /** Name of the key-value bucket: letters, digits, `_` and `-`; made when it is not there. @default "bandit" */
  readonly bucket?: string;
  /** Addresses, credentials and TLS of the NATS servers. @default nats://127.0.0.1:4222 */
  readonly connect?: NodeConnectionOptions;
  /** A connection that is there already; it is not closed with the store. */
  readonly connection?: NatsConnection;
  /** Where a bucket that is made keeps its values: on the servers' disks or in their memory. @default "file" */
  readonly storage?: "file" | "memory";
  /** On how many servers of a cluster a bucket that is made lies. @default 1 */
  readonly replicas?: 1 | 3 | 5;
  /** Longest wait for an answer, in milliseconds. @default 5000 */
  readonly timeoutMs?: number;
}

/** A {@link SnapshotStore} on NATS, whose keys can be watched. */
export interface NatsStore extends SnapshotStore {
  /**
   * What a key holds now, if anything, and then every change as it comes, from whichever writer: undefined for a
   * deletion. Changes that follow each other fast may come as the last of them. Goes on when the connection was lost
   * for a while; ends with the store.
   *
   * @throws AbortError when the signal fires; ValidationError at a value that is not JSON
   */
  watch(
    key: string,
    options?: { readonly signal?: AbortSignal },
  ): AsyncGenerator<StoredValue | undefined, void, undefined>;
}

// Codes by which a JetStream server refuses a write at another revision.
const WRONG_REVISION = [10071, 10164];

/**
 * Opens a store on the key-value buckets of NATS, by the official client, for a fleet of devices: the revision is the
 * server's, which compares and writes in one step. The client reconnects by itself, for ever; what is asked meanwhile
 * rejects as `unavailable` after `timeoutMs`, and a save may take effect all the same. Start the NATS server with JetStream: `nats-server -js`. A value may be
 * as large as the server's `max_payload`, 1 MB unless it was told otherwise.
 *
 * @throws EdgewrightError `unavailable` when no NATS server answers or its JetStream is off
 *
 * @example
 * const store = await createNatsStore({ connect: { servers: "nats://10.0.0.1" }, bucket: "bandits" });
 * await updateStore(store, "visits", (visits) => ((visits as number | undefined) ?? 0) + 1);
 * await store.close();
 */
export async function createNatsStore(options: NatsStoreOptions = {}): Promise<NatsStore> {
  const { bucket = "bandit", storage = "file", replicas = 1, timeoutMs = 5000 } = options;
  if (!/^[\w-]+$/.test(bucket)) {
    throw new EdgewrightError(
      "invalid-argument",
      `createNatsStore: a bucket named by letters, digits, _ and - was expected, got "${bucket}"`,
    );
  }
  const nats = options.connection ?? (await connectTo(options.connect));
  const release = async (): Promise<void> => {
    if (!options.connection) await nats.close().catch(() => undefined);
  };
  let values: KV;
  try {
    // Read from the leader: a follower may lag behind, so that a change would be made from an old value.
    const limits = { history: 1, storage, replicas, allow_direct: false };
    values = await within(timeoutMs, new Kvm(nats).create(bucket, limits));
  } catch (cause) {
    await release();
    const message = `createNatsStore: the bucket "${bucket}" cannot be opened: ${(cause as Error).message}. The NATS server must run with JetStream: nats-server -js`;
    throw new EdgewrightError("unavailable", message, { cause });
  }
  const watches = new Set<{ stop(): void }>();
  let closed = false;
  const nameOf = (where: string, key: string): string => {
    if (closed) throw closedError(where);
    checkKey(key, where);
    return natsKeyOf(key);
  };
  const describe = (cause: unknown, where: string, key: string): EdgewrightError =>
    describeFailure(cause, `${where}: key "${key}" of the NATS bucket "${bucket}"`);

  return {
    async load(key) {
      const name = nameOf("load", key);
      const entry = await within(timeoutMs, values.get(name)).catch((cause: unknown) => {
        throw describe(cause, "load", key);
      });
      return entry ? readEntry(entry, key) : undefined;
    },
    async save(key, value, { revision } = {}) {
      const name = nameOf("save", key);
      checkRevision(revision, "save");
      const text = encodeStoredValue(value, "save");
      try {
        const saved =
          revision === undefined
            ? values.create(name, text)
            : values.put(name, text, revision === "any" ? {} : { previousSeq: revision });
        return await within(timeoutMs, saved);
      } catch (cause) {
        if (isWrongRevision(cause)) throw conflict(key, revision, cause);
        throw describe(cause, "save", key);
      }
    },
    async delete(key, { revision } = {}) {
      const name = nameOf("delete", key);
      checkRevision(revision, "delete");
      try {
        const expected = revision === undefined ? {} : { previousSeq: revision };
        await within(timeoutMs, values.delete(name, expected));
      } catch (cause) {
        if (isWrongRevision(cause)) throw conflict(key, revision, cause);
        throw describe(cause, "delete", key);
      }
    },
    async *watch(key, { signal } = {}) {
      const name = nameOf("watch", key);
      throwIfAborted(signal, "watch");
      const entries = await values.watch({ key: name }).catch((cause: unknown) => {
        throw describe(cause, "watch", key);
      });
      const stop = (): void => entries.stop();
      watches.add(entries);
      // Neither is told again of what happened while the watch was being set up.
      if (closed || signal?.aborted) stop();
      signal?.addEventListener("abort", stop, { once: true });
      try {
        for await (const entry of entries) {
          throwIfAborted(signal, "watch");
          yield readEntry(entry, key);
        }
        throwIfAborted(signal, "watch");
      } finally {
        signal?.removeEventListener("abort", stop);
        watches.delete(entries);
        entries.stop();
      }
    },
    async close() {
      if (closed) return;
      closed = true;
      for (const watch of watches) watch.stop();
      await release();
    },
  };
}

async function connectTo(options: NodeConnectionOptions = {}): Promise<NatsConnection> {
  try {
    return await connect({ maxReconnectAttempts: -1, reconnectTimeWait: 250, ...options });
  } catch (cause) {
    const where = String(options.servers ?? "nats://127.0.0.1:4222");
    throw new EdgewrightError(
      "unavailable",
      `createNatsStore: no connection to ${where}: ${(cause as Error).message}. Start one with: nats-server -js`,
      { cause },
    );
  }
}

async function within<Result>(ms: number, answer: Promise<Result>): Promise<Result> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}

function readEntry(entry: KvEntry | KvWatchEntry, key: string): StoredValue | undefined {
  if (entry.operation !== "PUT") return undefined;
  const where = `NATS bucket "${entry.bucket}", key "${key}", revision ${entry.revision}`;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(entry.value);
  } catch (cause) {
    throw new ValidationError(`${where}: the stored value is damaged: it is not UTF-8`, {
      ...{ where, cause },
    });
  }
  return { value: decodeStoredValue(text, where), revision: entry.revision };
}

function isWrongRevision(cause: unknown): boolean {
  return WRONG_REVISION.includes((cause as { code?: number } | undefined)?.code ?? 0);
}

function conflict(
  key: string,
  revision: SaveOptions["revision"],
  cause: unknown,
): StoreConflictError {
  const found = /last sequence: (\d+)/.exec((cause as Error).message)?.[1];
  const expected = revision === "any" ? undefined : revision;
  return new StoreConflictError(key, expected, found ? `revision ${found}` : "another revision");
}

function describeFailure(cause: unknown, where: string): EdgewrightError {
  const { message, name } = cause as Error;
  const large = /max_payload|maximum payload|message size|MAX_PAYLOAD/i.test(message);
  if (large || name === "MaxPayloadError") {
    const advice = "raise max_payload of the NATS server (up to 64 MB)";
    return new EdgewrightError("limit-exceeded", `${where}: ${message}; ${advice}`, { cause });
  }
  return new EdgewrightError("unavailable", `${where}: ${message}`, { cause });
}
