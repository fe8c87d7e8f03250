import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "edge pipeline "));
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs the command as `npm start --` does, from sources, standing in `folder`. */
function start(...args: string[]) {
  const main = fileURLToPath(new URL("main.ts", import.meta.url));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--conditions=@edgewright/source", "--import", "tsx", main, ...args],
    {
      cwd: fileURLToPath(new URL("..", import.meta.url)),
      env: { ...process.env, INIT_CWD: folder },
      encoding: "utf8",
    },
  );
  return { status, stdout, stderr };
}

describe("the command", { timeout: 60_000 }, () => {
  it("explains itself", () => {
    const { status, stdout } = start("--help");
    expect(status).toBe(0);
    expect(stdout).toContain("npm start -- photo.jpg");
  });

  it("says which file is missing, in one line, and fails", () => {
    const { status, stdout, stderr } = start("no such photo.png");
    expect(status).toBe(1);
    expect(stdout).toBe("");
    const [last] = stderr.trim().split("\n").slice(-1);
    expect(last).toBe(`cannot read ${join(folder, "no such photo.png")}: there is no such file`);
  });

  it("says that a file is no image, and fails", () => {
    writeFileSync(join(folder, "notes.png"), "not an image at all");
    const { status, stderr } = start("notes.png");
    expect(status).toBe(1);
    expect(stderr).toContain("notes.png is not an image that can be read here");
    expect(stderr).not.toContain(".ts:");
  });
});
