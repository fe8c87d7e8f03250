import { createRng, ValidationError } from "@edgewright/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ask, randomVector, teach } from "./dense-ridge.test-support.js";
import { hybridLinUcb } from "./hybrid-lin-ucb.js";
import { linGreedy, sharedLinGreedy } from "./lin-greedy.js";
import { linThompson } from "./lin-thompson.js";
import { linUcb } from "./lin-ucb.js";
import type { LinearPolicy } from "./linear-policy.js";
import { sharedLinThompson } from "./shared-lin-thompson.js";
import { sharedLinUcb } from "./shared-lin-ucb.js";

const shape = { contextDimension: 3, armDimension: 2 };
const makers: Readonly<Record<string, () => LinearPolicy>> = {
  linUcb: () => linUcb({ dimension: 3 }),
  "linUcb, needed": () => linUcb({ dimension: 3, scores: "needed" }),
  "linUcb, discount": () => linUcb({ dimension: 3, discount: 0.98 }),
  "linUcb, window": () => linUcb({ dimension: 3, window: 20 }),
  linGreedy: () => linGreedy({ dimension: 3, decay: 10 }),
  linThompson: () => linThompson({ dimension: 3 }),
  sharedLinUcb: () => sharedLinUcb(shape),
  "sharedLinUcb, window": () => sharedLinUcb({ ...shape, window: 20 }),
  sharedLinGreedy: () => sharedLinGreedy(shape),
  sharedLinThompson: () => sharedLinThompson(shape),
  hybridLinUcb: () => hybridLinUcb(shape),
};

function run(policy: LinearPolicy, seed: number, steps: number): void {
  const rng = createRng(seed);
  for (let step = 0; step < steps; step++) {
    const armFeatures = randomVector(rng, policy.armDimension);
    const slot = rng.integer(0, 3);
    teach(policy, slot, randomVector(rng, 3), rng.normal(), {
      armFeatures,
      weight: 1 + (step % 2),
    });
  }
}

function start(make: () => LinearPolicy, steps: number): LinearPolicy {
  const policy = make();
  for (let slot = 0; slot < 3; slot++) policy.addArm(slot);
  run(policy, 1, steps);
  return policy;
}

function show(policy: LinearPolicy): unknown {
  const { scores, probabilities, means, widths } = ask(
    policy,
    [0, 1, 2],
    [0.3, -1, 2],
    new Float64Array(3 * policy.armDimension).map((_, i) => i),
  );
  return [scores, probabilities, means, widths];
}

describe.each(Object.entries(makers))("the state of %s", (_name, make) => {
  it("goes on bit for bit through JSON, across a refactorisation too", () => {
    for (const steps of [0, 30, 3500]) {
      const policy = start(make, steps);
      const other = make();
      other.restore(JSON.parse(JSON.stringify(policy.state())));
      expect(JSON.stringify(other.state())).toBe(JSON.stringify(policy.state()));
      run(policy, 2, 600);
      run(other, 2, 600);
      expect(show(other)).toEqual(show(policy));
      expect(JSON.stringify(other.state())).toBe(JSON.stringify(policy.state()));
    }
  });

  it("is refused when damaged, and what was learnt before stays", () => {
    const state = start(make, 30).state();
    const other = start(make, 5);
    const before = JSON.stringify(other.state());
    const text = JSON.stringify(state);
    const damages = [
      ...[undefined, null, 5, "x", [], {}],
      ...[
        { ...(state as object), kind: "other" },
        { ...(state as object), learned: -1 },
      ],
      ...[
        { ...(state as object), models: 3 },
        { ...(state as object), models: [null] },
      ],
      JSON.parse(text.replace(/"model":"(.)/, '"model":"')),
      JSON.parse(text.replace(/"slot":\d/, '"slot":0.5')),
      JSON.parse(text.replace(/"model":"[^"]{8}/, '"model":"AAAAAAAA+H8')),
    ];
    for (const damage of damages) {
      expect(() => other.restore(damage)).toThrow(ValidationError);
      expect(JSON.stringify(other.state())).toBe(before);
    }
  });
});

describe("restore", () => {
  it("refuses or takes any JSON, but never breaks", () => {
    const policy = start(makers["linUcb, window"]!, 40);
    const text = JSON.stringify(policy.state());
    fc.assert(
      fc.property(
        fc.nat(text.length - 1),
        fc.constantFrom("0", "9", "A", "-", "]", '"'),
        (at, put) => {
          let state: unknown;
          try {
            state = JSON.parse(text.slice(0, at) + put + text.slice(at + 1));
          } catch {
            return;
          }
          const before = JSON.stringify(policy.state());
          try {
            policy.restore(state);
          } catch (error) {
            expect(error).toBeInstanceOf(ValidationError);
            expect(JSON.stringify(policy.state())).toBe(before);
          }
          policy.restore(JSON.parse(text));
        },
      ),
      { seed: 3, numRuns: 400 },
    );
  });

  it("goes on with the same scores where only needed ones are worked out", () => {
    const policy = start(makers["linUcb, needed"]!, 300);
    const other = makers["linUcb, needed"]!();
    other.restore(policy.state());
    const rng = createRng(9);
    for (let step = 0; step < 200; step++) {
      const x = randomVector(rng, 3);
      const { scores, probabilities } = ask(policy, [0, 1, 2], x);
      expect(ask(other, [0, 1, 2], x).scores).toEqual(scores);
      const chosen = probabilities.indexOf(1);
      for (const one of [policy, other]) teach(one, chosen, x, x[chosen]!);
    }
  });

  it("refuses the state of a policy with other options", () => {
    const state = start(makers.linUcb!, 3).state();
    expect(() => linUcb({ dimension: 3, ridge: 2 }).restore(state)).toThrow(
      'lin-ucb: the state of a policy "disjoint linear, dimension 3, ridge 2, discount 1, window Infinity" was expected',
    );
    expect(() => sharedLinUcb(shape).restore(state)).toThrow(ValidationError);
  });
});
