import type { TestProject } from "vitest/node";
import { CascadeServer } from "../cascade/live-server.js";
import { WebSocketServerTransport } from "./websocket-server-transport.js";

declare module "vitest" {
  interface ProvidedContext {
    /** A cascade server in Node, for tests in browsers. */
    readonly cascadeUrl?: string;
  }
}

/** Vitest's global set-up of the browser project: a server that browsers connect to. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const transport = new WebSocketServerTransport();
  const server = new CascadeServer({
    transports: [transport],
    authenticate: (_, token) => token === "browser",
    // Its answer tells which input it had: the largest score stands at input[0].
    runBatch: (inputs) =>
      inputs.map((input) => Float32Array.from({ length: 8 }, (_, k) => (k === input[0] ? 1 : 0))),
    controller: {
      ...{ name: "test", join: () => undefined, leave: () => undefined, report: () => undefined },
      ...{ observeBatch: () => undefined, thresholdOf: () => 0.5 },
      update: () => new Map([["threshold-follower", 0.875]]),
    },
    windowMs: 50,
  });
  try {
    await server.start();
    project.provide("cascadeUrl", transport.url);
  } catch (error) {
    // No reason to run no browser test at all.
    console.warn(`tests of browsers as devices are skipped: ${(error as Error).message}`);
  }
  return () => server.stop({ timeoutMs: 100 });
}
