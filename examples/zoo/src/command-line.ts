import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { EdgewrightError } from "@edgewright/core";
import { checkpointFolder } from "./checkpoint.js";
import { languageModelFolder } from "./language/language-models.js";
import { LANGUAGE_RECIPES, type LanguageRecipe } from "./language/language-recipes.js";
import { RECIPES, type Recipe } from "./recipes.js";

/** What `pnpm zoo:train` is asked to do. */
export interface CommandLine {
  /** Which models, changed as the options say. */
  readonly recipes: readonly Recipe[];
  /** Which language models. */
  readonly languages: readonly LanguageRecipe[];
  /** Where checkpoints and cards go, absolute. */
  readonly out: string;
  /** Where language models and their cards go, absolute. */
  readonly languageOut: string;
  /** Whether to go on where an interrupted training stopped. */
  readonly resume: boolean;
  /** Training pictures to use; `undefined` for all. */
  readonly pictures: number | undefined;
  readonly help: boolean;
}

/** Pictures of a quick trial. */
const QUICK_PICTURES = 2048;

/** Shown by `--help`. */
export const USAGE = `Trains the models of the zoo from scratch with @edgewright/autograd.

  pnpm zoo:train                      all image classifiers, one after another
  pnpm zoo:train lenet-5 ds-net-w8    these two
  pnpm zoo:train lenet-5 --quick      a trial of seconds, which says nothing about accuracy
  pnpm zoo:train stories-ternary      a language model, an hour; needs stories260K and TinyStories (see the README)

Options
  --quick        one epoch of ${QUICK_PICTURES} pictures
  --epochs N     another number of epochs than the recipe's
  --seed N       another seed than the recipe's
  --out FOLDER   where checkpoints and cards go
                 [examples/zoo/checkpoints; with another recipe examples/zoo/.cache/trials]
  --resume       go on where Ctrl-C stopped an earlier run of the same command
  --help         this text

Models: ${RECIPES.map(({ name }) => name).join(", ")}
Language models: ${LANGUAGE_RECIPES.map(({ name }) => name).join(", ")}
Two processes may train two models at the same time; each takes one core.`;

/**
 * Understands the command line.
 *
 * @param cwd paths are relative to it
 * @throws EdgewrightError `invalid-argument` for unknown models and options, and values out of range
 */
export function parseCommandLine(args: readonly string[], cwd: string): CommandLine {
  const { values, positionals } = parseStrictly(args);
  const changes: { epochs?: number; seed?: number } = {};
  if (values.epochs !== undefined) changes.epochs = readNumber("--epochs", values.epochs, 1, 1000);
  else if (values.quick) changes.epochs = 1;
  if (values.seed !== undefined) changes.seed = readNumber("--seed", values.seed, 0, 2 ** 31);
  const isChanged = values.quick || Object.keys(changes).length > 0;
  const trials = fileURLToPath(new URL("../.cache/trials", import.meta.url));
  const ownFolder = isChanged ? trials : checkpointFolder();
  const languages = positionals.flatMap(
    (name) => LANGUAGE_RECIPES.find((recipe) => recipe.name === name) ?? [],
  );
  if (isChanged && languages.length > 0) {
    throw invalid("language models have no trials: leave --quick, --epochs and --seed out");
  }
  const others = positionals.filter((name) => languages.every((recipe) => recipe.name !== name));
  const recipes = languages.length > 0 && others.length === 0 ? [] : findRecipes(others);
  return {
    recipes: recipes.map((recipe) => ({ ...recipe, ...changes })),
    languages,
    languageOut: values.out === undefined ? languageModelFolder() : resolve(cwd, values.out),
    out: values.out === undefined ? ownFolder : resolve(cwd, values.out),
    resume: values.resume,
    pictures: values.quick ? QUICK_PICTURES : undefined,
    help: values.help,
  };
}

function findRecipes(names: readonly string[]): readonly Recipe[] {
  if (names.length === 0) return RECIPES;
  return names.map((name) => {
    const recipe = RECIPES.find((candidate) => candidate.name === name);
    if (recipe !== undefined) return recipe;
    const known = [...RECIPES, ...LANGUAGE_RECIPES].map((candidate) => candidate.name).join(", ");
    throw invalid(`there is no model "${name}" in the zoo; there are ${known}`);
  });
}

function parseStrictly(args: readonly string[]) {
  try {
    return parseArgs({
      // `pnpm zoo:train -- --quick` hands the dashes on.
      args: args.filter((arg) => arg !== "--"),
      allowPositionals: true,
      options: {
        quick: { type: "boolean", default: false },
        epochs: { type: "string" },
        seed: { type: "string" },
        out: { type: "string" },
        resume: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : String(error));
  }
}

function readNumber(option: string, text: string, low: number, high: number): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isInteger(value) && value >= low && value <= high) return value;
  throw invalid(`${option} must be a whole number from ${low} to ${high}, got "${text}"`);
}

function invalid(message: string): EdgewrightError {
  return new EdgewrightError("invalid-argument", `${message}. See --help`);
}
