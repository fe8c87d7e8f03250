import { defineConfig } from "tsup";
import { base } from "../../tsup.base.js";

// What both entries use lies in chunks, so that who imports both has one copy.
export default defineConfig({
  ...base,
  entry: { index: "src/index.ts", language: "src/language/index.ts" },
  splitting: true,
  clean: true,
});
