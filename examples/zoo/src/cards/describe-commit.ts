import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/**
 * The commit of this repository, with a word when the packages differ from it; `undefined` without git.
 * The bytes of a training depend on every package below it.
 */
export function describeCommit(): string | undefined {
  const cwd = fileURLToPath(new URL("../../../..", import.meta.url));
  const git = (...args: string[]) =>
    execFileSync("git", args, {
      cwd,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  try {
    const commit = git("rev-parse", "--short=12", "HEAD");
    const changes = git("status", "--porcelain", "--", "packages");
    return changes === "" ? commit : `${commit}, with changes`;
  } catch {
    return undefined;
  }
}
