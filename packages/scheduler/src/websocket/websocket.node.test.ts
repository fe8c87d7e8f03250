import { afterEach, describe, expect, it } from "vitest";
import { WebSocket } from "ws";
import { CascadeClient } from "../cascade/live-client.js";
import { CascadeServer } from "../cascade/live-server.js";
import type { CascadeServerOptions } from "../cascade/live-server-options.js";
import { encodeFrame } from "../cascade/messages-frame.js";
import { WebSocketDeviceTransport } from "./websocket-device-transport.js";
import {
  type WebSocketServerOptions,
  WebSocketServerTransport,
} from "./websocket-server-transport.js";

const UNSURE = Float32Array.of(0.5, 0.4, 0.1);
const toClose: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of toClose.splice(0).reverse()) await close();
});

async function serve(
  options: Partial<CascadeServerOptions> = {},
  listening: WebSocketServerOptions = {},
): Promise<{ server: CascadeServer; transport: WebSocketServerTransport; url: string }> {
  const transport = new WebSocketServerTransport(listening);
  const server = new CascadeServer({
    transports: [transport],
    authenticate: (_, token) => token === "t",
    runBatch: (inputs) =>
      inputs.map((input) => Float32Array.from({ length: 8 }, (_, k) => (k === input[0] ? 1 : 0))),
    ...options,
  });
  await server.start();
  toClose.push(() => server.stop());
  return { server, transport, url: transport.url! };
}

async function join(urls: readonly string[], device = "a"): Promise<CascadeClient> {
  const transport = new WebSocketDeviceTransport({ urls });
  const client = new CascadeClient({ device, transport, token: "t", deadlineMs: 3000 });
  await client.start();
  toClose.push(() => client.close());
  return client;
}

async function open(url: string): Promise<{ socket: WebSocket; closed: Promise<number> }> {
  const socket = new WebSocket(url);
  const closed = new Promise<number>((resolve) => socket.once("close", resolve));
  socket.on("error", () => undefined);
  await new Promise((resolve) => socket.once("open", resolve));
  return { socket, closed };
}

describe("cascades over WebSocket", () => {
  it("carries requests, answers and thresholds", async () => {
    const { server, url } = await serve();
    const client = await join([url]);
    const labels = await Promise.all(
      [1, 2, 3].map(async (k) => (await client.classify(UNSURE, Float32Array.of(k))).label),
    );
    expect(labels).toEqual([1, 2, 3]);
    expect(server.stats()).toMatchObject({ done: 3, devices: 1 });
  });

  it("goes on to the next server when one dies, with what was under way", async () => {
    const stuck = await serve({ name: "stuck", runBatch: () => new Promise(() => undefined) });
    const next = await serve({ name: "next" });
    const client = await join([stuck.url, next.url]);
    const answer = client.classify(UNSURE, Float32Array.of(5));
    while (stuck.server.stats().requests === 0) await new Promise((r) => setTimeout(r, 2));
    await stuck.transport.close();
    toClose.push(() => stuck.server.stop({ drain: false, timeoutMs: 10 }));
    expect(await answer).toMatchObject({ label: 5, server: "next", attempts: 2 });
  });

  it("passes by servers that are not there", async () => {
    const { url } = await serve();
    const client = await join(["ws://127.0.0.1:1", url]);
    expect((await client.classify(UNSURE, Float32Array.of(2))).label).toBe(2);
    const nobody = new WebSocketDeviceTransport({
      urls: ["ws://127.0.0.1:1"],
      connectTimeoutMs: 60,
    });
    await expect(new CascadeClient({ device: "b", transport: nobody }).start()).rejects.toThrow(
      /no server answered within 60 ms of ws:\/\/127/,
    );
  });

  it("cuts off garbage, giants and the mute, and serves the others", async () => {
    const { url } = await serve(
      { limits: { maxFaults: 3 } },
      { maxFrameBytes: 20_000, firstFrameMs: 100, pingMs: 60 },
    );
    const client = await join([url]);
    const garbage = await open(url);
    for (let i = 0; i < 3; i++) garbage.socket.send(Buffer.from("not a frame"));
    const giant = await open(url);
    giant.socket.send(Buffer.alloc(30_000));
    const text = await open(url);
    for (let i = 0; i < 3; i++) text.socket.send("text");
    const mute = await open(url);
    expect(await garbage.closed).toBe(1008);
    expect(await giant.closed).toBe(1009);
    expect(await text.closed).toBe(1008);
    expect(await mute.closed).toBe(1006);
    expect((await client.classify(UNSURE, Float32Array.of(6))).label).toBe(6);
  });

  it("cuts off who stalls: who asks and never reads, and who is gone without a word", async () => {
    const output = new Float32Array(250_000);
    const { url, server } = await serve(
      {
        limits: { requestsPerSecond: 1000, maxInFlight: 1000 },
        runBatch: (i) => i.map(() => output),
      },
      { maxBufferedBytes: 500_000, pingMs: 80 },
    );
    const stalled = await open(url);
    (stalled.socket as unknown as { _socket: { pause(): void } })._socket.pause();
    for (let id = 0; id < 60; id++) {
      const head = { v: 1, type: "request", device: "s", token: "t", attempt: 1 } as const;
      stalled.socket.send(encodeFrame({ ...head, id: `${id}`, budgetMs: 2000 }, new Uint8Array(4)));
    }
    const client = await join([url]);
    const { reason } = await client.classify(UNSURE, Float32Array.of(6));
    expect(reason).toBe("answered");
    while (server.stats().devices > 1 || server.stats().queued > 0) {
      await new Promise((r) => setTimeout(r, 5));
    }
    // Its end of the connection is gone: the server has forgotten it, and the friend is still there.
    await new Promise((r) => setTimeout(r, 200));
    expect(server.stats().devices).toBe(1);
    expect((await client.classify(UNSURE, Float32Array.of(6))).reason).toBe("answered");
    stalled.socket.terminate();
  });

  it("admits pages by their origin, and connections up to a number", async () => {
    const { url } = await serve({}, { verifyOrigin: (o) => o === undefined, maxConnections: 1 });
    const refused = new WebSocket(url, { origin: "https://elsewhere.example" });
    const code = await new Promise((resolve) =>
      refused.once("unexpected-response", (_, response) => resolve(response.statusCode)),
    );
    expect(code).toBe(401);
    await open(url);
    const second = new WebSocket(url);
    await expect(new Promise((_, reject) => second.once("error", reject))).rejects.toThrow(/401/);
  });

  it("says what is wrong with a port that is taken", async () => {
    const { url } = await serve();
    const port = Number(new URL(url).port);
    await expect(serve({}, { port })).rejects.toThrow(/WebSocketServerTransport: .*EADDRINUSE/);
    toClose.length = 1;
  });
});
