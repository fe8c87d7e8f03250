import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");

test("every mention of pnpm names the pinned version", () => {
  const pinned = (JSON.parse(read("package.json")) as { packageManager: string }).packageManager;
  for (const file of ["package.json", "README.md", "CONTRIBUTING.md", ".ci/run"]) {
    const mentions = read(file).match(/pnpm@[\d.]*\d/g) ?? [];
    expect(new Set([pinned, ...mentions]), file).toEqual(new Set([pinned]));
  }
});

test("lockfiles hold no hosts", () => {
  for (const file of ["pnpm-lock.yaml", "bench/peers/pnpm-lock.yaml"]) {
    expect(read(file), file).not.toMatch(/https?:\/\//);
  }
});

test("every package states the licence and the Node floor of the repository", () => {
  const root = JSON.parse(read("package.json")) as { license: string; engines: object };
  for (const name of readdirSync(new URL("../packages", import.meta.url))) {
    const { license, engines } = JSON.parse(read(`packages/${name}/package.json`)) as typeof root;
    expect({ name, license, engines }).toEqual({
      name,
      license: root.license,
      engines: root.engines,
    });
  }
});
