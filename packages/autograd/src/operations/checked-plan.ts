import type { Kernels } from "@edgewright/kernels";
import type { IndexedPlan } from "@edgewright/kernels/training";
import type { HostPlan } from "../engine/operation.js";

/** Runs a plan and throws its ValidationError when an index was out of range. */
export function checkedPlan(kernels: Kernels, plan: IndexedPlan): HostPlan {
  return {
    run() {
      kernels.run(plan);
      plan.checkIndices();
    },
    dispose: () => plan.dispose(),
  };
}
