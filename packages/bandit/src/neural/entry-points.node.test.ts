import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

/** Packages that a module loads, with all the modules it imports; types are not loaded. */
function loadedPackages(entry: URL, seen: Set<string> = new Set()): Set<string> {
  const packages = new Set<string>();
  if (seen.has(entry.href)) return packages;
  seen.add(entry.href);
  const source = readFileSync(entry, "utf8");
  for (const [, clause, from] of source.matchAll(
    /^(?:import|export)\s([^;"]*?)\s*from "([^"]+)"/gm,
  )) {
    const named = clause!
      .match(/^\{([^}]*)\}$/)?.[1]
      ?.split(",")
      .filter((name) => name.trim());
    if (clause!.startsWith("type ") || named?.every((name) => name.trim().startsWith("type "))) {
      continue;
    }
    if (!from!.startsWith(".")) packages.add(from!);
    else {
      const next = new URL(from!.replace(/\.js$/, ".ts"), entry);
      for (const name of loadedPackages(next, seen)) packages.add(name);
    }
  }
  return packages;
}

test("whoever imports the bandit without the neural policies loads neither autograd nor kernels", () => {
  const core = loadedPackages(new URL("../index.ts", import.meta.url));
  expect(core).toContain("@edgewright/core");
  expect([...core].filter((name) => /autograd|kernels|graph/.test(name))).toEqual([]);
  expect([...loadedPackages(new URL("./index.ts", import.meta.url))].sort()).toEqual([
    "@edgewright/autograd",
    "@edgewright/core",
    "@edgewright/kernels/training",
  ]);
});
