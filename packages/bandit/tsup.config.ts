import { defineConfig } from "tsup";
import { base } from "../../tsup.base.js";

// One entry for every kind of use, so that nobody loads what they do not import: policies and the bandit (index),
// small networks (neural), estimates from logs (off-policy), model selection by quality of experience (qoe),
// pictures (report), files (node) and a fleet's key-value store (nats).
export default defineConfig([
  {
    ...base,
    entry: {
      index: "src/index.ts",
      neural: "src/neural/index.ts",
      "off-policy": "src/off-policy/index.ts",
      qoe: "src/qoe/index.ts",
      report: "src/report/index.ts",
      node: "src/node/index.ts",
      nats: "src/nats/index.ts",
    },
    splitting: true,
    clean: true,
  },
  {
    ...base,
    entry: { cli: "src/cli/bin.ts" },
    format: ["esm"],
    dts: false,
    platform: "node",
  },
]);
