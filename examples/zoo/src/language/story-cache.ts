import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createRng } from "@edgewright/core";
import type { DecoderWeights } from "@edgewright/core/model-files";
import type { Kernels } from "@edgewright/kernels";
import { sampleStories } from "./sample-stories.js";

/** Options of {@link loadStories}. */
export interface LoadStoriesOptions {
  readonly kernels: Kernels;
  readonly seeds: readonly number[];
  /** Tokens for every seed. */
  readonly tokens: number;
  /** @default examples/zoo/.cache/stories, which git ignores */
  readonly folder?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (message: string) => void;
}

/** Begins every story. */
const BOS = 1;

/** The stories that a teacher tells from some seeds: read from the cache, or told and kept there. */
export async function loadStories(
  teacher: DecoderWeights,
  options: LoadStoriesOptions,
): Promise<Uint16Array[]> {
  const { kernels, seeds, tokens, signal, onProgress } = options;
  const folder = options.folder ?? fileURLToPath(new URL("../../.cache/stories", import.meta.url));
  const stories: Uint16Array[] = [];
  for (const seed of seeds) {
    const path = join(folder, `${tokens}-tokens-seed-${seed}.bin`);
    const known = await readFile(path).catch(() => undefined);
    if (known !== undefined) {
      stories.push(...splitStories(new Uint16Array(new Uint8Array(known).buffer)));
      continue;
    }
    let told = 0;
    const fresh = await sampleStories(teacher, {
      ...{ kernels, tokens, rng: createRng(seed), bos: BOS },
      ...(signal && { signal }),
      onProgress(count) {
        if (count < told) return;
        told = count + tokens / 10;
        onProgress?.(`the teacher tells stories, seed ${seed}: ${count} of ${tokens} tokens`);
      },
    });
    stories.push(...fresh);
    await mkdir(folder, { recursive: true });
    const all = Uint16Array.from(fresh.flatMap((story) => [...story]));
    await writeFile(`${path}.part`, new Uint8Array(all.buffer));
    await rename(`${path}.part`, path);
  }
  return stories;
}

function splitStories(tokens: Uint16Array): Uint16Array[] {
  const stories: Uint16Array[] = [];
  let start = 0;
  for (let i = 1; i <= tokens.length; i++) {
    if (i < tokens.length && tokens[i] !== BOS) continue;
    stories.push(tokens.subarray(start, i));
    start = i;
  }
  return stories;
}
