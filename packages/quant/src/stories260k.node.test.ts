import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { env } from "node:process";
import { fileURLToPath } from "node:url";
import { createTokenizer, fileSource, readModel } from "@edgewright/core/model-files";
import { loadTrainingKernels } from "@edgewright/kernels/training";
import { expect, test } from "vitest";
import { measureSensitivities } from "./calibration/measure-sensitivities.js";
import { decoderAtWidth } from "./decoder/decoder-at-width.js";
import { quantizeDecoder } from "./decoder/quantize-decoder.js";
import { createNllEvaluator } from "./report/nll-evaluator.js";

const folder = join(
  env.EDGEWRIGHT_SHARED ?? fileURLToPath(new URL("../../../../shared", import.meta.url)),
  "data",
  "llm",
);
const model = join(folder, "stories260K", "stories260K-f32.gguf");
const text = join(folder, "text-tinystories", "train-head.txt");

/**
 * nll of 40 pieces of TinyStories: nested codes with a codebook a row, linear layers only, unweighted; made with
 * NumPy by the project's specification, on pieces cut about here.
 */
const REFERENCE = [
  [5, 1.27],
  [4, 1.314],
  [3, 1.65],
  [2, 3.69],
] as const;

test.skipIf(!existsSync(model) || !existsSync(text))(
  "stories260K (skipped where EDGEWRIGHT_SHARED has none): nll at every width is at most 0.02 above the reference",
  { timeout: 180_000 },
  async () => {
    const contents = await readModel(await fileSource(model));
    const tokenizer = await createTokenizer(contents.tokenizer!);
    const pieces = readFileSync(text, "utf8")
      .split(/(?=Once upon a time)/)
      .map((piece) => [...tokenizer.encode(piece)]);
    const judged = pieces.slice(0, 40).map((ids) => ids.slice(0, 162));
    const calibration = pieces.slice(60);
    using kernels = await loadTrainingKernels();
    const evaluate = createNllEvaluator(kernels, judged, { batchSize: 8 });
    expect(Math.abs((await evaluate(contents.weights)) - 1.26)).toBeLessThan(0.003);
    const sensitivities = await measureSensitivities(kernels, contents.weights, calibration, {
      length: 256,
    });
    const small = await quantizeDecoder(
      contents.weights,
      { linear: { format: "nested", seedBits: 2, bits: 5 }, embedding: { format: "keep" } },
      { sensitivities },
    );
    for (const [width, reference] of REFERENCE) {
      const nll = await evaluate(decoderAtWidth(small, width));
      expect(nll, `${width} bits`).toBeLessThan(reference + 0.02);
      expect(nll, `${width} bits`).toBeGreaterThan(1.25);
    }
  },
);
