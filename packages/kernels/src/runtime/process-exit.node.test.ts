import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

test("a process ends by itself with workers asleep", () => {
  const index = new URL("../index.ts", import.meta.url).href;
  const program = `
    import { loadKernels, planUnary } from ${JSON.stringify(index)};
    const kernels = await loadKernels({ threads: 3 });
    const x = kernels.arena.allocate(4_000_000);
    kernels.run(planUnary(kernels, { op: "exp", x: x.ptr, y: x.ptr, count: 1_000_000 }));
    console.log(kernels.threads);
  `;
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ["--conditions=@edgewright/source", "--import", "tsx", "--input-type=module", "-e", program],
    {
      cwd: fileURLToPath(new URL("../../../..", import.meta.url)),
      encoding: "utf8",
      timeout: 20_000,
    },
  );
  expect({ stdout, stderr, status }).toEqual({ stdout: "3\n", stderr: "", status: 0 });
});
