import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { CascadeClient } from "./live-client.js";
import type { CascadeClientOptions } from "./live-client-options.js";
import { CascadeServer } from "./live-server.js";
import type { CascadeServerOptions, RunBatch } from "./live-server-options.js";
import type { ServerMessage } from "./messages.js";
import { decodeServerFrame, encodeFrame, payloadOfFloats } from "./messages-frame.js";
import { createStaticController } from "./static-controller.js";
import type { DeviceTransport, ServerTransport } from "./transport.js";
import { MemoryServerTransport } from "./transport-memory.js";

const UNSURE = Float32Array.of(0.5, 0.4, 0.1);
const SURE = Float32Array.of(0.1, 0.9, 0);
// Its answer tells which input it had: the largest score stands at input[0].
const oneHot: RunBatch = (inputs) =>
  inputs.map((input) => Float32Array.from({ length: 8 }, (_, k) => (k === input[0] ? 1 : 0)));

async function serve(
  options: Partial<CascadeServerOptions> = {},
): Promise<{ server: CascadeServer; transport: MemoryServerTransport }> {
  const transport = new MemoryServerTransport();
  const server = new CascadeServer({
    transports: [transport],
    authenticate: "anyone",
    runBatch: oneHot,
    ...options,
  });
  await server.start();
  return { server, transport };
}

async function join(
  transport: DeviceTransport,
  options: Partial<CascadeClientOptions> = {},
): Promise<CascadeClient> {
  const client = new CascadeClient({ device: "a", transport, deadlineMs: 2000, ...options });
  await client.start();
  return client;
}

/** A device that speaks frames itself, as an attacker does. */
async function talk(transport: DeviceTransport): Promise<{
  send: (frame: Uint8Array) => void;
  heard: ServerMessage[];
  lost: Promise<string>;
}> {
  const heard: ServerMessage[] = [];
  let lose: (reason: string) => void = () => undefined;
  const lost = new Promise<string>((resolve) => {
    lose = resolve;
  });
  await transport.start({
    onFrame: (frame) => heard.push(decodeServerFrame(frame).message),
    onConnected: () => undefined,
    onLost: lose,
  });
  return { send: (frame) => transport.send(frame, "work"), heard, lost };
}

const request = (device: string, id: string, values: readonly number[] = [1], budgetMs = 1000) =>
  encodeFrame(
    { v: 1, type: "request", device, id, budgetMs, attempt: 1 },
    payloadOfFloats(Float32Array.from(values)),
  );

async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 3000;
  while (!condition()) {
    if (performance.now() > end) throw new Error("waited for 3 s in vain");
    await pause(2);
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe("a cascade in memory", () => {
  it("keeps sure answers and asks the heavy model for the others", async () => {
    const { server, transport } = await serve();
    const client = await join(transport.connect());
    expect(await client.classify(SURE, Float32Array.of(5))).toMatchObject({
      ...{ label: 1, source: "light", reason: "confident", attempts: 0, satisfied: true },
    });
    expect(await client.classify(UNSURE, Float32Array.of(5))).toMatchObject({
      ...{ label: 5, source: "heavy", reason: "answered", attempts: 1, server: "server", batch: 1 },
    });
    await client.close();
    await server.stop();
    expect(server.stats()).toMatchObject({ requests: 1, done: 1, busy: 0, refused: 0 });
  });

  it("gives each request its own answer, in batches", async () => {
    const sizes: number[] = [];
    const { server, transport } = await serve({
      onBatch: ({ size, ran }) => sizes.push(size, ran),
      batch: { batchSizes: [1, 2, 4, 8] },
    });
    const clients = await Promise.all(
      ["a", "b", "c"].map((device) => join(transport.connect(), { device })),
    );
    const wanted = Array.from({ length: 30 }, (_, i) => i % 8);
    const answers = await Promise.all(
      wanted.map((k, i) => clients[i % 3]!.classify(UNSURE, Float32Array.of(k))),
    );
    expect(answers.map(({ label }) => label)).toEqual(wanted);
    expect(Math.max(...sizes)).toBe(8);
    expect(server.stats().batched).toBe(30);
    for (const client of clients) await client.close();
    await server.stop();
  });

  it("answers with the light model at the deadline, and drops what comes later", async () => {
    const { server, transport } = await serve({
      runBatch: async (inputs) => {
        await pause(80);
        return oneHot(inputs, { size: 1, signal: new AbortController().signal });
      },
    });
    const client = await join(transport.connect(), { retryAfterMs: 1000 });
    const answer = await client.classify(UNSURE, Float32Array.of(3), { deadlineMs: 30 });
    expect(answer).toMatchObject({ label: 0, source: "light", reason: "late", satisfied: false });
    expect(answer.latencyMs).toBeLessThan(75);
    await until(() => client.stats().surplus === 1);
    expect(client.stats()).toMatchObject({ samples: 1, satisfied: 0, pending: 0 });
    await client.close();
    await server.stop();
  });

  it("computes a request once that is sent again, and the caller gets one answer", async () => {
    let computed = 0;
    const { server, transport } = await serve({
      runBatch: async (inputs) => {
        computed += inputs.length;
        await pause(40);
        return inputs.map(() => Float32Array.of(0, 1));
      },
    });
    const client = await join(transport.connect(), { retryAfterMs: 8 });
    const answer = await client.classify(UNSURE, Float32Array.of(3));
    expect(answer).toMatchObject({ label: 1, reason: "answered" });
    expect(answer.attempts).toBeGreaterThan(1);
    expect(computed).toBe(1);
    await client.close();
    await server.stop();
    expect(server.stats().repeated).toBe(answer.attempts - 1);
  });

  it("answers again from what it keeps when the answer was lost on its way", async () => {
    const { server, transport } = await serve();
    const { send, heard } = await talk(transport.connect());
    send(request("x", "1"));
    await until(() => heard.length === 1);
    send(request("x", "1"));
    await until(() => heard.length === 2);
    expect(heard[1]).toEqual(heard[0]);
    expect(server.stats()).toMatchObject({ batched: 1, repeated: 1 });
    await server.stop();
  });

  it("sends again no more than its budget allows", async () => {
    const { server, transport } = await serve({ runBatch: () => new Promise(() => undefined) });
    const client = await join(transport.connect(), { retryAfterMs: 2, retryBudget: 3 });
    await client.classify(UNSURE, Float32Array.of(3), { deadlineMs: 60 });
    expect(client.stats().resent).toBe(3);
    await client.close();
    await server.stop({ drain: false, timeoutMs: 10 });
  });

  it("sets thresholds through the controller, from reports", async () => {
    const reports: number[] = [];
    const controller = createStaticController({ threshold: 0.25 });
    const { server, transport } = await serve({
      controller: {
        ...controller,
        report: (_, { inSlo, total }) => reports.push(inSlo, total),
        update: () => new Map([["a", 0.75]]),
      },
      windowMs: 20,
    });
    const seen: number[] = [];
    const client = await join(transport.connect(), {
      ...{ windowMs: 10, threshold: 0.5, onThreshold: (threshold) => seen.push(threshold) },
    });
    await client.classify(SURE, Float32Array.of(1));
    await until(() => client.threshold === 0.75 && reports.length >= 2);
    expect(seen.at(-1)).toBe(0.75);
    expect(reports.slice(0, 2)).toEqual([1, 1]);
    await client.close();
    await until(() => server.stats().devices === 0);
    await server.stop();
  });

  it("lets in who has the token, and nobody else", async () => {
    const { server, transport } = await serve({
      authenticate: async (device, token) => token === `secret-of-${device}`,
    });
    const refusals: string[] = [];
    const onRefusal = (code: string, message: string) => refusals.push(`${code}: ${message}`);
    const stranger = await join(transport.connect(), { onRefusal });
    const liar = await join(transport.connect(), { onRefusal, token: "guess" });
    const friend = await join(transport.connect(), { token: "secret-of-a" });
    const input = Float32Array.of(2);
    expect((await stranger.classify(UNSURE, input)).reason).toBe("refused");
    expect((await liar.classify(UNSURE, input)).reason).toBe("refused");
    expect((await friend.classify(UNSURE, input)).reason).toBe("answered");
    expect(new Set(refusals)).toEqual(
      new Set(["unauthorised: a token is needed", "unauthorised: the token is not valid"]),
    );
    expect(server.stats()).toMatchObject({ devices: 1, batched: 1 });
    for (const client of [stranger, liar, friend]) await client.close();
    await server.stop();
  });

  it("finishes what it has taken when it stops, and turns away the rest", async () => {
    const { server, transport } = await serve({
      runBatch: async (inputs) => {
        await pause(20);
        return inputs.map(() => Float32Array.of(0, 1));
      },
      batch: { maxBatch: 2 },
    });
    const client = await join(transport.connect());
    const answers = [1, 2, 3, 4, 5].map((k) => client.classify(UNSURE, Float32Array.of(k)));
    await until(() => server.stats().requests === 5);
    await server.stop();
    expect((await Promise.all(answers)).map(({ reason }) => reason)).toEqual(
      Array(5).fill("answered"),
    );
    const late = await client.classify(UNSURE, Float32Array.of(1), { deadlineMs: 20 });
    expect(late).toMatchObject({ reason: "unavailable", source: "light" });
    await client.close();
  });

  it("sends what was under way to the next server, under the same id", async () => {
    const { server: first, transport } = await serve({
      name: "first",
      runBatch: () => new Promise(() => undefined),
    });
    const { server: second, transport: other } = await serve({ name: "second" });
    // A way that turns to the next server when one is lost, as the other transports do.
    const ways = [transport.connect(), other.connect()];
    let now = 0;
    const both: DeviceTransport = {
      start: (listener) =>
        ways[0]!.start({
          ...listener,
          onLost: (reason) => {
            listener.onLost(reason);
            now = 1;
            void ways[1]!.start(listener);
          },
        }),
      send: (frame, route) => ways[now]!.send(frame, route),
      close: () => ways[now]!.close(),
    };
    const client = await join(both);
    const answers = [3, 4].map((k) => client.classify(UNSURE, Float32Array.of(k)));
    await until(() => first.stats().requests === 2);
    await transport.close(); // dies without a word to its requests
    expect(await Promise.all(answers)).toMatchObject([
      { label: 3, server: "second", attempts: 2 },
      { label: 4, server: "second", attempts: 2 },
    ]);
    expect(client.stats()).toMatchObject({ recovered: 2, pending: 0 });
    await client.close();
    await second.stop();
    await first.stop({ drain: false, timeoutMs: 10 });
  });
});

describe("a client that misbehaves harms no other", () => {
  it("garbage: is refused, then cut off", async () => {
    const { server, transport } = await serve({ limits: { maxFaults: 4 } });
    const friend = await join(transport.connect());
    const { send, heard, lost } = await talk(transport.connect());
    send(new Uint8Array(0));
    send(Uint8Array.of(255, 255, 255, 255, 1));
    send(encodeFrame({ v: 2, type: "leave", device: "x" }));
    send(encodeFrame({ v: 1, type: "leave", device: "not a name" }));
    send(request("x", "never read"));
    expect(await lost).toMatch(/closed/);
    expect(heard.map((message) => message.type === "refusal" && message.code)).toEqual([
      ...["invalid", "invalid", "version", "invalid"],
    ]);
    expect((await friend.classify(UNSURE, Float32Array.of(6))).label).toBe(6);
    expect(server.stats()).toMatchObject({ refused: 4, requests: 1 });
    await friend.close();
    await server.stop();
  });

  it("any bytes at all leave the server running", async () => {
    const { server, transport } = await serve({ limits: { maxFaults: 1e9, framesPerSecond: 1e9 } });
    const { send } = await talk(transport.connect());
    const valid = request("x", "1", [1, 2, 3]);
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.nat(60),
        fc.nat(255),
        (bytes, at, value) => {
          send(bytes);
          const damaged = valid.slice();
          damaged[at] = value;
          send(damaged);
        },
      ),
      { seed: 5, numRuns: 100 },
    );
    const friend = await join(transport.connect());
    expect((await friend.classify(UNSURE, Float32Array.of(6))).label).toBe(6);
    await friend.close();
    await server.stop();
  });

  it("wrong inputs: are refused by length, and a model that throws on one answers the others", async () => {
    const { server, transport } = await serve({
      inputLength: 1,
      runBatch: (inputs, context) => {
        if (inputs.some(([first]) => first === 7)) throw new Error("cannot take a 7");
        return oneHot(inputs, context);
      },
    });
    const client = await join(transport.connect());
    const answers = await Promise.all(
      [[1], [7], [2], [1, 2]].map((input) => client.classify(UNSURE, Float32Array.from(input))),
    );
    expect(answers.map(({ reason, label }) => [reason, label])).toEqual([
      ...[
        ["answered", 1],
        ["failed", 0],
        ["answered", 2],
        ["refused", 0],
      ],
    ]);
    await client.close();
    await server.stop();
  });

  it("giants: are refused before they are read", async () => {
    const { server, transport } = await serve({ limits: { maxPayloadBytes: 8, maxFaults: 3 } });
    const { send, heard, lost } = await talk(transport.connect());
    send(request("x", "1", [1, 2]));
    send(request("x", "2", [1, 2, 3]));
    send(new Uint8Array(2 ** 16));
    await until(() => heard.length === 3);
    // The answer may come before or after the refusals.
    const refusals = heard.filter(({ type }) => type === "refusal");
    const frame = /8 bytes of payload at most, the frame has 65536/;
    expect(refusals).toMatchObject([
      { code: "too-large", id: "2" },
      { code: "too-large", message: frame },
    ]);
    expect(heard.find(({ type }) => type === "answer")).toMatchObject({ status: "done", id: "1" });
    send(new Uint8Array(0));
    expect(await lost).toMatch(/closed/);
    await server.stop();
  });

  it("a flood: gets busy, then is cut off, while others are served", async () => {
    const { server, transport } = await serve({
      limits: { requestsPerSecond: 20, framesPerSecond: 100, maxInFlight: 4 },
    });
    const friend = await join(transport.connect());
    const { send, heard, lost } = await talk(transport.connect());
    for (let i = 0; i < 300; i++) send(request("flood", `${i}`));
    const answer = await friend.classify(UNSURE, Float32Array.of(4), { deadlineMs: 1000 });
    expect(answer).toMatchObject({ label: 4, reason: "answered" });
    expect(await lost).toMatch(/closed/);
    const statuses = heard.map((message) => message.type === "answer" && message.status);
    expect(statuses.filter((status) => status === "busy").length).toBeGreaterThanOrEqual(90);
    expect(server.stats().done).toBeLessThanOrEqual(6);
    await friend.close();
    await server.stop();
  });

  it("a full queue: says busy at once, and the light answer stands", async () => {
    const { server, transport } = await serve({
      batch: { maxBatch: 1, maxQueue: 2 },
      runBatch: async (inputs) => {
        await pause(20);
        return inputs.map(() => Float32Array.of(0, 1));
      },
    });
    const client = await join(transport.connect());
    const answers = await Promise.all(
      Array.from({ length: 6 }, (_, k) => client.classify(UNSURE, Float32Array.of(k))),
    );
    const reasons = answers.map(({ reason }) => reason);
    expect(reasons.filter((reason) => reason === "busy").length).toBeGreaterThanOrEqual(3);
    expect(reasons.filter((reason) => reason === "answered").length).toBeGreaterThanOrEqual(2);
    expect(answers.find(({ reason }) => reason === "busy")).toMatchObject({ source: "light" });
    await client.close();
    await server.stop();
  });

  it("another's name: a connection speaks for one device only", async () => {
    const { server, transport } = await serve();
    const { send, heard } = await talk(transport.connect());
    send(encodeFrame({ v: 1, type: "heartbeat", device: "a" }));
    send(encodeFrame({ v: 1, type: "leave", device: "b" }));
    await until(() => heard.length === 1);
    expect(heard[0]).toMatchObject({ code: "unauthorised", message: /belongs to the device a/ });
    await server.stop();
  });
});

describe("stopping and refusing", () => {
  it("stops by signal", async () => {
    const controller = new AbortController();
    const { server, transport } = await serve({ signal: controller.signal });
    const client = await join(transport.connect());
    controller.abort();
    await server.stop();
    expect((await client.classify(UNSURE, Float32Array.of(1), { deadlineMs: 10 })).source).toBe(
      "light",
    );
    await client.close();
    await expect(client.classify(UNSURE, Float32Array.of(1))).rejects.toThrow(/close\(\) after/);
    await expect(server.start()).rejects.toThrow(/aborted/);
  });

  it("gives up a sample whose signal fires", async () => {
    const { server, transport } = await serve({ runBatch: () => new Promise(() => undefined) });
    const client = await join(transport.connect());
    const abort = new AbortController();
    const answer = client.classify(UNSURE, Float32Array.of(1), { signal: abort.signal });
    abort.abort();
    await expect(answer).rejects.toThrow(/aborted by the caller/);
    expect(client.stats()).toMatchObject({ samples: 0, forwarded: 0, pending: 0 });
    await client.close();
    await server.stop({ drain: false, timeoutMs: 10 });
  });

  it("names what is wrong with options", () => {
    const transports: ServerTransport[] = [];
    const base = { transports, authenticate: "anyone", runBatch: oneHot } as const;
    expect(() => new CascadeServer({ ...base, name: "a b" })).toThrow(/letters, digits/);
    const transport = new MemoryServerTransport().connect();
    expect(() => new CascadeClient({ device: "", transport })).toThrow(
      /CascadeClient: a device of 1/,
    );
    expect(() => new CascadeClient({ device: "a", transport, threshold: 2 })).toThrow(
      /0 to 1 was expected, got 2/,
    );
    void transport.close();
  });
});
