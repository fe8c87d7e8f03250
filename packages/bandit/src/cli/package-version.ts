import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Version of the package that this file belongs to, built or not. */
export function readPackageVersion(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  for (; folder !== dirname(folder); folder = dirname(folder)) {
    try {
      const text = readFileSync(join(folder, "package.json"), "utf8");
      const { name, version } = JSON.parse(text) as { name?: string; version?: string };
      if (name === "@edgewright/bandit" && version !== undefined) return version;
    } catch {
      // not the package's own folder yet
    }
  }
  return "unknown";
}
