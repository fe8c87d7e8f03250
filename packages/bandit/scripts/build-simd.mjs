// Compiles assembly/panels.ts and embeds it as base64 in src/linear/panel-module.ts, which is kept in the repository:
// it is a thousand bytes and seldom changes. AssemblyScript is the one that builds the kernels. With --check it only
// compares (`pnpm check embedded`); the tests, which have no seconds to spare for that, compare the source's hash.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const kernels = createRequire(join(root, "../kernels/package.json"));
const compiler = join(dirname(kernels.resolve("assemblyscript/package.json")), "bin/asc.js");
const folder = mkdtempSync(join(tmpdir(), "panels-"));
try {
  const file = join(folder, "panels.wasm");
  execFileSync(
    process.execPath,
    [
      ...[compiler, "assembly/panels.ts", "--runtime", "stub", "--noAssert", "-O3"],
      ...["--enable", "simd", "--importMemory", "--noExportMemory", "--initialMemory", "1"],
      ...["--outFile", file],
    ],
    { cwd: root, stdio: "inherit" },
  );
  const text = readFileSync(file).toString("base64");
  const lines = text.match(/.{1,96}/g).map((line) => `  "${line}"`);
  const hash = createHash("sha256").update(readFileSync(join(root, "assembly/panels.ts")));
  const source =
    `// Made by scripts/build-simd.mjs from the source with the SHA-256 ${hash.digest("hex")}.\n` +
    "/** assembly/panels.ts as a WebAssembly module in base64. */\n" +
    `export const PANEL_MODULE: string =\n${lines.join(" +\n")};\n`;
  const target = join(root, "src/linear/panel-module.ts");
  if (!process.argv.includes("--check")) writeFileSync(target, source);
  else if (readFileSync(target, "utf8").replace(/\s/g, "") !== source.replace(/\s/g, "")) {
    throw new Error("src/linear/panel-module.ts is not what assembly/panels.ts compiles to");
  }
} finally {
  rmSync(folder, { recursive: true });
}
