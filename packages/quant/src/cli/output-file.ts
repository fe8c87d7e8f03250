import {
  accessSync,
  constants,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, resolve } from "node:path";
import { UsageError } from "./arguments.js";

/**
 * Looks whether a file can be written, before the work whose result it is to hold.
 *
 * @param input the model that is read, which must not be lost
 * @throws UsageError where it cannot
 */
export function checkOutput(option: string, path: string, input: string): void {
  const folder = dirname(resolve(path));
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) {
    throw new UsageError(`${option}: ${path} is a folder; give the name of a file`);
  }
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError(`${option}: there is no folder ${folder}`);
  }
  if (found && realpathSync(path) === realpathSync(input)) {
    throw new UsageError(
      `${option}: ${path} is the model itself, whose weights would be lost; give another name`,
    );
  }
  try {
    accessSync(found && !found.isFile() ? path : folder, constants.W_OK);
  } catch {
    throw new UsageError(`${option}: no permission to write ${path}`);
  }
}

/** Writes a file whole or not at all: under another name first, which goes where writing fails. */
export function writeWhole(path: string, content: Uint8Array | string): void {
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
