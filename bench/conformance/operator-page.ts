import type { ConformanceResult } from "../../packages/graph/src/operators/conformance-suite.test-support.node.js";
import { listHostOperators } from "../../packages/graph/src/operators/operator-registry.js";

/** How the tests of one operator went. */
export interface OperatorCounts {
  operator: string;
  passed: number;
  failed: number;
  unsupported: number;
}

/** Adds results up by operator, sorted by name. */
export function countByOperator(results: readonly ConformanceResult[]): OperatorCounts[] {
  const counts = new Map<string, OperatorCounts>();
  for (const { operator, outcome } of results) {
    const row = counts.get(operator) ?? { operator, passed: 0, failed: 0, unsupported: 0 };
    row[outcome]++;
    counts.set(operator, row);
  }
  return [...counts.values()].sort((a, b) => (a.operator < b.operator ? -1 : 1));
}

/** A table for a terminal. */
export function formatCounts(counts: readonly OperatorCounts[]): string {
  const width = Math.max(8, ...counts.map(({ operator }) => operator.length));
  const row = (name: string, cells: readonly (string | number)[]): string =>
    name.padEnd(width) + cells.map((cell) => String(cell || ".").padStart(12)).join("");
  return [
    row("operator", ["passed", "failed", "unsupported"]),
    ...counts.map((c) => row(c.operator, [c.passed, c.failed, c.unsupported])),
  ].join("\n");
}

/** The page `docs/operators.md`. */
export function writeOperatorPage(
  session: readonly ConformanceResult[],
  host: readonly ConformanceResult[],
): string {
  const claimed = claimedOperators();
  const counts = new Map(countByOperator(session).map((row) => [row.operator, row]));
  const kernels = new Set(session.flatMap((result) => result.kernelOperators));
  // The session calls every activation function "Activation" once it has rewritten the graph.
  for (const { test, operator, kernelOperators } of session) {
    if (!test.endsWith("_expanded") && kernelOperators.includes("Activation"))
      kernels.add(operator);
  }
  const total = (results: readonly ConformanceResult[], outcome: string): number =>
    results.filter((result) => result.outcome === outcome).length;
  const supported = [...claimed].map(([operator, opsets]) => {
    const row = counts.get(operator);
    const tests =
      row === undefined ? "–" : `${row.passed} of ${row.passed + row.failed + row.unsupported}`;
    return `| ${operator} | ${opsets} | ${kernels.has(operator) ? "kernel, host" : "host"} | ${tests} |`;
  });
  const unsupported = [...counts.values()]
    .filter(({ operator }) => !claimed.has(operator))
    .map(({ operator, unsupported: tests }) => `| ${operator} | ${tests} |`);
  const partial = session
    .filter(({ operator, outcome }) => outcome === "unsupported" && claimed.has(operator))
    .map(
      ({ test, operator, reason }) => `| ${test} | ${operator} | ${reason.replaceAll("|", "/")} |`,
    );
  return `---
title: Operators
---

# Operators

Written by \`pnpm conformance --write-docs\` (Node ${process.versions.node}, ${new Date().toISOString().slice(0, 10)})
from the node tests of ONNX as Debian ships them (\`apt-get install libonnx-testdata\`; opset versions up
to ${Math.max(...session.map(({ opset }) => opset))}). Tolerance of the standard's own runner: relative 1e-3, absolute 1e-7; integers and
booleans exactly; bfloat16 to one unit in the last place, because the data were cut off where the standard
rounds. The session runs every test twice: as it is, and with all inputs but the first as constants, which
is how real models hold their weights.

| run | tests | passed | failed | unsupported |
| --- | --- | --- | --- | --- |
| session: rewritten graph, kernels where there are any | ${session.length} | ${total(session, "passed")} | ${total(session, "failed")} | ${total(session, "unsupported")} |
| \`--host\`: host operators only | ${host.length} | ${total(host, "passed")} | ${total(host, "failed")} | ${total(host, "unsupported")} |

An operator that is not in the table of supported ones ends in an \`UnsupportedError\` that names the node.

## Supported

"kernel": at least one of the tests ran on a WebAssembly kernel; which nodes do depends on element type,
rank and attributes. The host version, in TypeScript, takes every case. Tests of an operator's function
body (\`_expanded\`) count for the operator.

| operator | opset | runs as | tests passed |
| --- | --- | --- | --- |
${supported.join("\n")}

## Tests of supported operators that are refused

| test | operator | reason |
| --- | --- | --- |
${partial.join("\n")}

## Unsupported

Strings, sequences, optionals and maps have no tensor type here; random operators need a source of
randomness that a model does not carry. Adam is not claimed because one of its two tests in ONNX 1.12 was
computed with an \`epsilon\` that its node does not state.

| operator | tests |
| --- | --- |
${unsupported.join("\n")}
`;
}

// Operators with the range of opset versions that the tables cover.
function claimedOperators(): Map<string, string> {
  const ranges = new Map<string, { since: number; until: number | undefined }>();
  for (const { domain = "", opType, since, until } of listHostOperators()) {
    const name = domain === "" ? opType : `${domain}.${opType}`;
    const known = ranges.get(name);
    // Opset versions below 7 are not read at all.
    const first = domain === "" ? Math.max(7, since) : since;
    ranges.set(name, {
      since: Math.min(first, known?.since ?? first),
      until: known !== undefined && known.until === undefined ? undefined : until,
    });
  }
  return new Map(
    [...ranges].map(([name, { since, until }]) => [
      name,
      until === undefined ? `${since} and later` : `${since} to ${until}`,
    ]),
  );
}
