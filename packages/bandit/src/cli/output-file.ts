import { realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { UsageError } from "./arguments.js";

/**
 * Looks whether a file can be written, before the work whose result it is to hold.
 *
 * @param inputs the logs that are read, which must not be lost
 * @throws UsageError where it cannot
 */
export function checkOutput(path: string, inputs: readonly string[]): void {
  if (path === "-") return;
  const folder = dirname(resolve(path));
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) throw new UsageError(`--out: ${path} is a folder; give a file's name`);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError(`--out: there is no folder ${folder}`);
  }
  const isInput = (input: string): boolean =>
    input !== "-" &&
    statSync(input, { throwIfNoEntry: false }) !== undefined &&
    realpathSync(input) === realpathSync(path);
  if (found && inputs.some(isInput)) {
    throw new UsageError(`--out: ${path} is a log, which would be lost; give another name`);
  }
}

/** Writes a file whole or not at all: under another name first, which goes where writing fails. */
export function writeWhole(path: string, content: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found && !found.isFile()) {
    writeFileSync(path, content); // a pipe or a device keeps its name
    return;
  }
  const target = found ? realpathSync(path) : path;
  const unfinished = `${target}.${process.pid}.unfinished`;
  try {
    writeFileSync(unfinished, content);
    renameSync(unfinished, target);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw error;
  }
}
