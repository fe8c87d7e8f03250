import { type Kernels, loadKernels } from "@edgewright/kernels";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type ConformanceEngine,
  type ConformanceResult,
  DEBIAN_FOLDER,
  listConformanceTests,
  runConformanceTest,
} from "./conformance-suite.test-support.node.js";

// 932 tests of ONNX 1.12: all but strings, sequences, optionals, randomness, Adam (whose test data
// contradict its own attributes) and dropout in training.
const EXPECTED_PASSES = 884;

const tests = listConformanceTests(DEBIAN_FOLDER);

describe.skipIf(tests === undefined)(
  "node tests of the ONNX standard (skipped without Debian's libonnx-testdata)",
  () => {
    let kernels: Kernels;
    beforeAll(async () => {
      kernels = await loadKernels();
    });
    afterAll(() => kernels.dispose());

    async function runAll(engine: ConformanceEngine): Promise<ConformanceResult[]> {
      const results: ConformanceResult[] = [];
      for (const test of tests ?? []) {
        results.push(await runConformanceTest(DEBIAN_FOLDER, test, engine, kernels));
      }
      return results;
    }

    it.each(["session", "host"] as const)("%s: nothing claimed fails", async (engine) => {
      const results = await runAll(engine);
      const failed = results.filter(({ outcome }) => outcome === "failed");
      expect(failed.map(({ test, reason }) => `${test}: ${reason}`)).toEqual([]);
      const passed = results.filter(({ outcome }) => outcome === "passed").length;
      expect(passed).toBeGreaterThanOrEqual(EXPECTED_PASSES);
    });

    it("session: kernels take part", async () => {
      const conv = await runConformanceTest(
        DEBIAN_FOLDER,
        "conv_with_strides_padding",
        "session",
        kernels,
      );
      expect(conv.outcome).toBe("passed");
      expect(conv.kernelOperators).toContain("Conv");
    });
  },
);
