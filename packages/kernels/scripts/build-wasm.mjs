// Compiles assembly/, assembly/training/ and assembly/language/, each with and without relaxed SIMD, and embeds the modules as
// base64 in src/generated. Shared memory (threads) needs no third build: see src/runtime/shared-memory.ts.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";
import { writeInt8Tiles } from "./generate-int8-tiles.mjs";
import { writeLinearTiles } from "./generate-linear.mjs";
import { writeLinearTables } from "./generate-linear-tables.mjs";
import { writeNestedPair } from "./generate-nested.mjs";
import { writeColumnTiles, writeTiles } from "./generate-tiles.mjs";
import { kernelNames, staticDataEnd } from "./inspect-wasm.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
process.chdir(root);
writeTiles();
writeColumnTiles();
writeInt8Tiles();
writeLinearTiles();
writeLinearTables();
writeNestedPair();
mkdirSync("dist", { recursive: true });
mkdirSync("src/generated", { recursive: true });

// The modules share a memory, whose first page holds the static data of all of them, each in its part.
const modules = [
  { entry: "assembly/index.ts", prefix: "", limit: 64 * 1024, data: [0, 32 * 1024] },
  {
    entry: "assembly/training/index.ts",
    prefix: "training-",
    limit: 64 * 1024,
    data: [32 * 1024, 48 * 1024],
  },
  {
    entry: "assembly/language/index.ts",
    prefix: "language-",
    limit: 64 * 1024,
    data: [48 * 1024, 64 * 1024],
  },
];
const variants = {
  baseline: ["--use", "RELAXED=0"],
  relaxed: ["--enable", "relaxed-simd", "--use", "RELAXED=1"],
};
// Every module answers these for itself; src/runtime/load.ts knows them.
const OWN_TO_EACH = new Set(["set_thread", "uses_relaxed_simd"]);

const known = new Map();
for (const module of modules) {
  // The relaxed build exports the same, but not every Node can compile it.
  for (const name of kernelNames(await compile(module, "baseline"))) {
    if (OWN_TO_EACH.has(name)) continue;
    if (known.has(name)) fail(`${module.entry}: ${known.get(name)} exports ${name} as well`);
    known.set(name, module.entry);
  }
  await compile(module, "relaxed");
}

async function compile({ entry, prefix, limit, data }, variant) {
  const file = `dist/kernels${prefix && `-${prefix.slice(0, -1)}`}${variant === "baseline" ? "" : "-relaxed"}.wasm`;
  const { error, stderr } = await asc.main([
    entry,
    ...["--runtime", "stub", "--noAssert", "-O3", "--enable", "simd", "--enable", "threads"],
    ...["--importMemory", "--initialMemory", "1", "--maximumMemory", "65536", "--use", "abort="],
    ...(data[0] === 0 ? [] : ["--memoryBase", String(data[0])]),
    ...variants[variant],
    ...["--outFile", file],
  ]);
  if (error) fail(stderr.toString());
  const bytes = readFileSync(file);
  if (bytes.length > limit) fail(`${file}: ${bytes.length} bytes, the limit is ${limit}`);
  const end = staticDataEnd(bytes);
  if (end > data[1]) fail(`${file}: static data ends at ${end}, its part at ${data[1]}`);
  const name = `${prefix}${variant}`;
  writeFileSync(
    `src/generated/${name}.ts`,
    `/** The ${name} kernels, a WebAssembly module in base64; made by scripts/build-wasm.mjs. */\n` +
      `export const ${name.replace("-", "_").toUpperCase()}_WASM: string =\n  "${bytes.toString("base64")}";\n`,
  );
  console.log(`${file}: ${bytes.length} bytes`);
  return bytes;
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
