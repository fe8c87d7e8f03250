import { defineConfig } from "tsup";
import { base } from "../../tsup.base.js";

// One entry for every place where code runs, so that nobody loads what they do not use: plain arithmetic (index),
// real sessions (live), the operating system (node), and the two transports with their clients.
export default defineConfig({
  ...base,
  entry: {
    index: "src/index.ts",
    live: "src/live/index.ts",
    node: "src/node/index.ts",
    websocket: "src/websocket/index.ts",
    nats: "src/nats/index.ts",
  },
  splitting: true,
  clean: true,
});
