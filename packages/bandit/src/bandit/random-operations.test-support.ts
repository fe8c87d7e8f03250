import fc from "fast-check";
import type { Bandit } from "./bandit.js";

/** One call of a bandit, good or bad. */
export type Operation = (bandit: Bandit<string>, clock: { now: number }) => unknown;

/** A number that features and rewards should be, mostly. */
const figure = fc.oneof(
  { weight: 9, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(Number.NaN, Infinity, -1, 2, -0, 5e-324) },
);

const arm = fc.constantFrom("a", "b", "c", "d", "e", "nobody");

/** Ids of decisions from long ago to those not yet made, and others. */
const id = fc.oneof(
  { weight: 9, arbitrary: fc.nat(40).map((back) => ({ back })) },
  { weight: 1, arbitrary: fc.constantFrom("", "d", "x1", "d00", "d-1").map((text) => ({ text })) },
);

function idOf(bandit: Bandit<string>, from: { back: number } | { text: string }): string {
  return "text" in from ? from.text : `d${(bandit.decided + 1 - from.back).toString(36)}`;
}

/** Calls in random order, for a bandit with two context features and, where `armDimension` is 1, one of arms. */
export function arbitraryOperations(armDimension: 0 | 1, count: number): fc.Arbitrary<Operation[]> {
  const context = fc.oneof(
    { weight: 12, arbitrary: fc.tuple(figure, figure) as fc.Arbitrary<number[]> },
    { weight: 1, arbitrary: fc.array(figure, { maxLength: 3 }) },
  );
  const armFeatures = fc.array(figure, { minLength: armDimension, maxLength: armDimension });
  const offer = fc.oneof(
    { weight: 4, arbitrary: fc.constant(undefined) },
    { weight: 2, arbitrary: fc.array(arm, { maxLength: 3 }) },
    {
      weight: 1,
      arbitrary: fc
        .array(fc.tuple(arm, armFeatures), { minLength: 1, maxLength: 3 })
        .map((entries) => new Map(entries)),
    },
  );
  const decide = fc.tuple(context, offer).map(
    ([x, arms]): Operation =>
      (bandit) =>
        bandit.decide(x, arms),
  );
  const update = fc.tuple(id, figure, fc.constantFrom(1, 1, 0.5, 0)).map(
    ([from, reward, weight]): Operation =>
      (bandit) =>
        bandit.update(idOf(bandit, from), reward, { weight }),
  );
  const batch = fc.array(fc.tuple(id, figure), { maxLength: 3 }).map(
    (rewards): Operation =>
      (bandit) =>
        bandit.updateBatch(rewards.map(([from, reward]) => ({ id: idOf(bandit, from), reward }))),
  );
  const aggregate = fc
    .tuple(fc.array(id, { maxLength: 3 }), figure, fc.constantFrom("mean", "each", "total"))
    .map(
      ([ids, reward, share]): Operation =>
        (bandit) =>
          bandit.updateAggregate(
            ids.map((from) => idOf(bandit, from)),
            reward,
            { share: share as "mean" },
          ),
    );
  const learn = fc.tuple(context, arm, armFeatures, figure).map(
    ([x, name, features, reward]): Operation =>
      (bandit) =>
        bandit.learn({ context: x, arm: name, armFeatures: features, reward }),
  );
  const addArm = fc.tuple(arm, arm, fc.option(armFeatures, { nil: undefined })).map(
    ([name, like, features]): Operation =>
      (bandit) =>
        bandit.addArm(name, {
          ...(features && { features }),
          ...(like !== "nobody" && { like }),
        }),
  );
  return fc.array(
    fc.oneof(
      { weight: 10, arbitrary: decide },
      { weight: 6, arbitrary: update },
      { weight: 1, arbitrary: batch },
      { weight: 1, arbitrary: aggregate },
      { weight: 1, arbitrary: learn },
      { weight: 1, arbitrary: addArm },
      {
        weight: 1,
        arbitrary: arm.map(
          (name): Operation =>
            (bandit) =>
              bandit.removeArm(name),
        ),
      },
      {
        weight: 1,
        arbitrary: id.map(
          (from): Operation =>
            (bandit) =>
              bandit.forget(idOf(bandit, from)),
        ),
      },
      {
        weight: 2,
        arbitrary: fc.integer({ min: 0, max: 20 }).map(
          (ms): Operation =>
            (bandit, clock) => {
              clock.now += ms;
              return ms > 15 ? bandit.expire() : bandit.pending;
            },
        ),
      },
      {
        weight: 1,
        arbitrary: context.map(
          (x): Operation =>
            (bandit) =>
              bandit.estimate(x),
        ),
      },
    ),
    { minLength: count / 2, maxLength: count },
  );
}
