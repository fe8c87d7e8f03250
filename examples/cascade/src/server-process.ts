// A server in a process of its own, started by run-cascade.ts, which may kill it at any time.
import type { ServerTransport } from "@edgewright/scheduler";
import { NatsServerTransport } from "@edgewright/scheduler/nats";
import { WebSocketServerTransport } from "@edgewright/scheduler/websocket";
import type { RunOptions } from "./command-line.js";
import type { BatchRecord } from "./run-record.js";
import { startServer } from "./start-server.js";

/** What the process is told on its command line, as JSON. */
export interface ServerConfig {
  readonly options: RunOptions;
  readonly name: string;
  readonly natsUrl: string | undefined;
  readonly prefix: string;
}

/** What the process says. */
export type ServerReport =
  | {
      readonly type: "ready";
      readonly url: string | undefined;
      readonly batchMs: readonly (readonly [number, number])[];
    }
  | { readonly type: "batches"; readonly batches: readonly BatchRecord[] }
  | { readonly type: "failed"; readonly message: string };

const say = (report: ServerReport) => process.send?.(report);

try {
  const { options, name, natsUrl, prefix } = JSON.parse(process.argv[2] ?? "") as ServerConfig;
  const websocket = options.transport === "ws" ? new WebSocketServerTransport() : undefined;
  const transport: ServerTransport =
    websocket ??
    new NatsServerTransport({ name, prefix, connect: { servers: natsUrl ?? "127.0.0.1:4222" } });
  let batches: BatchRecord[] = [];
  const { server, batchMs } = await startServer(options, name, transport, (batch) =>
    batches.push(batch),
  );
  const tell = () => {
    say({ type: "batches", batches });
    batches = [];
  };
  const timer = setInterval(tell, 200);
  say({ type: "ready", url: websocket?.url, batchMs });
  process.once("message", async () => {
    await server.stop({ timeoutMs: 2000 });
    clearInterval(timer);
    tell();
    process.disconnect();
  });
  // Whoever started it is gone.
  process.once("disconnect", () => process.exit(0));
} catch (error) {
  say({ type: "failed", message: (error as Error).message });
  process.exitCode = 1;
}
