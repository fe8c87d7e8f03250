import { describe, expect, inject, it } from "vitest";
import { CascadeClient } from "../cascade/live-client.js";
import { WebSocketDeviceTransport } from "./websocket-device-transport.js";

const UNSURE = Float32Array.of(0.5, 0.4, 0.1);
// Only the browser project starts a server; Node's own tests are in websocket.node.test.ts.
const url = inject("cascadeUrl");

describe.skipIf(!url)("a device in a browser", () => {
  it("asks a server in Node over the browser's own WebSocket", async () => {
    const transport = new WebSocketDeviceTransport({ urls: ["ws://127.0.0.1:1", url!] });
    const client = new CascadeClient({
      device: "tab",
      transport,
      token: "browser",
      deadlineMs: 5000,
    });
    await client.start();
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, k) => client.classify(UNSURE, Float32Array.of(k % 8))),
    );
    expect(answers.map(({ label }) => label)).toEqual(answers.map((_, k) => k % 8));
    expect(new Set(answers.map(({ source }) => source))).toEqual(new Set(["heavy"]));
    expect(client.stats()).toMatchObject({ samples: 20, satisfied: 20, pending: 0 });
    await client.close();
  });

  it("follows thresholds that the server pushes", async () => {
    const transport = new WebSocketDeviceTransport({ urls: [url!] });
    let follow: (threshold: number) => void = () => undefined;
    const pushed = new Promise<number>((resolve) => {
      follow = (threshold) => threshold === 0.875 && resolve(threshold);
    });
    const client = new CascadeClient({
      ...{ device: "threshold-follower", transport, token: "browser", onThreshold: follow },
    });
    await client.start();
    expect(await pushed).toBe(0.875);
    await client.close();
  });

  it("is refused without the token, and keeps its own answers", async () => {
    const transport = new WebSocketDeviceTransport({ urls: [url!] });
    const client = new CascadeClient({ device: "stranger", transport, deadlineMs: 5000 });
    await client.start();
    const { source, reason, label } = await client.classify(UNSURE, Float32Array.of(3));
    expect([source, reason, label]).toEqual(["light", "refused", 0]);
    await client.close();
  });
});
