import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";

// Every block of a package's README or of a guide that opens with "```ts run" is executed against the sources, as a
// program in an empty file would be; the "```text" block that follows must be what it prints.
const root = fileURLToPath(new URL("..", import.meta.url));
const scratch = join(root, "node_modules", ".cache", "readme-examples");

interface Example {
  readonly name: string;
  readonly code: string;
  readonly printed: string;
}

function readExamples(source: string, path: string): Example[] {
  if (!existsSync(path)) return [];
  const blocks = readFileSync(path, "utf8").matchAll(
    /```ts run\n([\s\S]*?)```\s*(?:```text\n([\s\S]*?)```)?/g,
  );
  return [...blocks].map(([, code = "", printed = ""], i) => ({
    name: `${source}-${i + 1}`,
    code,
    printed,
  }));
}

describe("examples of the READMEs and guides print what they say", () => {
  const examples = [
    ...readdirSync(join(root, "packages")).flatMap((name) =>
      readExamples(name, join(root, "packages", name, "README.md")),
    ),
    ...readdirSync(join(root, "docs"))
      .filter((name) => name.endsWith(".md"))
      .flatMap((name) => readExamples(`docs-${name}`, join(root, "docs", name))),
  ];
  mkdirSync(scratch, { recursive: true });

  test.each(examples)("$name", ({ name, code, printed }) => {
    const file = join(scratch, `${name}.mts`);
    writeFileSync(file, code);
    const { stdout, stderr } = spawnSync(
      process.execPath,
      ["--conditions=@edgewright/source", "--import", "tsx", file],
      { cwd: root, encoding: "utf8" },
    );
    rmSync(file);
    expect(stderr).toBe("");
    expect(stdout.trim()).toBe(printed.trim());
  });

  test("there are some", () => {
    expect(examples.length).toBeGreaterThan(0);
  });
});
