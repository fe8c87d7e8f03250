// Everything but the tests that a change must pass, one line a check. `pnpm check [name ...]`.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

const tool = (name) => join("tools", "node_modules", ".bin", name);
const packages = readdirSync("packages").map((name) => join("packages", name));

const checks = {
  format: [[tool("biome"), "ci", "--colors=off", "."]],
  types: [["node_modules/.bin/tsc", "-p", ".", "--noEmit"]],
  build: [["node_modules/.bin/turbo", "run", "build", "--output-logs=errors-only"]],
  architecture: [
    [tool("depcruise"), "--output-type", "err", ...packages.map((p) => join(p, "src"))],
  ],
  workspace: [[tool("sherif")]],
  unused: [[tool("knip")]],
  publint: packages.map((p) => [tool("publint"), "--strict", p]),
  "types-resolve": packages.map((p) => [
    tool("attw"),
    "--pack",
    p,
    "--quiet",
    "--exclude-entrypoints",
    "kernels.wasm",
    "kernels-relaxed.wasm",
    "kernels-language.wasm",
    "kernels-language-relaxed.wasm",
    "kernels-training.wasm",
    "kernels-training-relaxed.wasm",
  ]),
  // It finds its plug-in only beside the package.json that names it.
  size: [["node_modules/.bin/size-limit"]],
  embedded: [["node", "packages/bandit/scripts/build-simd.mjs", "--check"]],
  changesets: [["node", "scripts/check-changesets.mjs"]],
  docs: [[tool("typedoc")]],
  smoke: [["node", "scripts/smoke-consumer.mjs"]],
};

const asked = process.argv.slice(2);
if (asked.includes("--help")) {
  console.log(`pnpm check [name ...]\n\nChecks: ${Object.keys(checks).join(", ")}`);
  process.exit(0);
}
const unknown = asked.filter((name) => !(name in checks));
if (unknown.length > 0) {
  console.error(
    `no check named ${unknown.join(", ")}; there are ${Object.keys(checks).join(", ")}`,
  );
  process.exit(2);
}

let failed = 0;
for (const name of asked.length > 0 ? asked : Object.keys(checks)) {
  const started = performance.now();
  const failure = checks[name]
    .map(([command, ...args]) =>
      spawnSync(command, args, { encoding: "utf8", cwd: name === "size" ? "tools" : "." }),
    )
    .find((result) => result.status !== 0);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${failure ? "✗" : "✓"} ${name} (${seconds} s)`);
  if (failure) {
    failed++;
    console.log(failure.error?.message ?? `${failure.stdout}${failure.stderr}`);
  }
}
console.log(failed === 0 ? "all checks passed" : `${failed} checks failed`);
process.exit(failed === 0 ? 0 : 1);
