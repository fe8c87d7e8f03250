// The language models that the zoo ships, with the prompt tokens trained for them.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A model of `examples/zoo`. */
export interface ShippedModel {
  readonly name: string;
  /** Path of its weights. */
  readonly file: string;
  /** What `readPromptTokens` reads. */
  readonly promptTokens: Uint8Array;
}

/** Models in the zoo's folder that have prompt tokens beside them. */
export function shippedModels(): ShippedModel[] {
  const folder = fileURLToPath(new URL("../../examples/zoo/checkpoints/", import.meta.url));
  return readdirSync(folder)
    .filter((name) => name.endsWith(".ewq"))
    .flatMap((name): ShippedModel[] => {
      const stem = name.slice(0, -".ewq".length);
      const file = `${folder}${name}`;
      const tokens = `${folder}${stem}.prompt-tokens.safetensors`;
      if (!existsSync(tokens)) return [];
      return [{ name: stem, file, promptTokens: readFileSync(tokens) }];
    });
}
