// Architectures of NAS-Bench-201 as variants: operations and parameters counted from the cell, accuracy modelled.
import type { ModelVariant, Rng } from "@edgewright/core";

/** What the accuracies are, to be printed with what is computed from them. */
export const NASBENCH_FIGURES =
  "latencies published (HELP); operations and bytes counted from the cell; accuracy MODELLED: 0.735 - 0.45 exp(-0.75 s) + 0.01 with a skip, s = live 3x3 + 0.4 live 1x1 convolutions (CIFAR-100-like); energy MODELLED: watts of the kind of device x latency";

interface Edge {
  readonly operation: string;
  readonly from: number;
  readonly to: number;
}

/** An architecture as a variant; undefined where nothing gets from the cell's input to its output. */
export function nasbenchVariant(architecture: string): ModelVariant | undefined {
  const edges = liveEdges(architecture);
  if (edges.length === 0) return undefined;
  const count = (operation: string): number =>
    edges.filter((edge) => edge.operation === operation).length;
  const wide = count("nor_conv_3x3");
  const narrow = count("nor_conv_1x1");
  // Five cells in each of three stages: 16 channels at 32 x 32, 32 at 16 x 16, 64 at 8 x 8; the rest is the stem, the
  // two residual blocks between the stages and the classifier (Dong and Yang, ICLR 2020).
  const convolution = 5 * (16 ** 2 + 32 ** 2 + 64 ** 2);
  const macs = 15 * 32 * 32 * 16 ** 2 * (9 * wide + narrow) + 7.8e6;
  const parameters = convolution * (9 * wide + narrow) + 1120 * (wide + narrow) + 73e3;
  const strength = wide + 0.4 * narrow;
  const accuracy =
    0.735 - 0.45 * Math.exp(-0.75 * strength) + (count("skip_connect") > 0 ? 0.01 : 0);
  return {
    ...{ task: "image-classification", model: architecture, precision: "fp32" },
    ...{ bytes: 4 * parameters, macs, parameters },
    accuracy: { metric: "top1", value: accuracy },
  };
}

/**
 * Draws architectures worth shipping, with a live 3x3 convolution at least, that differ in their operations: no two with
 * the same live convolutions, pools and skips.
 */
export function drawArchitectures(
  architectures: readonly string[],
  count: number,
  rng: Rng,
): ModelVariant[] {
  const seen = new Set<string>();
  const chosen: ModelVariant[] = [];
  for (const architecture of rng.shuffle([...architectures])) {
    const variant = nasbenchVariant(architecture);
    if (!variant) continue;
    const operations = liveEdges(architecture)
      .map(({ operation }) => operation)
      .sort()
      .join();
    if (seen.has(operations) || !operations.includes("nor_conv_3x3")) continue;
    seen.add(operations);
    chosen.push(variant);
    if (chosen.length === count) break;
  }
  return chosen;
}

// `|op~0|+|op~0|op~1|+|op~0|op~1|op~2|`: the operations into nodes 1, 2 and 3, those alone through which something
// gets from node 0 to node 3.
function liveEdges(architecture: string): Edge[] {
  const edges = architecture.split("+").flatMap((node, i) =>
    node
      .split("|")
      .filter((text) => text !== "")
      .map((text): Edge => {
        const [operation, from] = text.split("~");
        return { operation: operation!, from: Number(from), to: i + 1 };
      }),
  );
  const open = edges.filter(({ operation }) => operation !== "none");
  const fed = new Set([0]);
  for (const { from, to } of open) if (fed.has(from)) fed.add(to);
  const used = new Set([3]);
  for (const { from, to } of open.toReversed()) if (used.has(to)) used.add(from);
  return open.filter(({ from, to }) => fed.has(from) && used.has(to));
}
