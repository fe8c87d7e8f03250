import { createHash } from "node:crypto";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { decodeCheckpoint, encodeCheckpoint } from "@edgewright/autograd";
import type { LanguageRecipe } from "./language-recipes.js";
import type { PhaseCheckpoint } from "./train-language-model.js";

/** A {@link PhaseCheckpoint} with the wall time that led to it. */
interface KeptPhase extends PhaseCheckpoint {
  readonly seconds: number;
}

/** Keeps interrupted trainings of language models, one file for each phase. */
export interface PhaseFiles {
  /** The latest that an earlier run of the same recipe left. */
  read(recipe: LanguageRecipe): Promise<KeptPhase | undefined>;
  write(recipe: LanguageRecipe, kept: KeptPhase): Promise<void>;
  remove(recipe: LanguageRecipe): Promise<void>;
}

/**
 * Keeps interrupted trainings in a folder. The name of a file holds a hash of the recipe up to its phase: a
 * changed recipe goes on from the last phase that stayed the same.
 *
 * @param folder @default examples/zoo/.cache/progress, which git ignores
 */
export function phaseFiles(
  folder: string = fileURLToPath(new URL("../../.cache/progress", import.meta.url)),
): PhaseFiles {
  const pathOf = (recipe: LanguageRecipe, phase: number): string => {
    const { target: _, description: __, ...rest } = recipe;
    const text = JSON.stringify({ ...rest, phases: recipe.phases.slice(0, phase + 1) });
    const hash = createHash("sha256").update(text).digest("hex").slice(0, 8);
    return join(folder, `${recipe.name}-${phase}-${hash}.safetensors`);
  };
  return {
    async read(recipe) {
      for (let phase = recipe.phases.length - 1; phase >= 0; phase--) {
        const bytes = await readFile(pathOf(recipe, phase)).catch(() => undefined);
        if (bytes === undefined) continue;
        // The time stands in front: a file is whole or, by the renaming below, not there.
        const seconds = bytes.readDoubleLE(0);
        return { phase, seconds, checkpoint: decodeCheckpoint(new Uint8Array(bytes.subarray(8))) };
      }
      return undefined;
    },
    async write(recipe, { phase, checkpoint, seconds }) {
      const path = pathOf(recipe, phase);
      const time = Buffer.alloc(8);
      time.writeDoubleLE(seconds);
      await mkdir(folder, { recursive: true });
      await writeFile(`${path}.part`, Buffer.concat([time, encodeCheckpoint(checkpoint)]));
      await rename(`${path}.part`, path);
    },
    async remove(recipe) {
      for (let phase = 0; phase < recipe.phases.length; phase++) {
        await rm(pathOf(recipe, phase), { force: true });
      }
    },
  };
}
