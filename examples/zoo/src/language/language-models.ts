import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { EdgewrightError } from "@edgewright/core";
import { LANGUAGE_RECIPES } from "./language-recipes.js";

/** Where the files of a language model lie. */
export interface LanguageModelFiles {
  /** `stories-ternary` or `stories-full`. */
  readonly name: string;
  readonly description: string;
  /** Weights and tokenizer, `.ewq`. */
  readonly model: URL;
  /** Prompt tokens for parallel prompt decoding with their acceptance rates, as `readPromptTokens` reads them. */
  readonly promptTokens: URL;
  /** The model card, JSON. */
  readonly card: URL;
}

/** The folder of the committed language models. */
export function languageModelFolder(): string {
  return fileURLToPath(new URL("../../language-models", import.meta.url));
}

/**
 * The language models that come with the zoo. The URLs are of files: in Node their paths and bytes can be given to
 * `loadLanguageModel`, a bundler copies them.
 *
 * @example
 * ```ts
 * const [ternary] = languageModels().filter(({ name }) => name === "stories-ternary");
 * const lm = await loadLanguageModel(await readFile(ternary.model));
 * ```
 */
export function languageModels(): LanguageModelFiles[] {
  return LANGUAGE_RECIPES.map(({ name, description }) => {
    const file = (ending: string) =>
      new URL(`../../language-models/${name}${ending}`, import.meta.url);
    return {
      ...{ name, description, model: file(".ewq"), card: file(".json") },
      promptTokens: file(".prompt-tokens.safetensors"),
    };
  });
}

/** Bytes of one language model of the zoo. */
export interface LanguageModelBytes {
  readonly model: Uint8Array;
  readonly promptTokens: Uint8Array;
}

/**
 * Reads the files of one language model.
 *
 * @throws EdgewrightError `invalid-argument` for a name that the zoo does not have
 */
export async function readLanguageModel(name: string): Promise<LanguageModelBytes> {
  const all = languageModels();
  const files = all.find((one) => one.name === name);
  if (files === undefined) {
    const known = all.map((one) => one.name).join(", ");
    throw new EdgewrightError(
      "invalid-argument",
      `there is no language model "${name}" in the zoo; there are ${known}`,
    );
  }
  const [model, promptTokens] = await Promise.all([
    readFile(files.model),
    readFile(files.promptTokens),
  ]);
  return { model: new Uint8Array(model), promptTokens: new Uint8Array(promptTokens) };
}
