import {
  betaThompson,
  bootstrapped,
  hybridLinUcb,
  linGreedy,
  linThompson,
  linUcb,
  logisticThompson,
  logisticUcb,
  type Policy,
  squareCb,
  ucb1,
} from "@edgewright/bandit";
import type { ReferencePolicy } from "./reference-regrets.js";

/** A policy to play a problem with. */
export interface Contender {
  readonly name: string;
  /** Its column in the reference's table, where it has one. */
  readonly reference?: ReferencePolicy;
  /** Whether chance has a part in it, so that one run says little. */
  readonly sampled: boolean;
  /** Makes it, for so many features. */
  create(dimension: number, seed: number): Policy;
}

/** The policies of the reference's table. */
const OF_REFERENCE: readonly (Omit<Contender, "name"> & { readonly reference: ReferencePolicy })[] =
  [
    {
      ...{ reference: "LinUCB, alpha 1", sampled: false },
      create: (dimension) => linUcb({ dimension, alpha: 1 }),
    },
    {
      ...{ reference: "LinUCB, alpha 0.1", sampled: false },
      create: (dimension) => linUcb({ dimension, alpha: 0.1 }),
    },
    {
      ...{ reference: "LinGreedy, epsilon 0", sampled: false },
      create: (dimension) => linGreedy({ dimension, epsilon: 0 }),
    },
    {
      ...{ reference: "LinTS, alpha 0.1", sampled: true },
      create: (dimension) => linThompson({ dimension, alpha: 0.1 }),
    },
    {
      ...{ reference: "LinGreedy, epsilon 0.1", sampled: true },
      create: (dimension) => linGreedy({ dimension, epsilon: 0.1 }),
    },
    { reference: "UCB1", sampled: false, create: () => ucb1() },
    { reference: "Beta TS", sampled: true, create: () => betaThompson() },
  ];

/** All policies that are played, those of the reference first. */
export const CONTENDERS: readonly Contender[] = [
  ...OF_REFERENCE.map((one) => ({ ...one, name: one.reference })),
  {
    ...{ name: "hybrid LinUCB, alpha 0.1", sampled: false },
    create: (dimension) =>
      hybridLinUcb({
        ...{ contextDimension: dimension, armDimension: 1, alpha: 0.1 },
        joint: "concatenate",
      }),
  },
  {
    ...{ name: "SquareCB over linear regression", sampled: true },
    create: (dimension) => squareCb({ oracle: linGreedy({ dimension }) }),
  },
  {
    ...{ name: "logistic UCB, defaults", sampled: false },
    create: (dimension) => logisticUcb({ dimension }),
  },
  {
    ...{ name: "logistic TS, defaults", sampled: true },
    create: (dimension) => logisticThompson({ dimension }),
  },
  {
    ...{ name: "bootstrapped TS, 10 linear regressions", sampled: true },
    create: (dimension, seed) =>
      bootstrapped({ policy: () => linGreedy({ dimension, epsilon: 0 }), seed }),
  },
];
