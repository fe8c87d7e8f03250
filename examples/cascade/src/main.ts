import { writeFile } from "node:fs/promises";
import { relative } from "node:path";
import { parseCommandLine, USAGE } from "./command-line.js";
import { renderReport } from "./report/render-report.js";
import { runCascade } from "./run-cascade.js";
import { summarize, summaryText } from "./summary.js";

async function main(): Promise<number> {
  const options = parseCommandLine(process.argv.slice(2), process.cwd());
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const record = await runCascade(options, (message) => console.error(message));
  const summary = summarize(record);
  await writeFile(options.report, renderReport(record, summary));
  console.log(options.json ? JSON.stringify(summary, null, 2) : summaryText(summary));
  console.error(`report: ${relative(process.cwd(), options.report)}`);
  return summary.lost === 0 && summary.twice === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 2;
}
