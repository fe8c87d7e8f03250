import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createRng } from "@edgewright/core";
import { parseModel } from "@edgewright/graph";
import { createFeeds, type FeedOptions } from "../engines/create-feeds.js";
import { loadEngine, type Runtime } from "./find-engines.js";

/** What a process that measures memory is asked to run. */
export interface MemoryTask extends FeedOptions {
  readonly runtime: Runtime;
  readonly threads: number;
  /** Where peers are looked for. */
  readonly from: string;
  readonly path: string;
}

const RUNS = 3;

/**
 * Peak memory that an engine takes for a model, in bytes: the largest resident set of a process of its
 * own that loads engine and model and runs it three times, less what it took before.
 *
 * @returns `undefined` when that process fails
 */
export function measurePeakMemory(
  task: MemoryTask,
  signal: AbortSignal | undefined,
): Promise<number | undefined> {
  const command = [...process.execArgv, process.argv[1]!, "measure-memory", JSON.stringify(task)];
  return new Promise((resolve) => {
    const child = spawn(process.execPath, command, {
      stdio: ["ignore", "pipe", "ignore"],
      ...(signal === undefined ? {} : { signal }),
    });
    let text = "";
    child.stdout.setEncoding("utf8").on("data", (part: string) => {
      text += part;
    });
    child.on("error", () => resolve(undefined));
    child.on("close", () => {
      const bytes = Number(/^peak (\d+)$/m.exec(text)?.[1] ?? Number.NaN);
      resolve(Number.isFinite(bytes) ? bytes : undefined);
    });
  });
}

/** The process that {@link measurePeakMemory} starts. */
export async function runMemoryTask(json: string): Promise<void> {
  const task = JSON.parse(json) as MemoryTask;
  const bytes = new Uint8Array(readFileSync(task.path));
  const feeds = createFeeds(parseModel(bytes).graph.inputs, createRng(0), task);
  const before = startPeak();
  const engine = await loadEngine(task.runtime, task.threads, task.from);
  const open = await engine.open(bytes);
  let seen = process.memoryUsage.rss();
  for (let run = 0; run < RUNS; run++) {
    await open.run(feeds);
    seen = Math.max(seen, process.memoryUsage.rss());
  }
  const peak = (readHighWater() ?? seen) - before;
  process.stdout.write(`peak ${Math.max(0, peak)}\n`, () => process.exit(0));
}

// Node's start alone peaks above what a small model needs, so Linux is asked to forget that peak.
// Elsewhere the resident set is looked at after loading and after each run.
function startPeak(): number {
  try {
    writeFileSync("/proc/self/clear_refs", "5");
  } catch {
    // not Linux, or not allowed
  }
  return process.memoryUsage.rss();
}

function readHighWater(): number | undefined {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8"))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}
