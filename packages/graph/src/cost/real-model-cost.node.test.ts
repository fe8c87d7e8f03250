import { describe, expect, it } from "vitest";
import { realModel } from "../model/real-models.test-support.node.js";
import { parseModel } from "../onnx/parse-model.js";
import { inferShapes } from "../shapes/infer-shapes.js";
import { modelCost } from "./model-cost.js";

describe("modelCost of published models", () => {
  it("of the detector at 640x640 is that of its convolutions, counted by hand from the shapes", () => {
    const model = parseModel(realModel("detector").read());
    const inputShapes = { x: [1, 3, 640, 640] };
    const cost = modelCost(model, inputShapes);
    // An independent count: for each convolution, multiply what one output element sums over.
    const { values } = inferShapes(model, { inputShapes });
    let macs = 0;
    for (const { opType, inputs, outputs } of model.graph.nodes) {
      const sizes = (name: string): number[] => values.get(name)!.shape as number[];
      const volume = (shape: number[]): number => shape.reduce((a, b) => a * b, 1);
      if (opType === "Conv") {
        const [, perGroup, kh, kw] = sizes(inputs[1]!) as [number, number, number, number];
        macs += volume(sizes(outputs[0]!)) * perGroup * kh * kw;
      } else if (opType === "ConvTranspose") {
        macs += volume(sizes(inputs[0]!)) * volume(sizes(inputs[1]!).slice(1));
      }
    }
    expect(cost.macs).toBe(macs);
    // 2.3 GMACs, and four times those of a quarter of the pixels, as in any fully convolutional net.
    expect(cost.macs / 1e9).toBeCloseTo(2.3, 1);
    const quarter = modelCost(model, { x: [1, 3, 320, 320] });
    // Only the 1x1 convolutions behind global pools do not grow with the picture.
    expect(cost.macs / quarter.macs).toBeGreaterThan(3.99);
    expect(cost.incompleteNodes).toEqual([]);
  });

  it.each(["detector", "recognizer", "classifier", "embedding_model", "alexa_v0.1"])(
    "finds nearly all bytes of the %s file to be parameters",
    (name) => {
      const real = realModel(name);
      const bytes = real.read();
      const { parameterBytes } = modelCost(parseModel(bytes), real.inputShapes);
      expect(parameterBytes).toBeLessThan(bytes.length);
      expect(parameterBytes).toBeGreaterThan(0.9 * bytes.length);
    },
  );

  it("of Silero VAD follows the branch of the sampling rate", () => {
    const model = parseModel(realModel("silero_vad_v5").read());
    const sr = (rate: bigint) => ({
      inputValues: { sr: { dtype: "i64" as const, shape: [], data: BigInt64Array.of(rate) } },
    });
    const shapes = (samples: number) => ({ input: [1, samples], state: [2, 1, 128] });
    const wide = modelCost(model, shapes(512), sr(16000n));
    const narrow = modelCost(model, shapes(256), sr(8000n));
    expect(wide.macs).toBeGreaterThan(narrow.macs);
    // The weights of one rate only: about half of the file.
    expect(wide.parameterBytes).toBeGreaterThan(1e6);
    expect(wide.parameterBytes).toBeLessThan(1.5e6);
  });
});
