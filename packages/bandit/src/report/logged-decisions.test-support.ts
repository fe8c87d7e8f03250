import { createRng } from "@edgewright/core";
import type { LoggedDecision } from "../log/logged-decision.js";

/** A decision between two arms without a reward, changed as a test wants it. */
export function loggedDecision(more: Partial<LoggedDecision> = {}): LoggedDecision {
  return {
    id: "d0",
    time: 0,
    policy: "epsilon-greedy",
    context: [],
    arms: ["a", "b"],
    armFeatures: undefined,
    arm: "a",
    chosen: 0,
    propensity: 0.5,
    probabilities: [0.5, 0.5],
    scores: [0, 0],
    mean: Number.NaN,
    width: Number.NaN,
    asked: undefined,
    reward: undefined,
    rewardTime: undefined,
    weight: 1,
    assumed: false,
    expired: false,
    expected: undefined,
    best: undefined,
    ...more,
  };
}

/** A log of a policy that chooses by fixed probabilities, with thumbs, questions, silence and a clock. */
export function randomLog(count: number, seed: number): LoggedDecision[] {
  const rng = createRng(seed);
  const arms = ["small", "medium", "large"];
  const probabilities = [0.2, 0.3, 0.5];
  const worth = [0.3, 0.5, 0.7];
  let time = 1_700_000_000_000;
  return Array.from({ length: count }, (_, i) => {
    time += rng.integer(1, 5000);
    const chosen = rng.categorical(probabilities);
    const asked = rng.uniform() < 0.7;
    const answered = asked && rng.uniform() < 0.9;
    return loggedDecision({
      id: `d${i}`,
      time,
      arms,
      arm: arms[chosen]!,
      chosen,
      propensity: probabilities[chosen]!,
      probabilities,
      scores: worth,
      mean: worth[chosen]!,
      width: 1 / Math.sqrt(i + 1),
      asked,
      expired: asked && !answered,
      ...(answered && {
        reward: rng.uniform() < worth[chosen]! ? 1 : 0,
        rewardTime: time + rng.integer(0, 60_000),
        expected: worth[chosen]!,
        best: 0.7,
      }),
    });
  });
}
