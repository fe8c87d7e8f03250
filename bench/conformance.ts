// `pnpm conformance`: runs the node tests of the ONNX standard and counts what passes.
import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { loadKernels } from "@edgewright/kernels";
import {
  type ConformanceEngine,
  type ConformanceResult,
  DEBIAN_FOLDER,
  listConformanceTests,
  runConformanceTest,
  TOLERANCE,
} from "../packages/graph/src/operators/conformance-suite.test-support.node.js";
import { countByOperator, formatCounts, writeOperatorPage } from "./conformance/operator-page.js";

const USAGE = `pnpm conformance [options]

Runs the ONNX standard's own node tests and prints passed / failed / unsupported by operator.
Tolerance of the standard's runner: relative ${TOLERANCE.relative}, absolute ${TOLERANCE.absolute}; integers exactly.

  --dir D        folder of the tests (${DEBIAN_FOLDER})
  --only R       tests whose name matches the regular expression R
  --host         host operators only; without it the optimised session with its kernels
  --verbose      why each unsupported test is
  --json         one JSON object on standard output
  --write-docs   writes docs/operators.md from both runs
  --help         this text
`;

process.exitCode = await main();

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      dir: { type: "string", default: DEBIAN_FOLDER },
      only: { type: "string" },
      host: { type: "boolean", default: false },
      verbose: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      "write-docs": { type: "boolean", default: false },
      node: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const only = values.only === undefined ? undefined : new RegExp(values.only);
  const tests = listConformanceTests(values.dir, only);
  if (tests === undefined) {
    process.stderr.write(
      `no folder ${values.dir}: apt-get install libonnx-testdata, or name another with --dir\n`,
    );
    return 2;
  }
  const engine: ConformanceEngine = values.host ? "host" : "session";
  const results = await runAll(values.dir, tests, engine);
  if (values["write-docs"]) {
    const other = await runAll(values.dir, tests, engine === "host" ? "session" : "host");
    const page = fileURLToPath(new URL("../docs/operators.md", import.meta.url));
    const [session, host] = engine === "host" ? [other, results] : [results, other];
    writeFileSync(page, writeOperatorPage(session, host));
    process.stderr.write("wrote docs/operators.md\n");
  }
  if (values.json) process.stdout.write(`${JSON.stringify(toReport(results, engine), null, 1)}\n`);
  else process.stdout.write(toText(results, engine, values.verbose));
  return results.some((result) => result.outcome === "failed") ? 1 : 0;
}

async function runAll(
  folder: string,
  tests: readonly string[],
  engine: ConformanceEngine,
): Promise<ConformanceResult[]> {
  const kernels = engine === "session" ? await loadKernels() : undefined;
  const results: ConformanceResult[] = [];
  for (const test of tests) {
    results.push(await runConformanceTest(folder, test, engine, kernels));
    if (process.stderr.isTTY) process.stderr.write(`\r${results.length} of ${tests.length} tests`);
  }
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  kernels?.dispose();
  return results;
}

function toText(
  results: readonly ConformanceResult[],
  engine: ConformanceEngine,
  verbose: boolean,
): string {
  const lines = [formatCounts(countByOperator(results))];
  for (const { test, outcome, reason } of results) {
    if (outcome === "failed") lines.push(`failed       ${test}: ${reason}`);
    if (outcome === "unsupported" && verbose) lines.push(`unsupported  ${test}: ${reason}`);
  }
  const count = (outcome: string): number =>
    results.filter((result) => result.outcome === outcome).length;
  lines.push(
    `${engine}: ${results.length} tests, ${count("passed")} passed, ${count("failed")} failed, ${count("unsupported")} unsupported`,
  );
  return `${lines.join("\n")}\n`;
}

function toReport(results: readonly ConformanceResult[], engine: ConformanceEngine): object {
  const rows = countByOperator(results).flatMap(({ operator, ...counts }) =>
    (["passed", "failed", "unsupported"] as const).map((outcome) => ({
      metric: `${operator}: ${outcome}`,
      value: counts[outcome],
      unit: "tests",
      kind: "measured",
    })),
  );
  return {
    command: "pnpm conformance",
    machine: `${process.platform} ${process.arch}`,
    versions: { node: process.versions.node },
    date: new Date().toISOString().slice(0, 10),
    engine,
    rows,
    tests: results,
  };
}
