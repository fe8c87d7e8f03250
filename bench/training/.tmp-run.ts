import { createOurTrainer, loadOurKernels } from "./.tmp-our.ts";
import { lenet5, resnet8 } from "./networks.ts";

const k = await loadOurKernels();
for (const spec of [lenet5(), resnet8()]) {
  const t = createOurTrainer(k, spec);
  for (let i = 0; i < 20; i++) t.step();
  const times: number[] = [];
  for (let i = 0; i < 30; i++) {
    const c = process.cpuUsage();
    t.step();
    const d = process.cpuUsage(c);
    times.push((d.user + d.system) / 1000);
  }
  times.sort((a, b) => a - b);
  console.log(spec.name, "median ms", times[15], "min", times[0], "loss", t.step());
  const m = new Map<string, number>();
  for (let i = 0; i < 20; i++) t.profile(m);
  const rows = [...m].sort((a, b) => b[1] - a[1]).slice(0, 30);
  for (const [n, v] of rows) console.log((v / 20).toFixed(3), n);
}
process.exit(0);
