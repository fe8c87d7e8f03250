import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parseReferenceRuns } from "./reference-runs.js";
import { replayRun } from "./replay-run.js";
import { parseSangerTrace } from "./sanger-trace.js";

const shared =
  process.env.EDGEWRIGHT_SHARED ?? fileURLToPath(new URL("../../../../../shared", import.meta.url));
const folder = join(shared, "data", "dysta");

describe.skipIf(!existsSync(join(folder, "ref_synth_attnn.json")))(
  "the unmodified reference scheduler (skipped where the shared data is absent)",
  () => {
    test("every run that it made comes out again, to 1e-9", () => {
      const traces = join(folder, "traces", "sanger");
      const models = readdirSync(traces).map((file) =>
        parseSangerTrace(readFileSync(join(traces, file), "utf8"), {
          name: file.slice(0, -4),
          file,
        }),
      );
      const path = join(folder, "ref_synth_attnn.json");
      const file = parseReferenceRuns(readFileSync(path, "utf8"), path);
      expect(file.runs.length).toBe(100);
      for (const { name, meanIsolated } of models) {
        expect(Math.abs(meanIsolated / file.meanIsolated.get(name)! - 1)).toBeLessThan(1e-12);
      }
      for (const run of file.runs) {
        const { violation, stp, antt } = replayRun(file, run, models).differences;
        expect(Math.max(violation, stp, antt)).toBeLessThan(1e-9);
      }
    });
  },
);
