import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["scripts/run-command.mjs", ...args],
    { cwd: root, encoding: "utf8" },
  );
  return { status, stdout, stderr };
}

test.each(["bench", "reproduce"])("%s lists what exists, and refuses what does not", (kind) => {
  const help = run(kind, "--help");
  expect(help.status).toBe(0);
  expect(help.stdout).toMatch(kind === "bench" ? /pnpm bench:kernels/ : /pnpm reproduce/);
  const unknown = run(kind, "no-such-thing");
  expect(unknown.status).toBe(2);
  expect(unknown.stdout).toBe("");
  expect(unknown.stderr).toContain('no "no-such-thing"');
  expect(run(kind).status).toBe(2);
});

test("every benchmark of the help has a script of its own", () => {
  const { scripts } = JSON.parse(readFileSync(`${root}/package.json`, "utf8")) as {
    scripts: Record<string, string>;
  };
  const listed = run("bench", "--help").stdout.match(/(?<=pnpm )bench:[\w-]+/g) ?? [];
  expect(Object.keys(scripts)).toEqual(expect.arrayContaining(listed));
  expect(listed.length).toBeGreaterThan(0);
});

test("a benchmark explains itself, and refuses a section that it has not", () => {
  const help = run("bench", "kernels", "--help");
  expect(help.status).toBe(0);
  for (const option of ["--json", "--only", "--quick", "--no-peers", "--node", "Sections: "]) {
    expect(help.stdout).toContain(option);
  }
  const unknown = run("bench", "kernels", "--only", "no-such-section");
  expect(unknown.status).toBe(2);
  expect(unknown.stderr).toContain("no section named no-such-section; there are");
});

test("with --json standard output is one report, whatever else is said elsewhere", () => {
  const args = ["bench", "kernels", "--only", "memory-bound", "--quick", "--no-peers", "--json"];
  const { stdout, stderr } = run(...args, "--max-seconds", "0.01");
  const report = JSON.parse(stdout) as { command: string; rows: { kind: string }[] };
  expect(Object.keys(report)).toEqual(["command", "machine", "versions", "date", "rows"]);
  expect(report.rows.length).toBeGreaterThan(0);
  expect(report.rows.every(({ kind }) => kind === "measured")).toBe(true);
  expect(stderr).toContain("memory-bound");
});
