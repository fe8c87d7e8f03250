import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync } from "node:zlib";
import * as core from "@edgewright/core";
import { build } from "esbuild";
import { describe, expect, test } from "vitest";

// Bytes that a user's bundle grows by, minified and brotli-compressed as a server would send it.
// Raise a ceiling only with the reason for it.
const CEILING = 1024;
const EXCEPTIONS: Record<string, number> = {
  // zod/mini itself is 5 kB; the schemas are the only place of core that needs it.
  parseDeviceProfile: 8500,
  parseModelVariant: 8000,
  // An object whose nine methods come together.
  createRng: 1150,
  restoreRng: 1150,
  // These pack or unpack with conversions of half floats and a check of every part.
  packNested: 1250,
  unpackNested: 1200,
  packBinaryCoded: 1300,
  unpackBinaryCoded: 1300,
  quantizeInt8Group: 1150,
  // Two ways to shift a group besides: zero points, or mins as llama.cpp's Q4_K has them.
  quantizeInt4Group: 1700,
  unpackInt4Group: 1150,
  // A file from outside: every field of its header is checked, in code shared with who reads it by ranges.
  readSafetensors: 1300,
  // Holds the unpacking of all six formats, in loops: callbacks were shorter and took twelve times as long.
  unpackTensor: 2350,
};

const root = fileURLToPath(new URL("..", import.meta.url));

/** What `import { name } from "@edgewright/core"` leaves of the package, for each name. */
async function bundleEach(names: readonly string[]): Promise<Map<string, string>> {
  const { outputFiles } = await build({
    entryPoints: names.map((name) => ({ in: `only:${name}`, out: name })),
    plugins: [
      {
        name: "only",
        setup({ onResolve, onLoad }) {
          onResolve({ filter: /^only:/ }, ({ path }) => ({
            path: path.slice("only:".length),
            namespace: "only",
          }));
          onLoad({ filter: /./, namespace: "only" }, ({ path }) => ({
            contents:
              path === "nothing"
                ? `import "@edgewright/core";`
                : `export { ${path} } from "@edgewright/core";`,
            resolveDir: root,
          }));
        },
      },
    ],
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2022",
    outdir: "out",
    conditions: ["@edgewright/source"],
    logLevel: "silent",
  });
  return new Map(outputFiles.map(({ path, text }) => [basename(path, ".js"), text]));
}

describe("importing one name of core", async () => {
  const bundles = await bundleEach([...Object.keys(core), "nothing"]);

  test.each(Object.keys(core))("%s", (name) => {
    const code = bundles.get(name)!;
    const bytes = brotliCompressSync(code).length;
    expect(bytes).toBeLessThanOrEqual(EXCEPTIONS[name] ?? CEILING);
    if (!name.startsWith("parse")) expect(code).not.toContain("safeParse");
  });

  test("an import for its side effects alone costs nothing", () => {
    expect(bundles.get("nothing")!.trim()).toBe("");
  });
});
