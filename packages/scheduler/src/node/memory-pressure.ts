import { readFile } from "node:fs/promises";
import { freemem, totalmem } from "node:os";

/** Where Linux tells about memory; for tests. */
export interface MemoryFiles {
  /** @default "/proc/meminfo" */
  readonly meminfo?: string;
  /** Folder of the control group that limits this process, of the first or second version. @default "/sys/fs/cgroup" */
  readonly controlGroup?: string;
}

/**
 * The share of memory, 0 to 1, that is not available to this process: of the machine's memory, or of the control
 * group's limit (as a container has one) where that is nearer to full.
 *
 * @example
 * import { readMemoryPressure } from "@edgewright/scheduler/node";
 *
 * const signal = {
 *   ...{ name: "memory", troubles: "memory", limits: { enter: 0.9, exit: 0.8 } },
 *   read: () => readMemoryPressure(),
 * };
 */
export async function readMemoryPressure(files: MemoryFiles = {}): Promise<number> {
  const { meminfo = "/proc/meminfo", controlGroup = "/sys/fs/cgroup" } = files;
  const [machine, group] = await Promise.all([
    readMachine(meminfo),
    readControlGroup(controlGroup),
  ]);
  return Math.max(machine, group);
}

async function readMachine(path: string): Promise<number> {
  const text = await readFile(path, "utf8").catch(() => "");
  const total = Number(/^MemTotal:\s+(\d+)/m.exec(text)?.[1]);
  const available = Number(/^MemAvailable:\s+(\d+)/m.exec(text)?.[1]);
  // Not Linux: what is free is less than what is available, which is on the safe side.
  if (!(total > 0 && available >= 0)) return 1 - freemem() / totalmem();
  return 1 - available / total;
}

async function readControlGroup(folder: string): Promise<number> {
  const read = (name: string) => readFile(`${folder}/${name}`, "utf8").catch(() => "");
  // "max" is no limit, and NaN here; the first version of control groups says some 2^63 instead.
  const unified = Number.parseInt(await read("memory.max"), 10);
  if (unified > 0) {
    const used = Number.parseInt(await read("memory.current"), 10);
    return pressureOf(used, unified, await read("memory.stat"), /^inactive_file (\d+)/m);
  }
  const limit = Number.parseInt(await read("memory/memory.limit_in_bytes"), 10);
  if (!(limit > 0)) return 0;
  const used = Number.parseInt(await read("memory/memory.usage_in_bytes"), 10);
  return pressureOf(used, limit, await read("memory/memory.stat"), /^total_inactive_file (\d+)/m);
}

function pressureOf(used: number, limit: number, statistics: string, inactive: RegExp): number {
  // Pages of files can be dropped at any time.
  const cached = Number(inactive.exec(statistics)?.[1] ?? 0);
  return used >= 0 ? Math.min(1, Math.max(0, used - cached) / limit) : 0;
}
