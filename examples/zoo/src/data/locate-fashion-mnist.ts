import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { EdgewrightError } from "@edgewright/core";
import { holdsDataset } from "./dataset-folder.js";
import { fetchDebianPackage, type RunCommand, runCommand } from "./fetch-debian-package.js";

const PACKAGE = "dataset-fashion-mnist";
const INSTALLED = "usr/share/datasets/fashion-mnist";

/** Options of {@link locateFashionMnist}. */
export interface LocateFashionMnistOptions {
  /** Folder with the four files. @default none */
  folder?: string;
  /** @default process.env */
  environment?: Readonly<Record<string, string | undefined>>;
  /** Where the Debian package installs to. @default "/" */
  root?: string;
  /** Where a fetched package is unpacked to, out of git's sight. @default examples/zoo/.cache */
  cache?: string;
  /** Runs apt-get and dpkg-deb. @default as child processes */
  run?: RunCommand;
  /** Told when the package is fetched. @default none */
  onProgress?: (message: string) => void;
}

/**
 * The folder with Fashion-MNIST's files. It is looked for in this order: the option, the environment
 * variable `EDGEWRIGHT_FASHION_MNIST`, the installed Debian package `dataset-fashion-mnist`, the cache;
 * where it is in none of them, the package is fetched with apt-get and unpacked into the cache, which
 * needs no root.
 *
 * @throws EdgewrightError `unavailable`, with what to do, when the files are not to be had
 */
export async function locateFashionMnist(options: LocateFashionMnistOptions = {}): Promise<string> {
  const {
    folder,
    environment = process.env,
    root = "/",
    cache = fileURLToPath(new URL("../../.cache", import.meta.url)),
    run = runCommand,
    onProgress,
  } = options;
  const named = folder ?? environment.EDGEWRIGHT_FASHION_MNIST;
  if (named !== undefined) {
    if (holdsDataset(named)) return named;
    throw unavailable(`${named} does not hold its four .gz files`);
  }
  const installed = join(root, INSTALLED);
  if (holdsDataset(installed)) return installed;
  const cached = join(cache, INSTALLED);
  if (holdsDataset(cached)) return cached;
  onProgress?.(`fetching the Debian package ${PACKAGE} (31 MB)`);
  try {
    await fetchDebianPackage(PACKAGE, cache, run);
  } catch (cause) {
    throw unavailable(`fetching it failed: ${(cause as Error).message}`, cause);
  }
  if (holdsDataset(cached)) return cached;
  throw unavailable(`the package ${PACKAGE} holds other files than expected`);
}

function unavailable(problem: string, cause?: unknown): EdgewrightError {
  return new EdgewrightError(
    "unavailable",
    `Fashion-MNIST is not here: ${problem}. On Debian or Ubuntu: sudo apt-get install ${PACKAGE}. ` +
      "Elsewhere: download train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, " +
      "t10k-images-idx3-ubyte.gz and t10k-labels-idx1-ubyte.gz from " +
      "https://github.com/zalandoresearch/fashion-mnist into a folder, and name it in " +
      "EDGEWRIGHT_FASHION_MNIST",
    { cause },
  );
}
