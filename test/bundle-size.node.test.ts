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
  quantizeInt4Group: 1650,
  // Holds the unpacking of all four formats.
  unpackTensor: 1800,
};

/** The bundle that `import { name } from package` leaves. */
async function bundle(packageName: string, name: string): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: `export { ${name} } from "${packageName}";`,
      resolveDir: fileURLToPath(new URL("..", import.meta.url)),
    },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2022",
    conditions: ["@edgewright/source"],
  });
  return outputFiles[0]!.text;
}

describe("importing one name of core", () => {
  test.each(Object.keys(core))("%s", async (name) => {
    const code = await bundle("@edgewright/core", name);
    const bytes = brotliCompressSync(code).length;
    expect(bytes).toBeLessThanOrEqual(EXCEPTIONS[name] ?? CEILING);
    if (!name.startsWith("parse")) expect(code).not.toContain("safeParse");
  });

  test("an import for its side effects alone costs nothing", async () => {
    const { outputFiles } = await build({
      stdin: {
        contents: `import "@edgewright/core";`,
        resolveDir: fileURLToPath(new URL("..", import.meta.url)),
      },
      bundle: true,
      minify: true,
      write: false,
      format: "esm",
      conditions: ["@edgewright/source"],
      logLevel: "silent",
    });
    expect(outputFiles[0]!.text.trim()).toBe("");
  });
});
