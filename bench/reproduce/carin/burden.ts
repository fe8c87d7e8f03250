// A burden on the machine from other processes: busy loops, and memory that is really written to.
import { type ChildProcess, spawn } from "node:child_process";

const BUSY = "for (;;) { const end = Date.now() + 50; while (Date.now() < end); }";
const HOLD = `
  const held = [];
  for (let left = Number(process.argv[1]); left > 0; left -= 64e6) held.push(Buffer.alloc(Math.min(left, 64e6), 1));
  process.send?.("held");
  setInterval(() => held[0]?.fill(2, 0, 4096), 1000);
`;

/** Processes that make life hard for this one; dispose of them to end it. */
export class Burden implements Disposable {
  readonly #children: ChildProcess[] = [];

  /** Keeps so many processors busy, as far as the system shares them out. */
  keepBusy(processes: number): void {
    for (let i = 0; i < processes; i++) this.#children.push(spawn(process.execPath, ["-e", BUSY]));
  }

  /** Takes memory, and returns when it is taken. */
  async takeMemory(bytes: number): Promise<void> {
    const child = spawn(process.execPath, ["-e", HOLD, String(bytes)], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    this.#children.push(child);
    await new Promise<void>((resolve, reject) => {
      child.once("message", () => resolve());
      child.once("error", reject);
      child.once("exit", (code) =>
        reject(new Error(`the process that takes memory ended (${code})`)),
      );
    });
  }

  /** Ends all of it, and waits until it is over. */
  async lift(): Promise<void> {
    const ends = this.#children.splice(0).map(
      (child) =>
        new Promise<void>((resolve) => {
          child.removeAllListeners("exit");
          child.once("exit", () => resolve());
          child.kill("SIGKILL");
        }),
    );
    await Promise.all(ends);
  }

  [Symbol.dispose](): void {
    for (const child of this.#children) child.kill("SIGKILL");
  }
}
