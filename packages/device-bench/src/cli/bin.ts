#!/usr/bin/env node
import { main } from "./main.js";

const code = await main(process.argv.slice(2));
// Engines leave threads and timers behind that would keep the process alive.
process.stdout.write("", () => process.exit(code));
