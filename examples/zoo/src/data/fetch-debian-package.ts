import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

/** Runs a command in a folder; rejects with what it said when it fails. */
export type RunCommand = (command: string, args: readonly string[], cwd: string) => Promise<void>;

/** {@link RunCommand} by a child process. */
export const runCommand: RunCommand = async (command, args, cwd) => {
  try {
    await promisify(execFile)(command, [...args], { cwd });
  } catch (cause) {
    const { code, stderr, message } = cause as NodeJS.ErrnoException & { stderr?: string };
    if (code === "ENOENT") throw new Error(`there is no ${command} here`, { cause });
    throw new Error(stderr?.trim().split("\n").at(-1) || message, { cause });
  }
};

/**
 * Downloads a Debian package with apt-get and unpacks it below a folder, without root. apt checks the
 * signature of the package list and the package's hash.
 */
export async function fetchDebianPackage(
  name: string,
  folder: string,
  run: RunCommand = runCommand,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const download = await mkdtemp(join(folder, "download-"));
  try {
    await run("apt-get", ["download", name], download);
    const archive = (await readdir(download)).find((file) => file.endsWith(".deb"));
    if (archive === undefined) throw new Error(`apt-get download ${name} left no package`);
    await run("dpkg-deb", ["-x", join(download, archive), folder], download);
  } finally {
    await rm(download, { recursive: true, force: true });
  }
}
