// Compiles assembly/ twice, with and without relaxed SIMD, and embeds both as base64 in src/generated.
// Shared memory (threads) needs no third build: see src/runtime/shared-memory.ts.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
import { writeInt8Tiles } from "./generate-int8-tiles.mjs";
import { writeTiles } from "./generate-tiles.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
process.chdir(root);
writeTiles();
writeInt8Tiles();
mkdirSync("dist", { recursive: true });
mkdirSync("src/generated", { recursive: true });

const LIMIT = 64 * 1024;
const common = [
  "assembly/index.ts",
  "--runtime",
  "stub",
  "--noAssert",
  "-O3",
  "--enable",
  "simd",
  "--enable",
  "threads",
  "--importMemory",
  "--initialMemory",
  "1",
  "--maximumMemory",
  "65536",
  "--use",
  "abort=",
];
const variants = {
  baseline: ["--use", "RELAXED=0"],
  relaxed: ["--enable", "relaxed-simd", "--use", "RELAXED=1"],
};

for (const [name, flags] of Object.entries(variants)) {
  const file = name === "baseline" ? "dist/kernels.wasm" : `dist/kernels-${name}.wasm`;
  const { error, stderr } = await asc.main([...common, ...flags, "--outFile", file]);
  if (error) {
    console.error(stderr.toString());
    process.exit(1);
  }
  const bytes = readFileSync(file);
  if (bytes.length > LIMIT) {
    console.error(`${file}: ${bytes.length} bytes, the limit is ${LIMIT}`);
    process.exit(1);
  }
  writeFileSync(
    `src/generated/${name}.ts`,
    `/** The ${name} kernels, a WebAssembly module in base64; made by scripts/build-wasm.mjs. */\n` +
      `export const ${name.toUpperCase()}_WASM: string =\n  "${bytes.toString("base64")}";\n`,
  );
  console.log(`${file}: ${bytes.length} bytes`);
}
