import { EdgewrightError, ShapeError } from "@edgewright/core";

/** Numbers of a log, one row after another; smaller types keep one-hot features of long logs small. */
export type LoggedNumbers = Float64Array | Float32Array | Uint8Array;

/**
 * A log of decisions with their rewards, as off-policy evaluation reads it: one row a decision. Made by
 * {@link createLoggedData} from arrays, {@link loggedDataFromLog} from a bandit's log, or {@link readOpenBandit}.
 */
export interface LoggedData {
  /** How many decisions. */
  readonly rows: number;
  /** Ids of all arms; elsewhere an arm is its place here, its slot. */
  readonly arms: readonly string[];
  /** Slots of the arms that stood for choice, by row; rows with the same arms may share one array. */
  readonly candidates: readonly Int32Array[];
  /** Place of the chosen arm among the row's candidates, [rows]. */
  readonly chosen: Int32Array;
  /** Finite, [rows]. */
  readonly rewards: Float64Array;
  /** Probability, above 0 and at most 1, with which each arm was chosen, [rows]; absent where nobody logged them. */
  readonly propensities?: Float64Array;
  /** Probability of every candidate, by row, where the log says so: shows what the log could never contain. */
  readonly loggingProbabilities?: readonly ArrayLike<number>[];
  readonly contextDimension: number;
  /** Features of the contexts, [rows, contextDimension]. */
  readonly contexts: LoggedNumbers;
  /** Features of every arm; 0 where there are none. */
  readonly armDimension: number;
  /** Features of the candidates by row, [candidates, armDimension] each; rows may share arrays. */
  readonly armFeatures?: readonly Float64Array[];
  /** Places in a slate; 1 where decisions are single. */
  readonly positionCount: number;
  /** Place from 0 in its slate that each decision filled, [rows]; absent where decisions are single. */
  readonly positions?: Int32Array;
}

/** What {@link createLoggedData} takes. */
export interface LoggedArrays {
  /** Ids of all arms, none twice. */
  readonly arms: readonly string[];
  /** The chosen arm of every row: its id, or its place in `arms`. */
  readonly chosen: ArrayLike<string | number>;
  /** Finite, at most 1e100 in size. */
  readonly rewards: ArrayLike<number>;
  /** Above 0 and at most 1. @default none: importance weighting is then impossible */
  readonly propensities?: ArrayLike<number>;
  /** Features of every row's context, all of the same length. @default none */
  readonly contexts?: ArrayLike<ArrayLike<number>>;
  /** Ids of the arms that stood for choice in every row, none twice. @default all arms in all rows */
  readonly candidates?: ArrayLike<readonly string[]>;
  /** Features of every arm, in the order of `arms`. @default none */
  readonly armFeatures?: ArrayLike<ArrayLike<number>>;
  /** Place from 0 in its slate that each decision filled. @default single decisions */
  readonly positions?: ArrayLike<number>;
}

/**
 * A log from plain arrays, checked.
 *
 * @throws EdgewrightError `invalid-argument` for a reward or a feature that is not finite, a reward beyond 1e100, a
 * propensity that is not above 0 and at most 1, or an unknown arm, each with its row
 * @throws ShapeError when lengths differ
 *
 * @example
 * const data = createLoggedData({
 *   arms: ["small", "large"],
 *   chosen: ["small", "large", "small", "large"],
 *   rewards: [0, 1, 1, 1],
 *   propensities: [0.5, 0.5, 0.5, 0.5],
 * });
 * console.log(ips(weighLog(data, fixedTarget({ large: 1 }))).value); // 1
 */
export function createLoggedData(input: LoggedArrays): LoggedData {
  const arms = [...input.arms];
  const rows = input.rewards.length;
  const slots = new Map(arms.map((arm, slot) => [arm, slot]));
  if (slots.size !== arms.length || arms.length === 0) {
    throw refusal(`at least one arm and none twice were expected, got [${arms.join(", ")}]`);
  }
  const checkLength = (name: string, values: ArrayLike<unknown> | undefined): void => {
    if (values !== undefined && values.length !== rows) {
      throw new ShapeError(
        `createLoggedData: as many ${name} as rewards (${rows}) were expected, got ${values.length}`,
      );
    }
  };
  for (const name of ["chosen", "propensities", "contexts", "candidates", "positions"] as const) {
    checkLength(name, input[name]);
  }
  const slotOf = (arm: string | number, row: number): number => {
    const slot = typeof arm === "number" ? arm : slots.get(arm);
    if (slot === undefined || arms[slot] === undefined) {
      throw refusal(`row ${row}: one of the arms ${arms.join(", ")} was expected, got ${arm}`);
    }
    return slot;
  };
  const all = Int32Array.from(arms, (_, slot) => slot);
  const candidates = Array.from({ length: rows }, (_, row) =>
    input.candidates
      ? Int32Array.from(input.candidates[row]!, (arm: string) => slotOf(arm, row))
      : all,
  );
  const chosen = new Int32Array(rows);
  for (let row = 0; row < rows; row++) {
    const slot = slotOf(input.chosen[row]!, row);
    if (input.candidates && new Set(candidates[row]).size < candidates[row]!.length) {
      throw refusal(
        `row ${row}: candidates none twice were expected, got ${input.candidates[row]!.join(", ")}`,
      );
    }
    chosen[row] = candidates[row]!.indexOf(slot);
    if (chosen[row]! < 0) {
      throw refusal(`row ${row}: the chosen arm ${arms[slot]} is not among the row's candidates`);
    }
  }
  const contexts = flatten("contexts", input.contexts);
  const ofArms = flatten("armFeatures", input.armFeatures);
  if (input.armFeatures && input.armFeatures.length !== arms.length) {
    throw new ShapeError(
      `createLoggedData: armFeatures for ${arms.length} arms were expected, got ${input.armFeatures.length}`,
    );
  }
  const positions =
    input.positions &&
    Int32Array.from(input.positions, (position: number, row) => {
      if (Number.isInteger(position) && position >= 0 && position <= LAST_POSITION) return position;
      throw refusal(
        `row ${row}: a whole position from 0 to ${LAST_POSITION} was expected, got ${position}`,
      );
    });
  return checkLoggedData("createLoggedData", {
    rows,
    arms,
    candidates,
    chosen,
    rewards: Float64Array.from(input.rewards),
    ...(input.propensities && { propensities: Float64Array.from(input.propensities) }),
    contextDimension: contexts.width,
    contexts: contexts.values,
    armDimension: ofArms.width,
    ...(ofArms.width > 0 && {
      armFeatures: candidates.map((own) =>
        own === all ? ofArms.values : pickRows(ofArms.values, ofArms.width, own),
      ),
    }),
    positionCount: positions ? positions.reduce((most, one) => Math.max(most, one + 1), 1) : 1,
    ...(positions && { positions }),
  });
}

/** Positions are kept in 32 bits. */
const LAST_POSITION = 2 ** 31 - 2;
/** Sums of squares of larger rewards, some of them weighted, leave the range of doubles. */
const LARGEST_REWARD = 1e100;

/** Refuses numbers that no estimate can be made from; lengths are taken to be right. */
export function checkLoggedData(where: string, data: LoggedData): LoggedData {
  const { rows, rewards, propensities } = data;
  const refuse = (row: number, wanted: string, came: number): EdgewrightError =>
    refusal(`row ${row}: ${wanted} was expected, got ${came}; leave the row out or mend it`, where);
  if (rows === 0) throw refusal("at least one row was expected, got none", where);
  for (let row = 0; row < rows; row++) {
    if (!Number.isFinite(rewards[row])) throw refuse(row, "a finite reward", rewards[row]!);
    if (Math.abs(rewards[row]!) > LARGEST_REWARD) {
      throw refuse(row, `a reward of at most ${LARGEST_REWARD}`, rewards[row]!);
    }
    if (propensities && !(propensities[row]! > 0 && propensities[row]! <= 1)) {
      throw refuse(row, "a propensity above 0 and at most 1", propensities[row]!);
    }
  }
  for (let i = 0; i < data.contexts.length; i++) {
    if (Number.isFinite(data.contexts[i])) continue;
    throw refuse(
      Math.floor(i / data.contextDimension),
      "finite context features",
      data.contexts[i]!,
    );
  }
  const seen = new Set<Float64Array>();
  data.armFeatures?.forEach((features, row) => {
    if (seen.has(features)) return;
    seen.add(features);
    const wrong = features.find((value) => !Number.isFinite(value));
    if (wrong !== undefined) throw refuse(row, "finite features of arms", wrong);
  });
  return data;
}

/**
 * The rows that satisfy a condition, as a log of their own: one position of a slate, one user group, one day.
 *
 * @throws EdgewrightError `invalid-argument` when no row does
 */
export function selectRows(data: LoggedData, keep: (row: number) => boolean): LoggedData {
  const kept = Int32Array.from(Array.from({ length: data.rows }, (_, row) => row).filter(keep));
  if (kept.length === 0) throw refusal("no row satisfies the condition", "selectRows");
  const pick = <T>(list: readonly T[]): T[] => Array.from(kept, (row) => list[row]!);
  const { contextDimension: d, contexts } = data;
  const Contexts = contexts.constructor as new (length: number) => LoggedNumbers;
  const ownContexts = new Contexts(kept.length * d);
  kept.forEach((row, i) => {
    ownContexts.set(contexts.subarray(row * d, (row + 1) * d), i * d);
  });
  return {
    ...data,
    rows: kept.length,
    candidates: pick(data.candidates),
    chosen: kept.map((row) => data.chosen[row]!),
    rewards: Float64Array.from(kept, (row) => data.rewards[row]!),
    contexts: ownContexts,
    ...(data.propensities && {
      propensities: Float64Array.from(kept, (row) => data.propensities![row]!),
    }),
    ...(data.loggingProbabilities && { loggingProbabilities: pick(data.loggingProbabilities) }),
    ...(data.armFeatures && { armFeatures: pick(data.armFeatures) }),
    ...(data.positions && { positions: kept.map((row) => data.positions![row]!) }),
  };
}

function flatten(
  name: string,
  list: ArrayLike<ArrayLike<number>> | undefined,
): { values: Float64Array; width: number } {
  const width = list?.[0]?.length ?? 0;
  const values = new Float64Array((list?.length ?? 0) * width);
  for (let i = 0; list && i < list.length; i++) {
    if (list[i]!.length !== width) {
      throw new ShapeError(
        `createLoggedData: ${name} of one length (${width}) were expected, got ${list[i]!.length} at ${i}`,
      );
    }
    values.set(list[i]!, i * width);
  }
  return { values, width };
}

function pickRows(values: Float64Array, width: number, places: Int32Array): Float64Array {
  const picked = new Float64Array(places.length * width);
  places.forEach((place, i) => {
    picked.set(values.subarray(place * width, (place + 1) * width), i * width);
  });
  return picked;
}

function refusal(message: string, where = "createLoggedData"): EdgewrightError {
  return new EdgewrightError("invalid-argument", `${where}: ${message}`);
}
