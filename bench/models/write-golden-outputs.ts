// Writes packages/graph/test-data/golden-outputs.json with onnxruntime-node:
// `node --conditions=@edgewright/source --import tsx bench/models/write-golden-outputs.ts`.
// Of each output it keeps the shape, the largest magnitude and up to 64 elements spread evenly.
import { writeFileSync } from "node:fs";
import type { GoldenModel } from "../../packages/graph/src/session/golden-outputs.test-support.node.js";
import {
  parityModels,
  readModel,
} from "../../packages/graph/src/session/real-models.test-support.node.js";
import { loadOrtNode } from "../peers.js";

const SAMPLES = 64;
const ort = await loadOrtNode();
const models: GoldenModel[] = [];
for (const model of parityModels()) {
  const session = await ort.createSession(readModel(model));
  const outputs = await session.run(
    Object.fromEntries(
      Object.entries(model.feeds()).map(([name, { dtype, data, shape }]) => [
        name,
        new ort.Tensor(dtype === "i64" ? "int64" : "float32", data, shape),
      ]),
    ),
  );
  models.push({
    name: model.name,
    outputs: Object.entries(outputs).map(([name, { dims, data }]) => {
      const count = Math.min(SAMPLES, data.length);
      let largest = 0;
      for (let i = 0; i < data.length; i++) largest = Math.max(largest, Math.abs(data[i]!));
      const samples = Array.from({ length: count }, (_, i) => {
        const index = Math.floor(((i + 0.5) * data.length) / count);
        return [index, data[index]!] as const;
      });
      return { name, shape: dims, largest, samples };
    }),
  });
}
const file = new URL("../../packages/graph/test-data/golden-outputs.json", import.meta.url);
const lines = models.map((model) => JSON.stringify(model)).join(",\n");
writeFileSync(file, `{"onnxruntimeNode":"${ort.version}","models":[\n${lines}\n]}\n`);
process.exit(0);
