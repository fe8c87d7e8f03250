// Loads one model in a process of its own, reads a prompt, decodes, and says what memory that took at most:
// `measure-memory-alone.ts <file> <format> <capacity>`. Prints one JSON object.
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { type LanguageModel, loadLanguageModel } from "@edgewright/llm-decode";
import { type RandomFormat, randomModel } from "./random-models.js";

/** Bytes. */
export interface MemoryResult {
  readonly fileBytes: number;
  /** What the process had before loading: Node, its heap, compiled code. */
  readonly baselineBytes: number;
  /** Most of physical memory that the process had, less what it had before loading. */
  readonly peakBytes: number;
  /** The same after decoding, with the garbage of loading collected. */
  readonly settledBytes: number;
  /** The same after the model was disposed of. */
  readonly keptBytes: number;
  /** What the model says of itself. */
  readonly stated: { readonly weights: number; readonly cache: number; readonly total: number };
}

const WARM_UPS = 4;

if (process.argv[1]?.endsWith("measure-memory-alone.ts")) {
  const [file, format, capacity] = process.argv.slice(2);
  const result = await measureMemory(file!, format as RandomFormat, Number(capacity));
  process.stdout.write(`${JSON.stringify(result)}\n`, () => process.exit(0));
}

async function measureMemory(
  file: string,
  format: RandomFormat,
  capacity: number,
): Promise<MemoryResult> {
  // Code, compiled or not, and the engine's own heap are no cost of the model: a small one of its format comes and goes
  // until the process grows no more. After the first time it still does, by about 10 MB, whatever model comes.
  for (let round = 0; round < WARM_UPS; round++) {
    await decodeWith(await randomModel("9M", format), 64, () => {});
    await collectGarbage();
  }
  const before = residentBytes();
  forgetPeak();
  let peakBytes = 0;
  let settledBytes = 0;
  let stated = { weights: 0, cache: 0, total: 0 };
  await decodeWith(file, capacity, async (model) => {
    peakBytes = peakResidentBytes() - before;
    await collectGarbage();
    settledBytes = residentBytes() - before;
    const { weights, cache, total } = model.memory;
    stated = { weights, cache, total };
  });
  await collectGarbage();
  const keptBytes = residentBytes() - before;
  return {
    fileBytes: statSync(file).size,
    baselineBytes: before,
    peakBytes,
    settledBytes,
    keptBytes,
    stated,
  };
}

async function decodeWith(
  file: string,
  capacity: number,
  use: (model: LanguageModel) => void | Promise<void>,
): Promise<void> {
  const model = await loadLanguageModel(file, { threads: 1, capacity });
  const prompt = Array.from({ length: Math.min(128, capacity - 32) }, (_, i) => 3 + i);
  await model.generate(prompt, { maxTokens: 16, ignoreEnd: true }).text();
  await use(model);
  model.dispose();
}

// Twice: what the first round finds dead, the second gives back.
async function collectGarbage(): Promise<void> {
  for (let round = 0; round < 2; round++) {
    globalThis.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function residentBytes(): number {
  return process.memoryUsage.rss();
}

// Compiling this script took more than a small model will.
function forgetPeak(): void {
  try {
    writeFileSync("/proc/self/clear_refs", "5");
  } catch {
    // Not Linux, or not allowed: then the peak may be one of before.
  }
}

// The system's own mark; `maxRSS` of getrusage cannot be reset, and Linux hands it down from the parent.
function peakResidentBytes(): number {
  try {
    const line = /VmHWM:\s+(\d+) kB/.exec(readFileSync("/proc/self/status", "utf8"));
    if (line !== null) return Number(line[1]) * 1024;
  } catch {
    // Not Linux.
  }
  return process.resourceUsage().maxRSS * 1024;
}
