import { createRng, createTurnTaker, EdgewrightError, throwIfAborted } from "@edgewright/core";
import type { Bandit } from "../../bandit/bandit.js";
import { type DrawRatingOptions, drawRating } from "../utility/draw-rating.js";
import { checkFeedbackScheme, type FeedbackScheme } from "./feedback-scheme.js";
import { fitGrowthExponent } from "./growth-exponent.js";
import { playBandit, type QoePlayer } from "./qoe-player.js";
import type { QoeWorld } from "./qoe-world.js";
import {
  createRegretCurve,
  type MeanWithBand,
  meanWithBand,
  type RegretCurve,
} from "./regret-curve.js";

/** What a contender is made from, anew for every seed. */
export interface QoeSetup {
  readonly world: QoeWorld;
  readonly seed: number;
  /** Ids of the arms, for `createBandit`. */
  readonly arms: readonly string[];
  /** Features of the context that {@link QoeWorld.context} gives. */
  readonly contextDimension: number;
  /** Features of every arm that {@link QoeWorld.offer} gives. */
  readonly armDimension: number;
}

/**
 * Makes a contender: a bandit, which is given what its policy looks at, or any other {@link QoePlayer}. A policy that
 * has a `dispose`, as the neural ones have, is disposed of after the run.
 */
export type QoeContender = (
  setup: QoeSetup,
) => Bandit<string> | QoePlayer | Promise<Bandit<string> | QoePlayer>;

/** Options of {@link simulateQoe}. */
export interface SimulateQoeOptions {
  /** The world, or one for every seed. */
  readonly world: QoeWorld | ((seed: number) => QoeWorld);
  /** Who chooses, by name: {@link randomPlayer} and its like beside bandits. */
  readonly contenders: Readonly<Record<string, QoeContender>>;
  /** @default 2000 */
  readonly rounds?: number;
  /** Every contender plays once for every seed, all on the same users, devices and noise. @default 0 to 9 */
  readonly seeds?: readonly number[];
  /** @default every choice is rated at once */
  readonly feedback?: FeedbackScheme;
  /** How users rate. @default a score with noise of standard deviation 0.05, kept from 0 to 1 */
  readonly rating?: DrawRatingOptions;
  /** Rounds over which regret per round is taken. @default a tenth of all */
  readonly window?: number;
  /** Points of every curve, at most. @default 200 */
  readonly points?: number;
  /** Called after every run. */
  readonly onProgress?: (progress: QoeProgress) => void;
  /** Stops the simulation. */
  readonly signal?: AbortSignal;
}

/** How far {@link simulateQoe} has come. */
export interface QoeProgress {
  readonly contender: string;
  readonly seed: number;
  /** Runs done, of all contenders and seeds. */
  readonly done: number;
  readonly total: number;
}

/** How a contender did. */
export interface QoeResult {
  readonly name: string;
  /** Cumulative pseudo-regret: what the best arm for each user and device was expected to earn more, summed. */
  readonly regret: RegretCurve;
  /** Regret per round over the last {@link SimulateQoeOptions.window} rounds before each point. */
  readonly regretPerRound: RegretCurve;
  /** Regret per round over the last window of the run. */
  readonly finalRegretPerRound: MeanWithBand;
  /** Mean expected quality of experience over all rounds. */
  readonly qoe: MeanWithBand;
  /** Ratings that users gave, as a share of the rounds. */
  readonly ratedShare: MeanWithBand;
  /** {@link fitGrowthExponent} of the mean curve; NaN where there is no regret. */
  readonly exponent: number;
  /** The growth exponents of the runs, with a band. */
  readonly exponents: MeanWithBand;
  /** Mean expected quality of experience of every run, in the order of the seeds. */
  readonly qoeOfRuns: readonly number[];
  /** Final regret per round of every run. */
  readonly finalRegretOfRuns: readonly number[];
}

/**
 * Lets contenders choose models in a world of users and devices, and says how much quality of experience each misses.
 * In every round somebody asks on some device, each pair being as likely; what contenders do not know of them is in the
 * rating alone. Deterministic for the seeds.
 *
 * Simulated in the style of Lu, Yang, Chen and Ren (2019), whose own simulation is not public.
 *
 * @example
 * import { createBandit, sharedLinUcb } from "@edgewright/bandit";
 * import { createQoeWorld, randomPlayer, simulateQoe, USER_TYPES } from "@edgewright/bandit/qoe";
 *
 * // Two models on a slow and a fast device; importDeviceTable of @edgewright/device-bench reads real ones.
 * const profile = (name: string, small: number, large: number) => ({
 *   ...({ version: 1, device: { name }, coRuns: [] } as const),
 *   engines: [{ id: "cpu", runtime: "ncnn", unit: "cpu" } as const],
 *   measurements: Object.entries({ small, large }).map(([model, mean]) => ({
 *     ...({ model, precision: "fp32", engine: "cpu", kind: "published" } as const),
 *     latencyMs: { mean },
 *   })),
 * });
 * const variant = (model: string, value: number) =>
 *   ({ task: "classify", model, precision: "fp32", accuracy: { metric: "top1", value } }) as const;
 * const results = await simulateQoe({
 *   world: createQoeWorld({
 *     profiles: [profile("slow", 30, 300), profile("fast", 1, 5)],
 *     variants: [variant("small", 68), variant("large", 78)],
 *     users: Object.values(USER_TYPES),
 *   }),
 *   contenders: {
 *     random: ({ world, seed }) => randomPlayer(world, seed),
 *     LinUCB: ({ arms, seed, contextDimension, armDimension }) =>
 *       createBandit({ policy: sharedLinUcb({ contextDimension, armDimension }), arms, seed }),
 *   },
 *   rounds: 300,
 * });
 * for (const { name, regret } of results) console.log(name, regret.mean.at(-1));
 *
 * @throws EdgewrightError `invalid-argument` for rounds, seeds or feedback that make no sense
 * @throws AbortError when the signal fires
 */
export async function simulateQoe(options: SimulateQoeOptions): Promise<QoeResult[]> {
  const { world, contenders, rounds = 2000, seeds = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] } = options;
  const { feedback = { kind: "full" }, rating = {}, points = 200 } = options;
  const { window = Math.max(1, Math.round(rounds / 10)), onProgress, signal } = options;
  const counts = { rounds, window, points, "number of seeds": seeds.length };
  for (const [name, count] of Object.entries(counts)) {
    if (Number.isSafeInteger(count) && count > 0) continue;
    throw new EdgewrightError(
      "invalid-argument",
      `simulateQoe: a whole ${name} above 0 was expected, got ${count}`,
    );
  }
  checkFeedbackScheme(feedback, "simulateQoe");

  const names = Object.keys(contenders);
  const runs = new Map<string, QoeRun[]>(names.map((name) => [name, []]));
  const takeTurn = createTurnTaker();
  let done = 0;
  for (const seed of seeds) {
    const seedWorld = typeof world === "function" ? world(seed) : world;
    for (const name of names) {
      const { arms, contextDimension, armDimension } = seedWorld;
      const setup = { world: seedWorld, seed, arms, contextDimension, armDimension };
      const made = await contenders[name]!(setup);
      const player = "decide" in made ? playBandit(made, seedWorld) : made;
      const run = startRun(seedWorld, player, { rounds, seed, feedback, rating });
      try {
        for (let round = 0; round < rounds; round++) {
          run.play(round);
          await takeTurn();
          throwIfAborted(signal, "simulateQoe");
        }
      } finally {
        player.dispose?.();
      }
      runs.get(name)!.push(run);
      onProgress?.({ contender: name, seed, done: ++done, total: seeds.length * names.length });
    }
  }
  return names.map((name) => summarize(name, runs.get(name)!, { rounds, window, points }));
}

interface RunOptions {
  readonly rounds: number;
  readonly seed: number;
  readonly feedback: FeedbackScheme;
  readonly rating: DrawRatingOptions;
}

interface QoeRun {
  /** Pseudo-regret of every round. */
  readonly regret: Float64Array;
  /** Expected quality of experience of every round. */
  readonly qoe: Float64Array;
  readonly rated: number;
  play(round: number): void;
}

function startRun(world: QoeWorld, player: QoePlayer, options: RunOptions): QoeRun {
  const { rounds, seed, feedback, rating } = options;
  // One stream each for who asks, for the ratings and for the scheme: every contender meets the same ones.
  const root = createRng(seed);
  const [arrivals, noise, luck] = [root.split(), root.split(), root.split()];
  const regret = new Float64Array(rounds);
  const qoe = new Float64Array(rounds);
  const late = new Map<number, { id: string; value: number }[]>();
  let group: { id: string | undefined; expected: number }[] = [];
  let rated = 0;
  let [user, device] = [0, 0];

  const give = (id: string | undefined, value: number): void => {
    rated++;
    if (id !== undefined) player.rate?.(id, value);
  };
  return {
    regret,
    qoe,
    get rated() {
      return rated;
    },
    play(round) {
      // Who rates several choices together made them all.
      if (feedback.kind !== "aggregated" || group.length === 0) {
        user = arrivals.integer(0, world.users.length);
        device = arrivals.integer(0, world.profiles.length);
      }
      const { arm, id, asked = true } = player.choose(user, device);
      const expected = world.expectedQoe(user, device, arm);
      qoe[round] = expected;
      regret[round] = world.expectedQoe(user, device, world.bestArm(user, device)) - expected;
      const roundNoise = noise.split();
      const chance = luck.uniform();
      switch (feedback.kind) {
        case "full":
          give(id, drawRating(expected, roundNoise, rating));
          break;
        case "solicited":
          if (asked) give(id, drawRating(expected, roundNoise, rating));
          break;
        case "sparse":
          if (chance < feedback.share) give(id, drawRating(expected, roundNoise, rating));
          break;
        case "delayed": {
          const due = round + Math.floor(chance * (2 * feedback.meanRounds + 1));
          const value = drawRating(expected, roundNoise, rating);
          if (id !== undefined) late.set(due, [...(late.get(due) ?? []), { id, value }]);
          for (const { id: old, value: rating } of late.get(round) ?? []) give(old, rating);
          late.delete(round);
          break;
        }
        case "aggregated": {
          group.push({ id, expected });
          if (group.length < feedback.size) break;
          const mean = group.reduce((sum, choice) => sum + choice.expected, 0) / group.length;
          const value = drawRating(mean, roundNoise, rating);
          player.rateTogether?.(
            group.flatMap((choice) => choice.id ?? []),
            value,
          );
          rated++;
          group = [];
        }
      }
    },
  };
}

function summarize(
  name: string,
  runs: readonly QoeRun[],
  { rounds, window, points }: { rounds: number; window: number; points: number },
): QoeResult {
  const count = Math.min(points, rounds);
  const at = Array.from({ length: count }, (_, i) => Math.round(((i + 1) * rounds) / count));
  const cumulative = runs.map(({ regret }) => {
    let sum = 0;
    const sums = [0, ...Array.from(regret, (value) => (sum += value))];
    return sums;
  });
  const totals = cumulative.map((sums) => at.map((round) => sums[round]!));
  const perRound = cumulative.map((sums) =>
    at.map((round) => {
      const length = Math.min(window, round);
      return (sums[round]! - sums[round - length]!) / length;
    }),
  );
  const qoeOfRuns = runs.map(({ qoe }) => qoe.reduce((sum, value) => sum + value, 0) / rounds);
  const finalRegretOfRuns = perRound.map((values) => values.at(-1)!);
  const regret = createRegretCurve(name, at, totals);
  return {
    name,
    regret,
    regretPerRound: createRegretCurve(name, at, perRound),
    finalRegretPerRound: meanWithBand(finalRegretOfRuns),
    qoe: meanWithBand(qoeOfRuns),
    ratedShare: meanWithBand(runs.map(({ rated }) => rated / rounds)),
    exponent: exponentOf(at, regret.mean),
    exponents: meanWithBand(totals.map((values) => exponentOf(at, values))),
    qoeOfRuns,
    finalRegretOfRuns,
  };
}

function exponentOf(rounds: readonly number[], regret: readonly number[]): number {
  return regret.length > 1 && regret.at(-2)! > 0 ? fitGrowthExponent(rounds, regret) : Number.NaN;
}
