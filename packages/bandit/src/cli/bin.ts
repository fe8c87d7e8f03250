#!/usr/bin/env node
import { main } from "./main.js";

// Whoever reads the output may have had enough of it: `bandit report ... -o - | head`.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});
process.exitCode = await main(process.argv.slice(2));
