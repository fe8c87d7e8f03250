import type { Plan } from "../../runtime/job.js";

/** One plan of several, to run in their order; disposing of it disposes of them. */
export function joinPlans(plans: readonly Plan[]): Plan {
  const dispose = (): void => {
    for (const plan of plans) plan.dispose();
  };
  return {
    jobs: plans.flatMap((plan) => plan.jobs),
    bytes: plans.reduce((sum, plan) => sum + plan.bytes, 0),
    dispose,
    [Symbol.dispose]: dispose,
  };
}
