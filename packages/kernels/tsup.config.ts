import { defineConfig } from "tsup";
import { base } from "../../tsup.base.js";

// What several entries use lies in chunks, so that who imports them has one copy.
export default defineConfig({
  ...base,
  entry: {
    index: "src/index.ts",
    language: "src/language/index.ts",
    training: "src/training/index.ts",
  },
  splitting: true,
  clean: ["!**/*.wasm"], // chunks of earlier builds have other names
});
