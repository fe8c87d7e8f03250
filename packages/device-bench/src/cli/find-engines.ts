import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import type { BenchEngine } from "../engines/bench-engine.js";
import { createEdgewrightEngine } from "../engines/edgewright-engine.js";
import { createOnnxRuntimeEngine, type OnnxRuntimeModule } from "../engines/onnxruntime-engine.js";

/** The runtimes that the command line knows. */
export const RUNTIMES = ["edgewright", "onnxruntime-web", "onnxruntime-node"] as const;

/** One of {@link RUNTIMES}. */
export type Runtime = (typeof RUNTIMES)[number];

/** Which of the runtimes are installed where Node would find them from `folder`; ours always is. */
export function findRuntimes(folder: string): Runtime[] {
  return RUNTIMES.filter((runtime) => runtime === "edgewright" || locate(runtime, folder));
}

/** Loads a runtime as an engine. Peers are looked for from `folder`, so nothing depends on them. */
export async function loadEngine(
  runtime: Runtime,
  threads: number,
  folder: string,
): Promise<BenchEngine> {
  if (runtime === "edgewright") return createEdgewrightEngine({ threads });
  const entry = locate(runtime, folder);
  if (entry === undefined) {
    throw new Error(`${runtime} is not installed: npm install ${runtime}, or --from <folder>`);
  }
  // `require` also finds packages that `import` from elsewhere would not.
  const ort = createRequire(entry)(entry) as OnnxRuntimeModule;
  return createOnnxRuntimeEngine(ort, { runtime, threads, version: readVersion(entry) });
}

function locate(runtime: Runtime, folder: string): string | undefined {
  try {
    return createRequire(join(resolve(folder), "package.json")).resolve(runtime);
  } catch {
    return undefined;
  }
}

function readVersion(entry: string): string {
  for (let folder = dirname(entry); folder !== dirname(folder); folder = dirname(folder)) {
    try {
      const text = readFileSync(join(folder, "package.json"), "utf8");
      const { version } = JSON.parse(text) as { version?: string };
      if (version !== undefined) return version;
    } catch {
      // not the package's own folder yet
    }
  }
  return "unknown";
}
