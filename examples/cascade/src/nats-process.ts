import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A NATS server to use, and how to let go of it. */
export interface NatsInUse {
  readonly url: string;
  stop(): Promise<void>;
}

/** Where programs lie that administrators use; it is not on every PATH. */
const SBIN = ["/usr/sbin", "/usr/local/sbin"];

/**
 * Starts a nats-server with JetStream on a free port, its store in a folder that goes with it.
 *
 * @throws Error that says how to install it
 */
export async function startNats(
  path: string = process.env.PATH ?? "",
  more: readonly string[] = SBIN,
): Promise<NatsInUse> {
  const program = [...path.split(":"), ...more]
    .map((folder) => join(folder, "nats-server"))
    .find((file) => existsSync(file));
  if (program === undefined) {
    throw new Error(
      "nats-server was not found. Install it (Debian, Ubuntu: sudo apt-get install nats-server; " +
        "others: https://nats.io/download), or name one that runs with JetStream: --nats nats://host:4222",
    );
  }
  const store = await mkdtemp(join(tmpdir(), "cascade-nats-"));
  const port = await freePort();
  const args = ["-js", "-sd", store, "-a", "127.0.0.1", "-p", String(port)];
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  let log = "";
  await new Promise<void>((resolve, reject) => {
    child.stderr.on("data", (text) => {
      log = (log + text).slice(-4000);
      if (log.includes("Server is ready")) resolve();
    });
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`nats-server ended at its start:\n${log}`)));
  });
  return {
    url: `nats://127.0.0.1:${port}`,
    stop: async () => {
      child.kill();
      await ended;
      await rm(store, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 4222;
}
