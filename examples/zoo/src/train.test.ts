import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";

const folder = mkdtempSync(join(tmpdir(), "zoo out "));
afterAll(() => rmSync(folder, { recursive: true }));

function train(...args: string[]) {
  const main = fileURLToPath(new URL("train.ts", import.meta.url));
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
    const { status, stdout } = train("--help");
    expect(status).toBe(0);
    expect(stdout).toContain("pnpm zoo:train lenet-5 --quick");
  });

  it("says in one line which model it does not know, and fails", () => {
    const { status, stderr } = train("lenet-6");
    expect(status).toBe(1);
    expect(stderr.trim().split("\n").at(-1)).toMatch(/^there is no model "lenet-6" in the zoo/);
  });

  const installed = existsSync("/usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz");
  it.skipIf(!installed)("trains, measures, and writes a checkpoint with its card", () => {
    const { status, stderr } = train("lenet-5", "--quick", "--out", "trial");
    expect(stderr).toContain("lenet-5: epoch 1 of 1, mean loss ");
    expect(status).toBe(0);
    const out = join(folder, "trial");
    expect(readdirSync(out).sort()).toEqual(["lenet-5.json", "lenet-5.md", "lenet-5.onnx"]);
    const card = JSON.parse(readFileSync(join(out, "lenet-5.json"), "utf8"));
    expect(card.training.command).toBe("pnpm zoo:train lenet-5 --quick");
    expect(card.training.trainingPictures).toBe(2048);
    expect(card.accuracy.count).toBe(10_000);
    // Ten classes: a guess is right once in ten times.
    expect(card.accuracy.accuracy).toBeGreaterThan(0.3);
  });
});
