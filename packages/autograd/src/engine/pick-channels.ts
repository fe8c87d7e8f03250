import { planCopy2d } from "@edgewright/kernels";
import type { ProgramBuilder } from "./operation.js";
import { elementsOf, type Value } from "./value.js";

/** The entries `channels` of the last axis, for operations that know only whole gradients. */
export function pickChannels(
  build: ProgramBuilder,
  gradient: Value,
  channels: readonly number[],
): Value {
  const columns = gradient.shape.at(-1) ?? 1;
  const rows = elementsOf(gradient.shape) / columns;
  const picked = build.value([...gradient.shape.slice(0, -1), channels.length], {
    label: gradient.label,
  });
  build.step({
    name: "pick trained channels",
    reads: [gradient],
    writes: [picked],
    plan(kernels, at) {
      const plans = channels.map((channel, i) =>
        planCopy2d(kernels, {
          x: at(gradient) + channel * 4,
          y: at(picked) + i * 4,
          rows,
          rowBytes: 4,
          xStride: columns * 4,
          yStride: channels.length * 4,
        }),
      );
      const jobs = plans.flatMap((plan) => plan.jobs);
      const bytes = plans.reduce((sum, plan) => sum + plan.bytes, 0);
      const dispose = (): void => {
        for (const plan of plans) plan.dispose();
      };
      return { jobs, bytes, dispose, [Symbol.dispose]: dispose };
    },
  });
  return picked;
}
