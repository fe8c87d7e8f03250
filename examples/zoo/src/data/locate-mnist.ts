import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { EdgewrightError } from "@edgewright/core";
import { holdsDataset } from "./dataset-folder.js";

/** Options of {@link locateMnist}. */
export interface LocateMnistOptions {
  /** Folder with the four files. @default none */
  folder?: string;
  /** @default process.env */
  environment?: Readonly<Record<string, string | undefined>>;
}

/**
 * The folder with MNIST's files: the option, `EDGEWRIGHT_MNIST`, or `data/mnist` in the folder of shared
 * data (`EDGEWRIGHT_SHARED`, else `../shared` beside the repository).
 *
 * @throws EdgewrightError `unavailable` where none of them holds the files
 */
export function locateMnist(options: LocateMnistOptions = {}): string {
  const { folder, environment = process.env } = options;
  const shared =
    environment.EDGEWRIGHT_SHARED ??
    fileURLToPath(new URL("../../../../../shared", import.meta.url));
  const named = folder ?? environment.EDGEWRIGHT_MNIST;
  const places = named === undefined ? [join(shared, "data", "mnist")] : [named];
  const found = places.find(holdsDataset);
  if (found !== undefined) return found;
  throw new EdgewrightError(
    "unavailable",
    `MNIST is not here: looked in ${places.join(" and ")}. Put its four .gz files into a folder and ` +
      "name it in EDGEWRIGHT_MNIST",
  );
}
