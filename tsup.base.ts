import { defineConfig, type Options } from "tsup";

/** The build every package shares: ESM, CommonJS and declarations from src/index.ts. */
export const base: Options = {
  entry: ["src/index.ts"],
  format: ["esm", "cjs"],
  // tsup 8.5.1 injects `baseUrl`, which TypeScript 6 refuses unless told otherwise.
  dts: { compilerOptions: { ignoreDeprecations: "6.0" } },
  sourcemap: true,
  target: "es2022",
  platform: "neutral",
};

export default defineConfig(base);
