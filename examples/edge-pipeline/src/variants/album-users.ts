import type { UserType } from "@edgewright/bandit/qoe";

/**
 * People who have an album sorted, and what they mind: simulated, like their ratings. Accuracies turn from poor to
 * good where those of the zoo's models lie, times where waiting begins to be felt.
 */
export const ALBUM_USERS: readonly UserType[] = [
  {
    name: "in a hurry",
    utilities: {
      latencyMs: { weight: 0.75, midpoint: 60, slope: 2 },
      accuracy: { weight: 0.25, midpoint: 0.93, slope: 150 },
    },
  },
  {
    name: "wants it right",
    utilities: {
      latencyMs: { weight: 0.15, midpoint: 800, slope: 2 },
      accuracy: { weight: 0.85, midpoint: 0.936, slope: 200 },
    },
  },
  {
    name: "of two minds",
    utilities: {
      latencyMs: { weight: 0.45, midpoint: 250, slope: 2 },
      accuracy: { weight: 0.55, midpoint: 0.932, slope: 180 },
    },
  },
  {
    name: "phone is full",
    utilities: {
      latencyMs: { weight: 0.2, midpoint: 250, slope: 2 },
      accuracy: { weight: 0.2, midpoint: 0.93, slope: 150 },
      bytes: { weight: 0.6, midpoint: 150e3, slope: 3 },
    },
  },
];
