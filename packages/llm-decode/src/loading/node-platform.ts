/** The parts of Node's file system that a cache uses; a library for browsers has no types of it. */
export interface NodeFiles {
  stat(path: string): Promise<{ readonly size: number; isDirectory(): boolean }>;
  mkdir(path: string, options: { recursive: true }): Promise<unknown>;
  open(path: string, flags: string): Promise<NodeFile>;
  readFile(path: string, encoding: "utf8"): Promise<string>;
  writeFile(path: string, text: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  rm(path: string, options: { force: true; recursive: true }): Promise<void>;
}

/** An open file of {@link NodeFiles}. */
interface NodeFile {
  write(bytes: Uint8Array): Promise<{ readonly bytesWritten: number }>;
  close(): Promise<void>;
}

interface NodeProcess {
  readonly platform?: string;
  readonly pid?: number;
  readonly env?: Readonly<Record<string, string | undefined>>;
  getBuiltinModule?(name: string): unknown;
}

/** Node's file system, undefined in browsers. No import: bundlers for browsers find nothing to resolve. */
export function nodeFiles(): NodeFiles | undefined {
  return nodeProcess()?.getBuiltinModule?.("node:fs/promises") as NodeFiles | undefined;
}

/** A number that tells this process from others. */
export function nodeProcessId(): number {
  return nodeProcess()?.pid ?? 0;
}

/**
 * The folder for things that can be fetched again: `EDGEWRIGHT_CACHE`, otherwise the user's own by the platform's
 * custom.
 */
export function nodeCacheFolder(): string {
  const env = nodeProcess()?.env ?? {};
  if (env.EDGEWRIGHT_CACHE) return env.EDGEWRIGHT_CACHE;
  const os = nodeProcess()?.getBuiltinModule?.("node:os") as { homedir(): string } | undefined;
  const home = os?.homedir() ?? ".";
  const platform = nodeProcess()?.platform;
  if (platform === "win32") return `${env.LOCALAPPDATA ?? `${home}\\AppData\\Local`}\\edgewright`;
  if (platform === "darwin") return `${home}/Library/Caches/edgewright`;
  return `${env.XDG_CACHE_HOME || `${home}/.cache`}/edgewright`;
}

function nodeProcess(): NodeProcess | undefined {
  return (globalThis as { process?: NodeProcess }).process;
}
