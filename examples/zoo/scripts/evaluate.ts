/**
 * Measures every checkpoint on this machine: accuracy on the full test set (or, with --subset, on the
 * thousand pictures of the repository), time for one picture, size. `pnpm --filter zoo evaluate`.
 */
import { parseArgs } from "node:util";
import { EdgewrightError } from "@edgewright/core";
import { describeMachine, describeRuntime } from "@edgewright/device-bench";
import { loadKernels } from "@edgewright/kernels";
import { formatAccuracy, formatInterval } from "../src/cards/card.js";
import { loadCheckpoints } from "../src/checkpoint.js";
import { loadDataset } from "../src/data/load-dataset.js";
import { loadTestSubset } from "../src/data/test-subset.js";
import { evaluateAccuracy, measureLatencies } from "../src/evaluate.js";

const { values } = parseArgs({
  options: { subset: { type: "boolean", default: false }, folder: { type: "string" } },
});
const kernels = await loadKernels({ threads: 1 });
const checkpoints = await loadCheckpoints(values.folder);
const subset = await loadTestSubset();
const times = await measureLatencies(checkpoints, subset, { kernels, maxSeconds: 5 });
const { cpu } = describeMachine();
console.log(
  `measured on ${cpu}, Node ${describeRuntime().node}, ${kernels.variant} kernels, one thread; ` +
    "processor time for one picture, median of interleaved rounds\n",
);
for (const [i, checkpoint] of checkpoints.entries()) {
  const { dataset, name, macs, bytes } = checkpoint;
  const onSubset = values.subset && dataset.name === "fashion-mnist";
  const set = onSubset ? subset : await loadDataset(dataset.name, "test").catch(ifMissing);
  const accuracy = set && (await evaluateAccuracy(checkpoint, set, { kernels }));
  console.log(
    name.padEnd(16),
    dataset.title.padEnd(14),
    accuracy === undefined
      ? "the test set is not here".padEnd(34)
      : `${formatAccuracy(accuracy.accuracy)} of ${accuracy.count} (${formatInterval(accuracy.interval)})`,
    `${times[i]!.median.toFixed(3)} ms`.padStart(10),
    `${(macs / 1e6).toFixed(2)} M MACs`.padStart(13),
    `${Math.round(bytes.length / 1000)} kB`.padStart(8),
  );
}
kernels.dispose();

/** Does without a set that is not here; one that is damaged is an error. */
function ifMissing(error: unknown): undefined {
  if (EdgewrightError.isInstance(error) && error.code === "unavailable") return undefined;
  throw error;
}
