import { createRng, standardDeviation } from "@edgewright/core";
import {
  createSession,
  inferShapes,
  type Model,
  modelCost,
  parseModel,
  serializeModel,
} from "@edgewright/graph";
import { describe, expect, it } from "vitest";
import { countParameters } from "./count-parameters.js";
import { buildDsNet } from "./ds-net.js";
import { buildLenet5 } from "./lenet5.js";
import { ModelBuilder } from "./model-builder.js";
import { buildResnet8 } from "./resnet8.js";

const builders: readonly [string, (seed: number) => Model][] = [
  ["lenet-5", (seed) => buildLenet5(createRng(seed))],
  ["ds-net-w8", (seed) => buildDsNet(8, createRng(seed))],
  ["resnet-8-w8", (seed) => buildResnet8(8, createRng(seed))],
];
const cost = (model: Model) => modelCost(model, { image: [1, 1, 28, 28] }).macs;

describe.each(builders)("%s", (name, build) => {
  const model = build(1);

  it("is a valid model of opset 17 with a free batch axis and ten logits", () => {
    expect(model.opsets.get("")).toBe(17);
    expect(model.graph.name).toBe(name);
    expect(inferShapes(model).values.get("logits")?.shape).toEqual(["batch", 10]);
    for (const { outputs } of model.graph.nodes) {
      expect(inferShapes(model).values.get(outputs[0]!)?.dtype).toBe("f32");
    }
  });

  it("comes back from its file as it was", () => {
    expect(parseModel(serializeModel(model))).toEqual(model);
  });

  it("begins with other weights from another seed, the same from the same", () => {
    expect(build(1)).toEqual(model);
    expect(build(2)).not.toEqual(model);
  });

  it("runs, with logits of a sensible size", async () => {
    using session = await createSession(model);
    const rng = createRng(3);
    const data = Float32Array.from({ length: 8 * 784 }, () => rng.normal());
    const { logits } = await session.run({ image: { dtype: "f32", shape: [8, 1, 28, 28], data } });
    expect(logits!.shape).toEqual([8, 10]);
    const spread = standardDeviation(logits!.data as Float32Array);
    expect(spread).toBeGreaterThan(0.05);
    expect(spread).toBeLessThan(20);
  });
});

describe("the sizes of the models", () => {
  it("are those of the literature where it names them", () => {
    const lenet = buildLenet5(createRng(1));
    expect(countParameters(lenet)).toBe(61_706);
    expect(cost(lenet)).toBe(117_600 + 240_000 + 48_000 + 10_080 + 840);
    // As PyTorch counts the same layers.
    expect(countParameters(buildResnet8(16, createRng(1)))).toBe(77_658);
  });

  it("grow with their width", () => {
    const macs = [8, 16, 32].map((width) => cost(buildDsNet(width, createRng(1))));
    expect(macs[1]! / macs[0]!).toBeGreaterThan(2.5);
    expect(macs[2]! / macs[1]!).toBeGreaterThan(3);
  });
});

describe("ModelBuilder", () => {
  it("says which value has the wrong shape for a layer", () => {
    const net = new ModelBuilder("n", [1, 4, 4], createRng(1));
    expect(() => net.linear(net.input, 3)).toThrow(
      "ModelBuilder.linear: [features] was expected, image is [1, 4, 4]",
    );
    expect(() => net.conv(net.flatten(net.input), { channels: 1, kernel: 1 })).toThrow(
      "ModelBuilder.conv: [channels, height, width] was expected, flatten1.out is [16]",
    );
  });
});
