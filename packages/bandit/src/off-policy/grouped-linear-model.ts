import type { LoggedData } from "./logged-data.js";
import type { FittedRewardModel } from "./reward-model.js";

/** What the linear reward models look at; see {@link ridgeRewardModel} and {@link logisticRewardModel}. */
export interface LinearRewardModelOptions {
  /**
   * One model over all arms, which learns faster, or one for each, which lets contexts matter differently.
   *
   * @default "joint"
   */
  readonly arms?: "joint" | "separate";
  /**
   * How a joint model knows arms: by a weight of their own, by their features, or by both.
   *
   * @default "both" where the log has features of arms, else "one-hot"
   */
  readonly armTerms?: "one-hot" | "features" | "both";
  /** Whether every position of a slate has a model of its own. @default true */
  readonly perPosition?: boolean;
}

/** Rows of a sparse design matrix with what was observed; the first column, always 1, is the intercept. */
export interface DesignRows {
  readonly columns: number;
  /** Where the columns of the arms begin, of which each row has one at most, with the value 1. */
  readonly armStart: number;
  /** How many columns the arms have; 0 where arms have none of their own. */
  readonly arms: number;
  /** Where each row's entries begin, [rows + 1]. */
  readonly starts: Int32Array;
  /** Columns of the entries other than 0, ascending in a row. */
  readonly places: Int32Array;
  readonly values: Float64Array;
  /** [rows] */
  readonly rewards: Float64Array;
}

/** Finds the coefficients, [columns], of one group of rows. */
type LinearSolver = (design: DesignRows) => Float64Array;

/**
 * Fits linear models to the rows of a log, one for every position and, where asked, for every arm.
 *
 * @param link turns what is linear into a mean reward
 */
export function fitLinearGroups(
  data: LoggedData,
  rows: Int32Array,
  options: LinearRewardModelOptions,
  solve: LinearSolver,
  link: (linear: number) => number,
): FittedRewardModel {
  const layout = layOut(data, options);
  const members = new Map<number, number[]>();
  let total = 0;
  for (const row of rows) {
    const group = layout.groupOf(data, row, data.chosen[row]!);
    const list = members.get(group);
    if (list) list.push(row);
    else members.set(group, [row]);
    total += data.rewards[row]!;
  }
  // Where nothing was seen, the mean of all is the least surprising guess.
  const fallback = total / rows.length;
  const models = new Map<number, Float64Array>();
  for (const [group, own] of members) models.set(group, solve(gatherDesign(data, own, layout)));
  return {
    predict(other, row, out) {
      const count = other.candidates[row]!.length;
      let lastGroup = -1;
      let shared = 0;
      for (let place = 0; place < count; place++) {
        const group = layout.groupOf(other, row, place);
        const coefficients = models.get(group);
        if (!coefficients) {
          out[place] = fallback;
          continue;
        }
        // What belongs to the context is the same for all arms of a group.
        if (group !== lastGroup) shared = contextPart(other, row, coefficients);
        lastGroup = group;
        out[place] = link(shared + layout.armPart(other, row, place, coefficients));
      }
    },
  };
}

interface Layout {
  readonly columns: number;
  groupOf(data: LoggedData, row: number, place: number): number;
  armPart(data: LoggedData, row: number, place: number, coefficients: Float64Array): number;
  readonly oneHotStart: number;
  readonly featureStart: number;
  readonly features: number;
}

// Columns: the intercept, the context, then arms one-hot and features of arms where they are looked at.
function layOut(data: LoggedData, options: LinearRewardModelOptions): Layout {
  const { arms = "joint", perPosition = true } = options;
  const { armTerms = data.armDimension > 0 ? "both" : "one-hot" } = options;
  const separate = arms === "separate";
  const oneHot = !separate && armTerms !== "features";
  const features = armTerms === "one-hot" ? 0 : data.armDimension;
  const oneHotStart = oneHot ? 1 + data.contextDimension : -1;
  const featureStart = 1 + data.contextDimension + (oneHot ? data.arms.length : 0);
  return {
    columns: featureStart + features,
    oneHotStart,
    featureStart,
    features,
    groupOf(other, row, place) {
      const position = perPosition ? (other.positions?.[row] ?? 0) : 0;
      return separate ? position * other.arms.length + other.candidates[row]![place]! : position;
    },
    armPart(other, row, place, coefficients) {
      let sum = oneHot ? coefficients[oneHotStart + other.candidates[row]![place]!]! : 0;
      const own = other.armFeatures?.[row];
      for (let f = 0; own && f < features; f++) {
        sum += own[place * features + f]! * coefficients[featureStart + f]!;
      }
      return sum;
    },
  };
}

function contextPart(data: LoggedData, row: number, coefficients: Float64Array): number {
  const { contexts, contextDimension: d } = data;
  let sum = coefficients[0]!;
  for (let j = 0; j < d; j++) sum += contexts[row * d + j]! * coefficients[1 + j]!;
  return sum;
}

function gatherDesign(data: LoggedData, rows: readonly number[], layout: Layout): DesignRows {
  const { contexts, contextDimension: d } = data;
  const visit = (row: number, put: (column: number, value: number) => void): void => {
    const place = data.chosen[row]!;
    put(0, 1);
    for (let j = 0; j < d; j++) {
      const value = contexts[row * d + j]!;
      if (value !== 0) put(1 + j, value);
    }
    if (layout.oneHotStart >= 0) put(layout.oneHotStart + data.candidates[row]![place]!, 1);
    for (let f = 0; f < layout.features; f++) {
      const value = data.armFeatures![row]![place * layout.features + f]!;
      if (value !== 0) put(layout.featureStart + f, value);
    }
  };
  // Counted first: lists that grow take several times the memory of what long logs hold.
  const starts = new Int32Array(rows.length + 1);
  let count = 0;
  rows.forEach((row, i) => {
    visit(row, () => count++);
    starts[i + 1] = count;
  });
  const places = new Int32Array(count);
  const values = new Float64Array(count);
  let at = 0;
  for (const row of rows) {
    visit(row, (column, value) => {
      places[at] = column;
      values[at++] = value;
    });
  }
  return {
    columns: layout.columns,
    armStart: layout.oneHotStart < 0 ? layout.featureStart : layout.oneHotStart,
    arms: layout.oneHotStart < 0 ? 0 : data.arms.length,
    starts,
    places,
    values,
    rewards: Float64Array.from(rows, (row) => data.rewards[row]!),
  };
}
