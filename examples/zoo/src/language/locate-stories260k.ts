import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { EdgewrightError } from "@edgewright/core";

/** Options of {@link locateStories260k} and {@link locateTinyStories}. */
export interface LocateStoriesOptions {
  /** The folder. @default none */
  folder?: string;
  /** @default process.env */
  environment?: Readonly<Record<string, string | undefined>>;
}

/**
 * The folder with `stories260K.bin` and `tok512.bin` (llama2.c, from karpathy/tinyllamas): the option,
 * `EDGEWRIGHT_STORIES260K`, or `data/llm/stories260K` in the folder of shared data (`EDGEWRIGHT_SHARED`, else
 * `../shared` beside the repository).
 *
 * @throws EdgewrightError `unavailable` where none of them holds the files
 */
export function locateStories260k(options: LocateStoriesOptions = {}): string {
  return locate(options, {
    what: "stories260K",
    variable: "EDGEWRIGHT_STORIES260K",
    files: ["stories260K.bin", "tok512.bin"],
    path: ["data", "llm", "stories260K"],
  });
}

/**
 * The folder with `train-head.txt`, stories of TinyStories: the option, `EDGEWRIGHT_TINYSTORIES`, or
 * `data/llm/text-tinystories` in the folder of shared data.
 *
 * @throws EdgewrightError `unavailable` where none of them holds the file
 */
export function locateTinyStories(options: LocateStoriesOptions = {}): string {
  return locate(options, {
    what: "The text of TinyStories",
    variable: "EDGEWRIGHT_TINYSTORIES",
    files: ["train-head.txt"],
    path: ["data", "llm", "text-tinystories"],
  });
}

interface Wanted {
  readonly what: string;
  readonly variable: string;
  readonly files: readonly string[];
  readonly path: readonly string[];
}

function locate(
  { folder, environment = process.env }: LocateStoriesOptions,
  { what, variable, files, path }: Wanted,
): string {
  const shared =
    environment.EDGEWRIGHT_SHARED ??
    fileURLToPath(new URL("../../../../../shared", import.meta.url));
  const place = folder ?? environment[variable] ?? join(shared, ...path);
  if (files.every((file) => existsSync(join(place, file)))) return place;
  throw new EdgewrightError(
    "unavailable",
    `${what} is not here: looked in ${place} for ${files.join(" and ")}. Name a folder that has them in ${variable}`,
  );
}
