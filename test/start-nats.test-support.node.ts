import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A nats-server of its own: free port, JetStream in a folder that goes with it. */
export interface NatsProcess {
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** The nats-server program; undefined where it is not installed. */
export function findNatsServer(): string | undefined {
  const folders = [...(process.env.PATH ?? "").split(":"), "/usr/sbin", "/usr/local/sbin"];
  return folders.map((folder) => join(folder, "nats-server")).find((path) => existsSync(path));
}

/** Starts one and waits until it listens. */
export async function startNats(program: string, port?: number): Promise<NatsProcess> {
  const store = await mkdtemp(join(tmpdir(), "edgewright-nats-"));
  const chosen = port ?? (await freePort());
  const args = ["-js", "-sd", store, "-a", "127.0.0.1", "-p", String(chosen)];
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "pipe"] });
  await listening(child);
  return {
    url: `nats://127.0.0.1:${chosen}`,
    port: chosen,
    stop: async () => {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = new Promise((resolve) => child.once("exit", resolve));
        child.kill("SIGKILL");
        await ended;
      }
      await rm(store, { recursive: true, force: true });
    },
  };
}

async function listening(child: ChildProcess): Promise<void> {
  let log = "";
  await new Promise<void>((resolve, reject) => {
    child.stderr!.on("data", (text) => {
      log += text;
      if (log.includes("Server is ready")) resolve();
    });
    child.once("exit", () => reject(new Error(`nats-server ended: ${log}`)));
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
