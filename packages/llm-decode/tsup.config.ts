import { defineConfig } from "tsup";
import { base } from "../../tsup.base.js";

// What both entries use lies in chunks; who does not train does not load autograd.
export default defineConfig({
  ...base,
  entry: { index: "src/index.ts", training: "src/training/index.ts" },
  splitting: true,
  clean: true,
});
