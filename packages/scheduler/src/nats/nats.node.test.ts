import { connect } from "@nats-io/transport-node";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import {
  findNatsServer,
  type NatsProcess,
  startNats,
} from "../../../../test/start-nats.test-support.node.js";
import { CascadeClient } from "../cascade/live-client.js";
import type { CascadeClientOptions } from "../cascade/live-client-options.js";
import { CascadeServer } from "../cascade/live-server.js";
import type { CascadeServerOptions } from "../cascade/live-server-options.js";
import { encodeFrame } from "../cascade/messages-frame.js";
import { createStaticController } from "../cascade/static-controller.js";
import { NatsDeviceTransport } from "./nats-device-transport.js";
import { NatsServerTransport } from "./nats-server-transport.js";

const UNSURE = Float32Array.of(0.5, 0.4, 0.1);
const program = findNatsServer();
if (!program) console.warn("skipped: nats-server is not installed (apt-get install nats-server)");

describe.skipIf(!program)("cascades over NATS", () => {
  const toClose: (() => Promise<unknown>)[] = [];
  let nats: NatsProcess;
  let prefixes = 0;
  let prefix = "";

  beforeAll(async () => {
    nats = await startNats(program!);
  });
  afterAll(() => nats.stop());
  afterEach(async () => {
    for (const close of toClose.splice(0).reverse()) await close();
  });

  async function serve(
    name: string,
    options: Partial<CascadeServerOptions> = {},
  ): Promise<{ server: CascadeServer; transport: NatsServerTransport }> {
    const transport = new NatsServerTransport({
      ...{ prefix, name, connect: { servers: nats.url }, leadMs: 400 },
    });
    const server = new CascadeServer({
      name,
      transports: [transport],
      authenticate: (_, token) => token === "t",
      runBatch: (inputs) =>
        inputs.map((input) => Float32Array.from({ length: 8 }, (_, k) => (k === input[0] ? 1 : 0))),
      windowMs: 50,
      ...options,
    });
    await server.start();
    toClose.push(() => server.stop());
    return { server, transport };
  }

  async function join(
    device: string,
    options: Partial<CascadeClientOptions> = {},
  ): Promise<CascadeClient> {
    const transport = new NatsDeviceTransport({ prefix, device, connect: { servers: nats.url } });
    const client = new CascadeClient({
      ...{ device, transport, token: "t", deadlineMs: 3000, windowMs: 40, ...options },
    });
    await client.start();
    toClose.push(() => client.close());
    return client;
  }

  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  const until = async (condition: () => boolean) => {
    const end = performance.now() + 5000;
    while (!condition()) {
      if (performance.now() > end) throw new Error("waited for 5 s in vain");
      await pause(5);
    }
  };
  const fresh = () => {
    prefix = `test${++prefixes}`;
  };

  it("shares requests among the servers of the group, each answered once", async () => {
    fresh();
    const first = await serve("first");
    const second = await serve("second");
    const client = await join("a", { retryBudget: 0 });
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, k) => client.classify(UNSURE, Float32Array.of(k % 8))),
    );
    expect(answers.map(({ label }) => label)).toEqual(answers.map((_, k) => k % 8));
    const shares = [first, second].map(({ server }) => server.stats().done);
    expect(shares[0]! + shares[1]!).toBe(30);
    expect(Math.min(...shares)).toBeGreaterThan(0);
    expect(client.stats()).toMatchObject({ surplus: 0, resent: 0 });
  });

  it("keeps thresholds in the store; one server leads, and another when it ends", async () => {
    fresh();
    const up = (by: number) => {
      const controller = createStaticController({ threshold: 0.5 });
      return { ...controller, update: () => new Map([["a", by]]) };
    };
    const first = await serve("first", { controller: up(0.25) });
    const second = await serve("second", { controller: up(0.75) });
    expect([first, second].map(({ transport }) => transport.thresholds.leads)).toEqual([
      true,
      false,
    ]);
    const client = await join("a");
    await until(() => client.threshold === 0.25);
    // Another device of that name finds what was stored.
    const twin = await join("a", { threshold: 0.9 });
    await until(() => twin.threshold === 0.25);
    await first.server.stop();
    await until(() => second.transport.thresholds.leads && client.threshold === 0.75);
  });

  it("another leads soon after the leader has died without a word", async () => {
    fresh();
    const connection = await connect({ servers: nats.url });
    const leader = new NatsServerTransport({ prefix, name: "dies", connection, leadMs: 400 });
    const ignore = { onFrame: () => undefined, onPeerLost: () => undefined };
    await leader.start(ignore);
    const { transport } = await serve("next");
    expect([leader.thresholds.leads, transport.thresholds.leads]).toEqual([true, false]);
    await connection.close();
    await until(() => transport.thresholds.leads);
    expect(leader.thresholds.leads).toBe(false);
    await leader.close();
  });

  it("sends again what a dead server had", async () => {
    fresh();
    const dead = await serve("dead", { runBatch: () => new Promise(() => undefined) });
    const client = await join("a", { retryAfterMs: 100 });
    const answers = [1, 2, 3].map((k) => client.classify(UNSURE, Float32Array.of(k)));
    await until(() => dead.server.stats().requests === 3);
    await serve("alive");
    await dead.transport.close(); // no farewell to its requests
    toClose.splice(0, 1);
    expect((await Promise.all(answers)).map(({ label, server }) => [label, server])).toEqual([
      ...[
        [1, "alive"],
        [2, "alive"],
        [3, "alive"],
      ],
    ]);
    expect(client.stats()).toMatchObject({ recovered: 3, pending: 0 });
    await dead.server.stop({ drain: false, timeoutMs: 10 });
  });

  it("answers with the light model while no server is there", async () => {
    fresh();
    const client = await join("a");
    const answer = await client.classify(UNSURE, Float32Array.of(1), { deadlineMs: 40 });
    expect(answer).toMatchObject({ source: "light", satisfied: false });
  });

  it("refuses wrong tokens and garbage, and sends answers to inboxes only", async () => {
    fresh();
    const { server } = await serve("server");
    const refusals: string[] = [];
    const stranger = await join("a", { token: "no", onRefusal: (code) => refusals.push(code) });
    const friend = await join("b");
    expect((await stranger.classify(UNSURE, Float32Array.of(1))).reason).toBe("refused");
    const attacker = await connect({ servers: nats.url });
    const heard: string[] = [];
    attacker.subscribe("victim.command", {
      callback: (_, { subject }) => {
        heard.push(subject);
      },
    });
    for (let i = 0; i < 50; i++)
      attacker.publish(`${prefix}.work`, "garbage", { reply: "victim.command" });
    const leave = encodeFrame({ v: 1, type: "leave", device: "b" });
    attacker.publish(`${prefix}.control`, leave, { reply: "victim.command" });
    await attacker.flush();
    await until(() => server.stats().refused >= 52);
    expect((await friend.classify(UNSURE, Float32Array.of(4))).label).toBe(4);
    expect(heard).toEqual([]);
    expect(refusals).toContain("unauthorised");
    await attacker.close();
  });

  it("goes on after NATS itself was away", async () => {
    fresh();
    const own = await startNats(program!);
    toClose.push(own.stop);
    const connections: boolean[] = [];
    const transport = new NatsServerTransport({ connect: { servers: own.url } });
    const server = new CascadeServer({
      ...{ transports: [transport], authenticate: "anyone", windowMs: 50 },
      runBatch: (inputs) => inputs.map(() => Float32Array.of(0, 0, 1)),
    });
    await server.start();
    const client = new CascadeClient({
      device: "a",
      transport: new NatsDeviceTransport({ device: "a", connect: { servers: own.url } }),
      ...{ deadlineMs: 5000, onConnection: (up) => connections.push(up) },
    });
    await client.start();
    expect((await client.classify(UNSURE, Float32Array.of(1))).label).toBe(2);
    await own.stop();
    await until(() => connections.at(-1) === false);
    const waiting = client.classify(UNSURE, Float32Array.of(1));
    const again = await startNats(program!, own.port);
    toClose.push(again.stop);
    expect(await waiting).toMatchObject({ label: 2, reason: "answered" });
    expect(connections).toEqual([true, false, true]);
    await client.close();
    await server.stop();
  });

  it("says how to start NATS when there is none, and when JetStream is off", async () => {
    const options = { device: "a", connect: { servers: "nats://127.0.0.1:1", timeout: 300 } };
    await expect(
      new NatsDeviceTransport(options).start({
        ...{ onFrame: () => undefined, onConnected: () => undefined, onLost: () => undefined },
      }),
    ).rejects.toThrow(/no connection to nats:\/\/127.0.0.1:1.*nats-server -js/);
  });
});
