import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const folder = fileURLToPath(new URL("../..", import.meta.url));

// AssemblyScript belongs to the kernels; a partial installation may be without it.
function hasCompiler(): boolean {
  try {
    createRequire(`${folder}../kernels/package.json`).resolve("assemblyscript/package.json");
    return true;
  } catch {
    return false;
  }
}

it.skipIf(!hasCompiler())(
  "the embedded module is what assembly/panels.ts compiles to",
  { timeout: 60_000 },
  () => {
    const { status, stderr } = spawnSync(
      process.execPath,
      [`${folder}scripts/build-simd.mjs`, "--check"],
      { encoding: "utf8" },
    );
    expect(stderr).toBe("");
    expect(status).toBe(0);
  },
);
