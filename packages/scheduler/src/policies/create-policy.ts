import { EdgewrightError } from "@edgewright/core";
import { type DystaOptions, dysta, dystaNaive, dystaOracle } from "./dysta.js";
import { edf } from "./edf.js";
import { fcfs } from "./fcfs.js";
import { type GuardedSrptOptions, guardedSrpt } from "./guarded-srpt.js";
import { leastLaxity } from "./least-laxity.js";
import { type PlanariaOptions, planaria } from "./planaria.js";
import type { Policy } from "./policy.js";
import { type PremaOptions, prema, premaSparse } from "./prema.js";
import { type Sdrm3Options, sdrm3 } from "./sdrm3.js";
import { sjf, sjfSparse } from "./sjf.js";
import { type WeightedFairOptions, weightedFair } from "./weighted-fair.js";

/** What {@link createPolicy} knows by name. */
export type PolicyName =
  | "fcfs"
  | "sjf"
  | "sjf-sparse"
  | "edf"
  | "least-laxity"
  | "prema"
  | "prema-sparse"
  | "planaria"
  | "sdrm3"
  | "weighted-fair"
  | "dysta"
  | "dysta-naive"
  | "dysta-oracle"
  | "guarded-srpt";

/** Options of all policies: each takes its own and leaves the others. */
export interface PolicyOptions
  extends DystaOptions,
    GuardedSrptOptions,
    PremaOptions,
    PlanariaOptions,
    Sdrm3Options,
    WeightedFairOptions {}

/**
 * A policy by its name, for command lines and tables. A program that knows which one it wants imports that
 * policy's own function, and bundles no other.
 *
 * @example
 * const policy = createPolicy("dysta", { beta: 0.02 });
 *
 * @throws EdgewrightError `invalid-argument` for an unknown name
 */
export function createPolicy(name: PolicyName, options: PolicyOptions = {}): Policy {
  const known = makers();
  if (!Object.hasOwn(known, name)) {
    const names = policyNames().join(", ");
    throw new EdgewrightError(
      "invalid-argument",
      `createPolicy: no policy is named "${name}"; there are ${names}`,
    );
  }
  return known[name](options);
}

/** Names that {@link createPolicy} knows. */
export function policyNames(): PolicyName[] {
  return Object.keys(makers()) as PolicyName[];
}

function makers(): Record<PolicyName, (options: PolicyOptions) => Policy> {
  return {
    fcfs,
    sjf,
    "sjf-sparse": sjfSparse,
    edf,
    "least-laxity": leastLaxity,
    prema,
    "prema-sparse": premaSparse,
    planaria,
    sdrm3,
    "weighted-fair": weightedFair,
    dysta,
    "dysta-naive": dystaNaive,
    "dysta-oracle": dystaOracle,
    "guarded-srpt": guardedSrpt,
  };
}
