import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { parseCommandLine, USAGE } from "./command-line.js";
import { LANGUAGE_RECIPES } from "./language/language-recipes.js";
import { RECIPES } from "./recipes.js";

describe("parseCommandLine", () => {
  it("trains the whole zoo by its recipes into the committed folder unless told otherwise", () => {
    const options = parseCommandLine([], "/");
    expect(options.recipes).toEqual(RECIPES);
    expect(options.out).toMatch(/examples.zoo.checkpoints$/);
    expect(options).toMatchObject({ resume: false, pictures: undefined, help: false });
  });

  it("keeps trials with another recipe away from the committed checkpoints", () => {
    for (const option of [["--quick"], ["--epochs", "3"], ["--seed", "7"]]) {
      expect(parseCommandLine(["lenet-5", ...option], "/").out).toMatch(/\.cache.trials$/);
    }
    const [recipe] = parseCommandLine(["lenet-5", "--epochs", "3", "--seed", "7"], "/").recipes;
    expect(recipe).toMatchObject({ name: "lenet-5", epochs: 3, seed: 7 });
    expect(parseCommandLine(["--", "--quick", "--out", "x"], "/home").out).toBe(resolve("/home/x"));
    expect(parseCommandLine(["--quick"], "/").recipes.every(({ epochs }) => epochs === 1)).toBe(
      true,
    );
  });

  it("tells language models from image classifiers", () => {
    const options = parseCommandLine(["stories-ternary", "--resume"], "/");
    expect(options.languages.map(({ name }) => name)).toEqual(["stories-ternary"]);
    expect(options).toMatchObject({ recipes: [], resume: true });
    expect(options.languageOut).toMatch(/examples.zoo.language-models$/);
    const both = parseCommandLine(["stories-full", "lenet-5", "--out", "x"], "/home");
    expect([both.languages.length, both.recipes.length]).toEqual([1, 1]);
    expect(both.languageOut).toBe(resolve("/home/x"));
    expect(() => parseCommandLine(["stories-full", "--quick"], "/")).toThrow("have no trials");
  });

  it.each([
    [["lenet"], 'there is no model "lenet" in the zoo; there are lenet-5'],
    [["--epochs", "0"], '--epochs must be a whole number from 1 to 1000, got "0". See --help'],
    [["--seed", ""], '--seed must be a whole number from 0 to 2147483648, got "". See --help'],
    [["--fast"], "--fast"],
  ])("refuses %j", (args, message) => {
    expect(() => parseCommandLine(args, "/")).toThrow(message);
  });
});

describe("the recipes", () => {
  it("have names of their own, each in the help", () => {
    const names = RECIPES.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(USAGE).toContain(name);
    for (const { name } of LANGUAGE_RECIPES) expect(USAGE).toContain(name);
  });
});
