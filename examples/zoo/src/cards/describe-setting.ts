import { describeMachine, describeRuntime } from "@edgewright/device-bench";
import type { Kernels } from "@edgewright/kernels";
import { describeCommit } from "./describe-commit.js";

/** Of the code that this process has loaded, whatever happens to the files later. */
const COMMIT = describeCommit();

/** Where a training runs, for its card. */
export function describeSetting(kernels: Kernels): {
  readonly machine: string;
  readonly software: string;
  readonly kernels: string;
  readonly commit?: string;
  readonly date: string;
} {
  const { cpu, threads } = describeMachine();
  const { node, v8 } = describeRuntime();
  return {
    machine: `${cpu}, ${threads} logical processors`,
    software: `Node ${node}, V8 ${v8}`,
    kernels: kernels.variant,
    ...(COMMIT !== undefined && { commit: COMMIT }),
    date: new Date().toISOString().slice(0, 10),
  };
}
