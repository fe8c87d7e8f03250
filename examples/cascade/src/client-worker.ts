// A thread with some of the devices, started by run-cascade.ts.
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { type DeviceTransport, type FramePort, PortDeviceTransport } from "@edgewright/scheduler";
import { NatsDeviceTransport } from "@edgewright/scheduler/nats";
import { WebSocketDeviceTransport } from "@edgewright/scheduler/websocket";
import type { RunOptions } from "./command-line.js";
import { joinDevices } from "./run-devices.js";
import type { WorkerResult } from "./run-record.js";

/** What the thread is given. */
export interface WorkerConfig {
  readonly options: RunOptions;
  readonly numbers: readonly number[];
  readonly heavyLabels: Uint8Array;
  /** Of the WebSocket servers. */
  readonly urls: readonly string[];
  readonly natsUrl: string | undefined;
  readonly prefix: string;
  /** To the server in memory, one for each number. */
  readonly ports: readonly MessagePort[];
}

/** What the thread says. */
export type WorkerReport =
  | { readonly type: "joined" }
  | { readonly type: "done"; readonly result: WorkerResult };

const { options, numbers, heavyLabels, urls, natsUrl, prefix, ports } = workerData as WorkerConfig;
const port = parentPort!;

function transportOf(device: string, number: number): DeviceTransport {
  switch (options.transport) {
    case "memory":
      return new PortDeviceTransport(ports[numbers.indexOf(number)] as unknown as FramePort);
    case "ws":
      return new WebSocketDeviceTransport({ urls, first: number });
    case "nats":
      return new NatsDeviceTransport({ device, prefix, connect: { servers: natsUrl! } });
  }
}

const devices = await joinDevices({ options, numbers, heavyLabels, transportOf });
port.once("message", async (startAt: number) => {
  const result = await devices.run(startAt);
  port.postMessage({ type: "done", result } satisfies WorkerReport);
});
port.postMessage({ type: "joined" } satisfies WorkerReport);
