import { gaussNodes, gaussWeights, integralsToNodes } from "../../policy/gauss-legendre.js";
import { incompleteBeta, logBetaPeak } from "./incomplete-beta.js";

/** Says which of some Beta variables is likely the largest. */
export interface BestBetaArm {
  /**
   * Probabilities with which each of `count` independent Beta(a, b) variables is the largest; absolute errors stay
   * below 1e-6, or 1e-7 for every variable where there are more than ten, and the sum is 1 up to rounding. Of a variable whose parameters both are above 1e8, both are taken
   * smaller until one is 1e8: of so many examples the rest would change nothing that matters.
   *
   * @param a above 0, [count]
   * @param b above 0, [count]
   */
  probabilities(a: Float64Array, b: Float64Array, count: number, out: Float64Array): void;
}

/**
 * Works out which of some Beta variables is the largest: P(i) is the integral of f_i times the product of all other
 * F_j.
 *
 * Over u = ln(x / (1 - x)) every Beta density is smooth and falls off exponentially, also where it has poles at 0 and
 * 1 over x. Gauss and Legendre's rule goes over panels some deviations wide; the distribution functions are
 * integrated along with the densities, one exponential for each arm and node, from where the incomplete beta function
 * says they are at the start.
 */
export function createBestBetaArm(): BestBetaArm {
  const toNodes = integralsToNodes();
  const nodes = gaussNodes.length;
  const logRises = new Float64Array(nodes);
  const logFalls = new Float64Array(nodes);
  // One arm changes from a decision to the next: what was worked out of the others is still good.
  const known: BetaArm[] = [];

  return {
    probabilities(a, b, count, out) {
      out.fill(0, 0, count);
      if (count === 1) {
        out[0] = 1;
        return;
      }
      // The largest variable is hardly ever below the highest of the variables' lower ends.
      let start = -Infinity;
      let grid = 1;
      for (let i = 0; i < count; i++) {
        let arm = known[i];
        if (!arm || arm.givenA !== a[i] || arm.givenB !== b[i]) {
          arm = describeArm(i, a[i]!, b[i]!, nodes);
          known[i] = arm;
        }
        if (arm.low > start) {
          start = arm.low;
          grid = 2 ** Math.floor(Math.log2(arm.panel));
        }
      }
      // From a point of a grid, which stays the same for many decisions, and with it the distribution functions there.
      start = Math.floor(start / grid) * grid;
      const arms: BetaArm[] = [];
      for (let i = 0; i < count; i++) {
        const arm = known[i]!;
        if (arm.high <= start) continue;
        if (arm.start !== start) {
          arm.start = start;
          arm.belowStart = incompleteBeta(
            1 / (1 + Math.exp(-start)),
            arm.a,
            arm.b,
            1 / (1 + Math.exp(start)),
          );
        }
        arm.below0 = arm.belowStart;
        arms.push(arm);
      }
      let active = arms;
      let sum = 0;
      while (active.length > 0) {
        let width = Infinity;
        for (const arm of active) if (arm.panel < width) width = arm.panel;
        const half = width / 2;
        for (let n = 0; n < nodes; n++) {
          const u = start + half * (1 + gaussNodes[n]!);
          logRises[n] = -softplus(-u);
          logFalls[n] = -softplus(u);
        }
        for (const arm of active) {
          const { densities, below } = arm;
          for (let n = 0; n < nodes; n++) {
            densities[n] = Math.exp(
              arm.logPeak +
                arm.a * (logRises[n]! - arm.logRise) +
                arm.b * (logFalls[n]! - arm.logFall),
            );
          }
          for (let n = 0; n < nodes; n++) {
            let integral = 0;
            for (let m = 0; m < nodes; m++) integral += toNodes[n * nodes + m]! * densities[m]!;
            below[n] = Math.max(TINY, arm.below0 + half * integral);
          }
        }
        for (let n = 0; n < nodes; n++) {
          let product = half * gaussWeights[n]!;
          for (const arm of active) product *= arm.below[n]!;
          if (product === 0) continue;
          for (const arm of active) {
            out[arm.index]! += (product * arm.densities[n]!) / arm.below[n]!;
          }
        }
        start += width;
        for (const arm of active) {
          let integral = 0;
          for (let n = 0; n < nodes; n++) integral += gaussWeights[n]! * arm.densities[n]!;
          arm.below0 += half * integral;
        }
        active = active.filter((arm) => arm.high > start);
      }
      for (let i = 0; i < count; i++) sum += out[i]!;
      for (let i = 0; i < count; i++) out[i]! /= sum;
    },
  };
}

interface BetaArm {
  readonly index: number;
  /** Parameters as they were given, and as they are used. */
  readonly givenA: number;
  readonly givenB: number;
  readonly a: number;
  readonly b: number;
  /** Logarithm of the density over u at the mean, and ln x and ln(1 - x) there. */
  readonly logPeak: number;
  readonly logRise: number;
  readonly logFall: number;
  /** Where the variable hardly ever is below, and above. */
  readonly low: number;
  readonly high: number;
  /** Widest panel on which the density is integrated well. */
  readonly panel: number;
  /** Where integration began last, and the distribution function there. */
  start: number;
  belowStart: number;
  /** Distribution function at the start of the panel. */
  below0: number;
  readonly densities: Float64Array;
  readonly below: Float64Array;
}

function describeArm(index: number, givenA: number, givenB: number, nodes: number): BetaArm {
  const share = Math.min(1, MOST_SURE / Math.min(givenA, givenB));
  const a = share * givenA;
  const b = share * givenB;
  return {
    index,
    givenA,
    givenB,
    a,
    b,
    logPeak: logBetaPeak(a, b),
    logRise: Math.log(a / (a + b)),
    logFall: Math.log(b / (a + b)),
    low: levelBelowPeak(a, b, -1),
    high: levelBelowPeak(a, b, 1),
    // Poles of the logistic function, pi off the real line, bound the width for flat densities.
    panel: Math.min(4, 2.5 * Math.sqrt(1 / a + 1 / b)),
    start: Number.NaN,
    belowStart: 0,
    below0: 0,
    densities: new Float64Array(nodes),
    below: new Float64Array(nodes),
  };
}

/**
 * Where the density over u has fallen to exp(-LEVEL) of its peak, to the left (side -1) or right (side 1).
 *
 * The logarithm of the density is concave, so Newton's method comes in without overshooting from where the line that
 * it approaches far out has fallen that far.
 */
function levelBelowPeak(a: number, b: number, side: -1 | 1): number {
  // The right side is the left one of the mirrored variable.
  const rise = side < 0 ? a : b;
  const fall = side < 0 ? b : a;
  const peak = rise * Math.log(rise / (rise + fall)) + fall * Math.log(fall / (rise + fall));
  let u = (peak - LEVEL) / rise;
  for (let step = 0; step < 50; step++) {
    const excess = rise * u - (rise + fall) * softplus(u) - peak + LEVEL;
    const slope = rise - (rise + fall) / (1 + Math.exp(-u));
    const next = u - excess / slope;
    if (!(next > u)) break; // arrived, or as near as rounding lets it
    const arrived = next - u < 1e-3 * Math.sqrt(1 / a + 1 / b);
    u = next;
    if (arrived) break;
  }
  return side < 0 ? u : -u;
}

/** ln(1 + exp(u)). */
function softplus(u: number): number {
  return u > 0 ? u + Math.log1p(Math.exp(-u)) : Math.log1p(Math.exp(u));
}

/** Leaves out less than 1e-7 of a variable. */
const LEVEL = 17;
/** Surer variables need more terms of the continued fraction than are summed, and in the end steps beyond rounding. */
const MOST_SURE = 1e8;
/** In place of what rounding takes below 0. */
const TINY = 1e-300;
