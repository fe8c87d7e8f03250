// Final outputs of all real models on our session and on onnxruntime-node, at several input shapes.
import type { Tensor } from "@edgewright/core";
import type { FigureInput } from "@edgewright/device-bench";
import { createSession } from "@edgewright/graph";
import { loadKernels } from "@edgewright/kernels";
import {
  parityModels,
  readModel,
} from "../packages/graph/src/session/real-models.test-support.node.js";
import type { BenchContext } from "./context.js";
import { loadOrtNode, type OrtTensor } from "./peers.js";
import { runBenchmark } from "./run-benchmark.js";

/** Largest difference of an output's elements, relative to the output's largest element. */
const TOLERANCE = 1e-3;

await runBenchmark({
  command: "pnpm bench:parity",
  summary:
    "Compares the outputs of the OCR, wake-word and voice-activity models with onnxruntime-node's.",
  sections: [{ name: "parity", run: compareModels }],
});

async function compareModels(context: BenchContext): Promise<FigureInput[]> {
  if (!context.peers) return [];
  const ort = await loadOrtNode();
  context.addVersions({ "onnxruntime-node": ort.version });
  const variants = context.relaxed ? (["baseline", "relaxed"] as const) : (["baseline"] as const);
  const rows: FigureInput[] = [];
  for (const variant of variants) {
    const kernels = await loadKernels({ variant });
    for (const model of parityModels()) {
      context.signal.throwIfAborted();
      const bytes = readModel(model);
      const feeds = model.feeds();
      const theirs = await ort.createSession(bytes);
      const expected = await theirs.run(
        Object.fromEntries(
          Object.entries(feeds).map(([name, { dtype, data, shape }]) => [
            name,
            new ort.Tensor(dtype === "i64" ? "int64" : "float32", data, shape),
          ]),
        ),
      );
      for (const optimize of [true, false]) {
        const session = await createSession(bytes, { kernels, optimize });
        const value = largestError(session.runSync(feeds), expected);
        session.dispose();
        rows.push({
          metric: `${model.name}, ${variant}${optimize ? "" : ", not optimised"}`,
          value,
          unit: "relative error",
          peer: "onnxruntime-node",
          target: { atMost: TOLERANCE },
        });
      }
    }
  }
  return rows;
}

function largestError(
  actual: Readonly<Record<string, Tensor>>,
  expected: Readonly<Record<string, OrtTensor>>,
): number {
  let worst = 0;
  for (const [name, { data, dims }] of Object.entries(expected)) {
    const own = actual[name];
    if (own === undefined || own.shape.join() !== dims.join()) return Number.POSITIVE_INFINITY;
    let largest = 0;
    let difference = 0;
    for (let i = 0; i < data.length; i++) {
      largest = Math.max(largest, Math.abs(data[i]!));
      const distance = Math.abs(Number(own.data[i]) - data[i]!);
      // A NaN anywhere must not pass.
      if (!(distance <= difference)) difference = distance;
    }
    worst = Math.max(worst, difference / Math.max(largest, Number.MIN_VALUE));
  }
  return Number.isNaN(worst) ? Number.POSITIVE_INFINITY : worst;
}
