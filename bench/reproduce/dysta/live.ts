// `pnpm reproduce dysta --live`: real sessions under the executor.
import type { BenchSection } from "../../context.js";
import { measureCounting } from "./live-counting.js";
import { measurePolicies } from "./live-policies.js";

/** Sections of the live reproduction. */
export const liveSections: readonly BenchSection[] = [
  { name: "counting zeros", run: measureCounting },
  { name: "policies", run: measurePolicies },
];

/** Its options. */
export const liveOptions = {
  seconds: {
    type: "string",
    help: "with --live: arrivals of so many seconds for each policy (12)",
  },
  repetitions: { type: "string", help: "with --live: how often, with other arrivals (3)" },
  slo: { type: "string", help: "with --live: deadline, as a multiple of the time alone (10)" },
  clock: {
    type: "string",
    help: "with --live: wall, or cpu, which does not count what other processes take (cpu)",
  },
} as const;
