import type { ErrorMetric } from "./error-metric.js";

/**
 * The levels that columns may take: choice i of column k (in the metric's order) stands for
 * `table[starts[k] + i]`. A rounding scheme is this and nothing else.
 */
export interface LevelChoice {
  /** Choices of every column. */
  readonly count: number;
  readonly table: Float64Array;
  /** [size] */
  readonly starts: Uint32Array;
}

/** Finds a choice for every column of a row. */
export interface LevelChooser {
  /** [size], by the metric's order: the choices of the last call. */
  readonly choices: Uint8Array;
  /** [size]: what the row loses by them, weight minus level. */
  readonly error: Float64Array;
  /**
   * Chooses levels for a row of weights given in the metric's order: nearest levels with feedback of the errors
   * made so far, or plainly nearest levels where those cost less; then column by column while that lowers the cost
   * `e H e^T`.
   */
  choose(weights: Float64Array, levels: LevelChoice): void;
  /** Takes other levels for the same choices and then changes choices while that lowers the cost. */
  improve(weights: Float64Array, levels: LevelChoice): void;
}

/** Passes over the columns; most rows stand still after two or three. */
const PASSES = 4;

/** Makes a chooser for rows that share a metric. */
export function createLevelChooser(metric: ErrorMetric): LevelChooser {
  const { size, moments, feedback } = metric;
  const choices = new Uint8Array(size);
  const error = new Float64Array(size);
  const plain = new Uint8Array(size);
  const plainError = new Float64Array(size);
  const pull = new Float64Array(size);

  const nearest = (target: number, k: number, { count, table, starts }: LevelChoice): number => {
    const start = starts[k]!;
    let best = 0;
    let distance = Math.abs(target - table[start]!);
    for (let choice = 1; choice < count; choice++) {
      const away = Math.abs(target - table[start + choice]!);
      if (away >= distance) continue;
      distance = away;
      best = choice;
    }
    return best;
  };

  const settle = (weights: Float64Array, { table, starts }: LevelChoice): void => {
    for (let k = 0; k < size; k++) error[k] = weights[k]! - table[starts[k]! + choices[k]!]!;
  };

  // What the errors of all columns pull at each: H e. @returns the cost, e H e^T
  const findPull = (errors: Float64Array): number => {
    let cost = 0;
    for (let row = 0; row < size; row++) {
      const from = row * size;
      let sum = 0;
      for (let col = 0; col < size; col++) sum += moments[from + col]! * errors[col]!;
      pull[row] = sum;
      cost += errors[row]! * sum;
    }
    return cost;
  };

  // One column at a time: with the others fixed, the best level is the one nearest to where the gradient vanishes.
  const descend = (weights: Float64Array, levels: LevelChoice): void => {
    for (let pass = 0; pass < PASSES; pass++) {
      let changed = false;
      for (let k = 0; k < size; k++) {
        const curvature = moments[k * size + k]!;
        const target = weights[k]! - error[k]! + pull[k]! / curvature;
        const choice = nearest(target, k, levels);
        if (choice === choices[k]) continue;
        const before = Math.abs(target - (weights[k]! - error[k]!));
        const after = weights[k]! - levels.table[levels.starts[k]! + choice]!;
        if (Math.abs(target - levels.table[levels.starts[k]! + choice]!) >= before * (1 - 1e-9))
          continue;
        const change = after - error[k]!;
        for (let col = 0; col < size; col++) pull[col]! += change * moments[k * size + col]!;
        choices[k] = choice;
        error[k] = after;
        changed = true;
      }
      if (!changed) break;
    }
  };

  return {
    choices,
    error,
    choose(weights, levels) {
      for (let k = 0; k < size; k++) {
        let owed = 0;
        for (let j = 0; j < k; j++) owed += feedback[k * size + j]! * error[j]!;
        choices[k] = nearest(weights[k]! + owed, k, levels);
        error[k] = weights[k]! - levels.table[levels.starts[k]! + choices[k]!]!;
        plain[k] = nearest(weights[k]!, k, levels);
        plainError[k] = weights[k]! - levels.table[levels.starts[k]! + plain[k]!]!;
      }
      // The pull that is left in place must be that of the errors that are kept.
      const plainCost = findPull(plainError);
      if (plainCost < findPull(error)) {
        choices.set(plain);
        error.set(plainError);
        findPull(error);
      }
      descend(weights, levels);
    },
    improve(weights, levels) {
      settle(weights, levels);
      findPull(error);
      descend(weights, levels);
    },
  };
}
