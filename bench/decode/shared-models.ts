// Real models and texts that are not part of the repository: they lie in the folder of `EDGEWRIGHT_SHARED`, or
// beside the repository.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { env } from "node:process";
import { fileURLToPath } from "node:url";

/** Path of a file of the language models' data, or `undefined` where it is absent. */
export function sharedFile(...path: string[]): string | undefined {
  const folder =
    env.EDGEWRIGHT_SHARED ?? fileURLToPath(new URL("../../../shared", import.meta.url));
  const file = join(folder, "data", "llm", ...path);
  return existsSync(file) ? file : undefined;
}

/** The model of 260 thousand parameters from llama2.c in one of GGUF's formats. */
export function stories260K(format: "f32" | "f16" | "q8_0" | "q4_0"): string | undefined {
  return sharedFile("stories260K", `stories260K-${format}.gguf`);
}
