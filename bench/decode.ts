// Language models: our engine against llama.cpp as native code and as WebAssembly, one thread, in turns.
import type { FigureInput } from "@edgewright/device-bench";
import type { BenchContext } from "./context.js";
import { measureDecodeSpeed } from "./decode/decode-speed.js";
import { measureMemory } from "./decode/memory.js";
import { measureNestedSpeed } from "./decode/nested-speed.js";
import { closePeers } from "./decode/peer-runners.js";
import { measurePmpd } from "./decode/pmpd.js";
import { measurePpd } from "./decode/ppd.js";
import { measurePrefill } from "./decode/prefill-speed.js";
import { runBenchmark } from "./run-benchmark.js";

const withPeers =
  (run: (context: BenchContext) => Promise<FigureInput[]>) =>
  async (context: BenchContext): Promise<FigureInput[]> => {
    try {
      return await run(context);
    } finally {
      await closePeers();
    }
  };

await runBenchmark({
  command: "pnpm bench:decode",
  summary:
    "Decodes stories260K and random models of larger shapes on our engine, node-llama-cpp and wllama, interleaved.",
  sections: [
    { name: "decode", run: withPeers(measureDecodeSpeed) },
    { name: "nested", run: measureNestedSpeed },
    { name: "pmpd", run: measurePmpd },
    { name: "ppd", run: measurePpd },
    { name: "prefill", run: withPeers(measurePrefill) },
    { name: "memory", run: measureMemory },
  ],
});
