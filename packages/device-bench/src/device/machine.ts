/** The machine under a measurement, in words and figures that any runtime can give. */
export interface Machine {
  /** Processor model, or what the browser tells of itself. */
  readonly cpu: string;
  /** Logical processors. */
  readonly threads: number;
  /** Main memory in bytes; `undefined` where the runtime keeps it to itself. */
  readonly memoryBytes?: number;
  readonly platform: string;
  readonly architecture?: string;
}

interface NodeProcess {
  readonly versions?: Record<string, string | undefined>;
  readonly platform?: string;
  readonly arch?: string;
  getBuiltinModule?(name: string): unknown;
}

interface NodeOs {
  cpus(): { model: string }[];
  totalmem(): number;
  release(): string;
}

interface BrowserNavigator {
  readonly userAgent?: string;
  readonly hardwareConcurrency?: number;
  readonly deviceMemory?: number;
  readonly platform?: string;
}

/** Describes the machine this runs on: from `node:os` in Node, from `navigator` in a browser. */
export function describeMachine(): Machine {
  const node = nodeProcess();
  // Asked for at run time, so that no bundle for browsers carries an import of a Node module.
  const os = node?.getBuiltinModule?.("node:os") as NodeOs | undefined;
  if (node && os) {
    const cpus = os.cpus();
    return {
      cpu: cpus[0]?.model.trim() || "unknown",
      threads: cpus.length,
      memoryBytes: os.totalmem(),
      platform: `${node.platform} ${os.release()}`,
      ...(node.arch === undefined ? {} : { architecture: node.arch }),
    };
  }
  const browser = (globalThis as { navigator?: BrowserNavigator }).navigator;
  return {
    cpu: "unknown",
    threads: browser?.hardwareConcurrency ?? 1,
    ...(browser?.deviceMemory === undefined ? {} : { memoryBytes: browser.deviceMemory * 2 ** 30 }),
    platform: browser?.platform || "unknown",
  };
}

/** Versions of the runtime under a measurement: `node` and `v8`, or the browser's `userAgent`. */
export function describeRuntime(): Record<string, string> {
  const versions = nodeProcess()?.versions;
  if (versions?.node) return { node: versions.node, v8: versions.v8 ?? "unknown" };
  const browser = (globalThis as { navigator?: BrowserNavigator }).navigator;
  return { userAgent: browser?.userAgent ?? "unknown" };
}

function nodeProcess(): NodeProcess | undefined {
  const candidate = (globalThis as { process?: NodeProcess }).process;
  return candidate?.versions?.node ? candidate : undefined;
}
