import { Kvm } from "@nats-io/kv";
import { connect } from "@nats-io/transport-node";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  findNatsServer,
  type NatsProcess,
  startNats,
} from "../../../../test/start-nats.test-support.node.js";
import { describeStore } from "../stores/snapshot-stores.test-support.js";
import { updateStore } from "../stores/update-store.js";
import { createNatsStore, type NatsStore, type NatsStoreOptions } from "./nats-store.js";

const program = findNatsServer();
if (!program) console.warn("skipped: nats-server is not installed (apt-get install nats-server)");

describe.skipIf(!program)("createNatsStore", () => {
  const toClose: (() => Promise<unknown>)[] = [];
  let nats: NatsProcess;
  let buckets = 0;
  beforeAll(async () => {
    nats = await startNats(program!);
  });
  afterAll(() => nats.stop());
  afterEach(async () => {
    for (const close of toClose.splice(0).reverse()) await close();
  });
  const open = async (options: NatsStoreOptions = {}): Promise<NatsStore> => {
    const store = await createNatsStore({ connect: { servers: nats.url }, ...options });
    toClose.push(() => store.close());
    return store;
  };
  const freshBucket = (): string => `test${buckets++}`;
  const add = (sum: unknown): number => ((sum as number | undefined) ?? 0) + 1;

  describeStore(() => open({ bucket: freshBucket(), storage: "memory" }));

  it("loses nothing of writers on several connections", async () => {
    const bucket = freshBucket();
    const stores = await Promise.all(Array.from({ length: 4 }, () => open({ bucket })));
    await Promise.all(
      stores.map(async (store) => {
        for (let i = 0; i < 10; i++) await updateStore(store, "sum", add);
      }),
    );
    expect((await stores[0]!.load("sum"))?.value).toBe(40);
  });

  it("keeps values while nobody is connected, and uses a connection that is there", async () => {
    const bucket = freshBucket();
    const first = await open({ bucket });
    const revision = await first.save("a.b", { x: 1 });
    await first.close();
    const connection = await connect({ servers: nats.url });
    toClose.push(() => connection.close());
    const second = await open({ bucket, connection });
    expect(await second.load("a.b")).toEqual({ value: { x: 1 }, revision });
    await second.close();
    expect(connection.isClosed()).toBe(false);
  });

  it("watches what others write", async () => {
    const bucket = freshBucket();
    const [writer, reader] = [await open({ bucket }), await open({ bucket })];
    const first = await writer.save("watched.key", 1);
    await writer.save("other", "x");
    const changes = reader.watch("watched.key");
    expect((await changes.next()).value).toEqual({ value: 1, revision: first });
    const second = await writer.save("watched.key", 2, { revision: first });
    expect((await changes.next()).value).toEqual({ value: 2, revision: second });
    await writer.delete("watched.key");
    expect(await changes.next()).toEqual({ value: undefined, done: false });
    const waiting = changes.next();
    await reader.close();
    expect((await waiting).done).toBe(true);
  });

  it("stops watching when told so", async () => {
    const store = await open({ bucket: freshBucket() });
    const controller = new AbortController();
    const waiting = store.watch("key", { signal: controller.signal }).next();
    setTimeout(() => controller.abort(), 20);
    await expect(waiting).rejects.toMatchObject({ code: "aborted" });
    // While the watch is being set up, too.
    const early = new AbortController();
    const begun = store.watch("key", { signal: early.signal }).next();
    early.abort();
    await expect(begun).rejects.toMatchObject({ code: "aborted" });
  });

  it("ends a watch that is being set up when it is closed", async () => {
    const connection = await connect({ servers: nats.url });
    toClose.push(() => connection.close());
    const store = await open({ bucket: freshBucket(), connection });
    const begun = store.watch("key").next();
    await store.close();
    expect((await begun).done).toBe(true);
  });

  it("goes on after NATS itself was away", async () => {
    const own = await startNats(program!);
    toClose.push(own.stop);
    const store = await createNatsStore({
      ...{
        connect: { servers: own.url, reconnectTimeWait: 20 },
        storage: "memory",
        timeoutMs: 300,
      },
    });
    toClose.push(() => store.close());
    await store.save("key", 1);
    await own.stop();
    await expect(store.load("key")).rejects.toMatchObject({ code: "unavailable" });
    const again = await startNats(program!, own.port);
    toClose.push(again.stop);
    // The new server knows nothing of the bucket, which lay in memory.
    const reopened = await open({ connect: { servers: again.url } });
    await reopened.save("key", 2);
    const until = performance.now() + 5000;
    for (;;) {
      const found = await store.load("key").catch(() => undefined);
      if (found) {
        expect(found.value).toBe(2);
        break;
      }
      if (performance.now() > until) throw new Error("waited for 5 s in vain");
    }
  });

  it("says what a value that is not JSON is, and where", async () => {
    const bucket = freshBucket();
    const store = await open({ bucket });
    const connection = await connect({ servers: nats.url });
    toClose.push(() => connection.close());
    const raw = await new Kvm(connection).open(bucket);
    for (const value of [Uint8Array.of(), Uint8Array.of(0xff), new TextEncoder().encode("{")]) {
      await raw.put("key", value);
      await expect(store.load("key")).rejects.toMatchObject({ code: "invalid-data" });
      await expect(store.load("key")).rejects.toThrow(`NATS bucket "${bucket}", key "key"`);
    }
    await store.save("key", 1, { revision: "any" });
    expect((await store.load("key"))?.value).toBe(1);
  });

  it("says how large a value may be, and how to start NATS when there is none", async () => {
    const store = await open({ bucket: freshBucket() });
    const large = store.save("key", "x".repeat(1_100_000));
    await expect(large).rejects.toMatchObject({ code: "limit-exceeded" });
    const none = createNatsStore({ connect: { servers: "nats://127.0.0.1:1", timeout: 300 } });
    await expect(none).rejects.toThrow(/no connection to nats:\/\/127.0.0.1:1.*nats-server -js/);
    await expect(createNatsStore({ bucket: "a b" })).rejects.toMatchObject({
      code: "invalid-argument",
    });
  });
});
