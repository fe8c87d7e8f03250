import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { languageModels } from "../../examples/zoo/src/language/language-models.js";

/** A language model of `examples/zoo` with the prompt tokens trained for it. */
export interface ShippedModel {
  readonly name: string;
  /** Path of its weights. */
  readonly file: string;
  /** What `readPromptTokens` reads. */
  readonly promptTokens: Uint8Array;
}

/** The zoo's language models whose files are there. */
export async function shippedModels(): Promise<ShippedModel[]> {
  const found = languageModels().filter(
    (one) => existsSync(one.model) && existsSync(one.promptTokens),
  );
  return Promise.all(
    found.map(async ({ name, model, promptTokens }) => ({
      ...{ name, file: fileURLToPath(model), promptTokens: await readFile(promptTokens) },
    })),
  );
}
