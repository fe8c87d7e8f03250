import { packedBytes, sizeOf } from "@edgewright/core";
import { loadTrainingKernels } from "@edgewright/kernels/training";
import { describe, expect, test } from "vitest";
import { quantizeDecoder } from "../decoder/quantize-decoder.js";
import { randomDecoder, randomTexts } from "../decoder/random-decoder.test-support.js";
import { listWeights } from "../decoder/weight-paths.js";
import { formatReport } from "./format-report.js";
import { createNllEvaluator } from "./nll-evaluator.js";
import { reportQuantization } from "./report-quantization.js";

const weights = randomDecoder(2);
const ones = new Map(
  listWeights(weights).map(({ path, weight }) => [
    path,
    new Float32Array(sizeOf(weight.shape)).fill(3),
  ]),
);

describe("a report", () => {
  test("counts what is stored and what a width reads", async () => {
    const after = await quantizeDecoder(weights, { linear: { format: "nested", bits: 4 } });
    const report = await reportQuantization(weights, after, { sensitivities: ones });
    const query = report.matrices.find(({ path }) => path === "layers.0.query")!;
    // 32 x 32 codes of 4 bits; codebooks of 4 + 8 + 16 entries of 2 bytes for every row.
    expect(query.bytes).toBe((32 * 32 * 4) / 8 + 32 * 28 * 2);
    expect(query.widths.map(({ bits }) => bits)).toEqual([2, 3, 4]);
    expect(query.widths[0]!.bitsPerWeight).toBe(2 + (4 * 16) / 32);
    expect(report.widths.map(({ bits }) => bits)).toEqual([2, 3, 4]);
    expect(report.bytesBefore).toBe(4 * report.weights);
    const all = listWeights(after);
    const read = all.reduce(
      (sum, { weight }) => sum + ("format" in weight ? packedBytes(weight, 3) : Number.NaN),
      0,
    );
    expect(report.widths[1]!.bitsPerWeight).toBeCloseTo((8 * read) / report.weights, 10);
    expect(report.bytes).toBe(report.matrices.reduce((sum, { bytes }) => sum + bytes, 0));
    for (const { relativeError, weightedError } of query.widths) {
      expect(weightedError).toBeCloseTo(relativeError, 10); // sensitivities are all the same
    }
    const errors = report.widths.map(({ relativeError }) => relativeError);
    expect(errors).toEqual([...errors].sort((a, b) => b - a));
    expect(report.matrices[0]).toMatchObject({ path: "embedding", format: "int8-group" });
    expect(report.matrices[0]!.widths[0]!.bits).toBeUndefined();
  });

  test("nll before and at every width, by any measure", async () => {
    const kernels = await loadTrainingKernels();
    const after = await quantizeDecoder(weights, { linear: { format: "binary-coded", bits: 3 } });
    const evaluate = createNllEvaluator(kernels, randomTexts(3, 20));
    const seen: number[] = [];
    const report = await reportQuantization(weights, after, {
      evaluate,
      onProgress: (done, total) => seen.push(done / total),
    });
    expect(report.nllBefore).toBe(await evaluate(weights));
    expect(report.nllBefore).toBeCloseTo(Math.log(48), 0); // it knows nothing
    expect(report.widths.map(({ nll }) => nll! > 3)).toEqual([true, true]);
    expect(seen.at(-1)).toBe(1);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    kernels.dispose();
    const same = await reportQuantization(weights, weights, { evaluate: async () => 1.5 });
    expect(same.widths).toEqual([{ bitsPerWeight: 32, relativeError: 0, nll: 1.5 }]);
    expect(formatReport(same, "html")).toContain("No matrix has changed");
  });

  test("is written as a page, tables, JSON", async () => {
    const after = await quantizeDecoder(weights, { linear: { format: "nested", bits: 3 } });
    const report = await reportQuantization(weights, after, { evaluate: async () => 1.25 });
    expect(JSON.parse(formatReport(report, "json"))).toEqual(report);
    const markdown = formatReport(report, "markdown");
    expect(markdown).toContain("| layers.1.down   | 32 x 40 | nested");
    expect(markdown).toContain("nll before 1.2500");
    const html = formatReport(report, "html");
    expect(html.match(/<circle cx="[\d.]+" cy="[\d.]+" r="4" fill="[^"]+"><title>/g)).toHaveLength(
      1 + 14 * 2,
    );
    expect(html).not.toContain("NaN");
  });

  test("of another model is refused", async () => {
    const other = { ...weights, embedding: weights.layers[0]!.query };
    await expect(reportQuantization(weights, other)).rejects.toThrow(
      "got embedding [48, 32] and embedding [32, 32]",
    );
    const signal = AbortSignal.abort();
    await expect(reportQuantization(weights, weights, { signal })).rejects.toThrow("aborted");
  });
});
