// Speed of @edgewright/kernels as ratios to its peers, taken in one run.
// Each file in bench/kernels is a section: its `bench*` functions return rows.
import { discoverSections, runBenchmark } from "./run-benchmark.js";

await runBenchmark({
  command: "pnpm bench:kernels",
  summary:
    "Times the kernels against onnxruntime-web, tfjs-wasm, ml-matrix and onnxruntime-node, interleaved in one process.",
  sections: await discoverSections(new URL("./kernels/", import.meta.url)),
});
