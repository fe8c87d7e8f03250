import { defineConfig } from "tsup";
import { base } from "../../tsup.base.js";

export default defineConfig([
  base,
  {
    ...base,
    entry: { cli: "src/cli/bin.ts" },
    format: ["esm"],
    dts: false,
    platform: "node",
  },
]);
