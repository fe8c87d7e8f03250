import { readFile } from "node:fs/promises";
import { createOnnxruntimeEngine } from "./src/engines/onnxruntime-engine.js";
import { decodeImage } from "./src/image/decode-image.js";
import { createTextReader } from "./src/ocr/text-reader.js";
import { StageClock } from "./src/stage-clock.js";

const t0 = performance.now();
const engine = await createOnnxruntimeEngine(
  "onnxruntime-web",
  "/work/main/bench/peers/node_modules/onnxruntime-web/dist/ort.node.min.mjs",
);
const clock = new StageClock();
const reader = await createTextReader({ engine, clock });
console.log("created", performance.now() - t0);
clock.enter("decode", "");
const { image } = await decodeImage(await readFile(process.argv[2]!));
const lines = await reader.read(image);
for (const l of lines)
  console.log(
    l.confidence.toFixed(3),
    l.turned ? "T" : " ",
    l.text,
    JSON.stringify(l.box.map((p) => p.map(Math.round))),
  );
for (const t of clock.times()) console.log(t.stage.padEnd(20), t.part.padEnd(40), t.ms.toFixed(0));
