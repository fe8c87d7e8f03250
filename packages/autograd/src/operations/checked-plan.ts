import type { Kernels } from "@edgewright/kernels";
import type { IndexedPlan } from "@edgewright/kernels/training";
import type { HostPlan } from "../engine/operation.js";

/** Runs a plan and throws its ValidationError, in the name of the operation, when an index was out of range. */
export function checkedPlan(operation: string, kernels: Kernels, plan: IndexedPlan): HostPlan {
  return {
    run() {
      kernels.run(plan);
      plan.checkIndices(operation);
    },
    dispose: () => plan.dispose(),
  };
}
