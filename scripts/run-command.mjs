// Runs a benchmark, a reproduction or the conformance tests from TypeScript sources, on a built or
// unbuilt tree: `node scripts/run-command.mjs bench kernels [options]`.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const kinds = {
  bench: { folder: "bench", usage: (name) => `pnpm bench:${name}` },
  reproduce: { folder: "bench/reproduce", usage: (name) => `pnpm reproduce ${name}` },
};
// In `bench` itself lie modules that benchmarks share; they are no commands.
const shared = new Set(["context", "peers", "run-benchmark", "conformance"]);

const [kind, ...rest] = process.argv.slice(2);
process.exit(main());

function main() {
  if (kind === "conformance") return run("bench/conformance.ts", rest);
  const { folder, usage } = kinds[kind];
  const names = listNames(folder);
  const [name, ...args] = rest;
  if (name !== undefined && names.includes(name)) return run(`${folder}/${name}.ts`, args);
  const list = names.map((known) => `  ${usage(known)} [--help] [--json]`).join("\n");
  const text = `${usage("<name>")} [options]\n\n${list || "  nothing to run yet"}\n`;
  if (name === "--help") {
    process.stdout.write(text);
    return 0;
  }
  process.stderr.write(`${name === undefined ? "a name is missing" : `no "${name}"`}\n\n${text}`);
  return 2;
}

function listNames(folder) {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder))
    .filter((file) => file.endsWith(".ts") && !file.includes(".test."))
    .map((file) => file.slice(0, -".ts".length))
    .filter((name) => !shared.has(name));
}

function run(file, args) {
  if (!existsSync(join(root, file))) {
    process.stderr.write(`${file} does not exist yet\n`);
    return 2;
  }
  installDependencies();
  buildKernels();
  const node = chooseNode(args);
  const { status, error } = spawnSync(
    node,
    [
      "--conditions=@edgewright/source",
      "--expose-gc",
      "--import",
      "tsx",
      join(root, file),
      ...args,
    ],
    { cwd: root, stdio: "inherit" },
  );
  if (error) process.stderr.write(`${error.message}\n`);
  return status ?? 1;
}

// A fresh clone has nothing yet.
function installDependencies() {
  const installed = [".", "packages/kernels", "packages/graph"].every((folder) => {
    return existsSync(join(root, folder, "node_modules"));
  });
  if (installed) return;
  const npm = process.platform === "win32" ? "npm.cmd" : "npm";
  const { status } = spawnSync(npm, ["run", "--silent", "setup"], {
    cwd: root,
    stdio: ["ignore", 2, 2], // standard output belongs to the report
    shell: process.platform === "win32",
  });
  if (status !== 0) process.exit(status ?? 1);
}

// The WebAssembly of the kernels is the one thing that sources need built.
function buildKernels() {
  const folder = join(root, "packages", "kernels");
  const built = join(folder, "src", "generated", "language-baseline.ts"); // of several modules, the last
  if (existsSync(built) && changedAt(join(folder, "assembly")) < statSync(built).mtimeMs) return;
  const { status } = spawnSync(process.execPath, ["scripts/build-wasm.mjs"], {
    cwd: folder,
    stdio: ["ignore", 2, 2], // standard output belongs to the report
  });
  if (status !== 0) process.exit(status ?? 1);
}

// The latest change of a file in a folder.
function changedAt(folder) {
  const times = readdirSync(folder, { recursive: true }).map((name) => {
    return statSync(join(folder, String(name))).mtimeMs;
  });
  return Math.max(...times);
}

// `--node 24` runs the command under the Node of the peers' workspace.
function chooseNode(args) {
  const at = args.findIndex((arg) => arg === "--node" || arg.startsWith("--node="));
  if (at < 0) return process.execPath;
  const wanted = args[at].includes("=") ? args[at].slice("--node=".length) : args[at + 1];
  if (process.versions.node.split(".")[0] === wanted) return process.execPath;
  if (wanted !== "24") {
    process.stderr.write(`--node: the peers hold Node 24, not "${wanted}"\n`);
    process.exit(2);
  }
  const { status, stdout } = spawnSync(
    process.execPath,
    ["--import", "tsx", join(root, "bench", "peers.ts"), "node24"],
    { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] },
  );
  if (status !== 0) process.exit(status ?? 1);
  return stdout.trim();
}
