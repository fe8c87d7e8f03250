import { askWhenUnsure, createBandit, sharedLinUcb, ucb1 } from "@edgewright/bandit";
import {
  bestSinglePlayer,
  createQoeWorld,
  deviceOraclePlayer,
  drawUser,
  metricInteractions,
  oraclePlayer,
  playBandit,
  type QoePlayer,
  type QoeResult,
  type QoeSetup,
  type QoeWorld,
  randomPlayer,
  simulateQoe,
} from "@edgewright/bandit/qoe";
import { createRng, type Device } from "@edgewright/core";
import type { ZooFront } from "../zoo-front.js";
import { ALBUM_USERS } from "./album-users.js";
import type {
  ChosenVariants,
  VariantDevice,
  VariantPick,
  VariantPlayer,
} from "./chosen-variants.js";
import { ALBUM, type PlayedDevice, playedDevices, zooVariants } from "./simulated-devices.js";

/** Options of {@link chooseVariants}. */
export interface ChooseVariantsOptions {
  readonly signal?: AbortSignal;
  /** Told who plays. */
  readonly onProgress?: (player: string, done: number, total: number) => void;
  /** Choices of a run. @default 2000 */
  readonly rounds?: number;
  /** Runs, each with other luck. @default 5 */
  readonly runs?: number;
}

const USERS = 24;
/** Width of an estimate, in units of quality of experience, from which a thumb is worth asking for. */
const UNSURE = 0.2;

/**
 * Lets a bandit choose among the zoo's models for users on this machine and on simulated devices, and learn from
 * their thumbs; beside it others that know more or less. Accuracies, sizes and the times of this machine are real.
 */
export async function chooseVariants(
  zoo: ZooFront,
  here: Device,
  options: ChooseVariantsOptions = {},
): Promise<ChosenVariants> {
  const { signal, onProgress, rounds = 2000, runs = 5 } = options;
  const began = performance.now();
  const devices = playedDevices(zoo, here);
  const rng = createRng(1);
  const users = Array.from({ length: USERS }, () => drawUser(rng, { types: ALBUM_USERS }));
  const world = createQoeWorld({
    profiles: devices.map(({ profile }) => profile),
    variants: zooVariants(zoo),
    users,
  });
  const picked = countPicks(world);
  const settings = {
    ...{ world, rounds, seeds: Array.from({ length: runs }, (_, seed) => seed) },
    rating: { form: "thumb" } as const,
    points: 100,
    ...(signal && { signal }),
  };
  const total = 7 * runs;
  const told =
    (before: number) =>
    ({ contender, done }: { contender: string; done: number }): void =>
      onProgress?.(contender, before + done, total);
  const always = await simulateQoe({
    ...settings,
    contenders: {
      "any variant": ({ world, seed }) => randomPlayer(world, seed),
      "UCB1, asks always": ({ arms, seed }) => createBandit({ policy: ucb1(), arms, seed }),
      "one variant for all": ({ world }) => bestSinglePlayer(world),
      "the best for each device": ({ world }) => deviceOraclePlayer(world),
      "LinUCB, asks always": (setup) => createLinUcb(setup),
      "the best for all": ({ world }) => oraclePlayer(world),
    },
    onProgress: told(0),
  });
  const sometimes = await simulateQoe({
    ...settings,
    feedback: { kind: "solicited" },
    contenders: {
      "LinUCB, asks when unsure": (setup) =>
        picked.watch(createLinUcb(setup, askWhenUnsure({ width: UNSURE })), 0.8 * rounds),
    },
    onProgress: told(6 * runs),
  });
  const oracle = always.find(({ name }) => name === "the best for all")!;
  const players = [...always.filter((result) => result !== oracle), ...sometimes];
  return {
    ...{ pictures: ALBUM, rounds, runs, users: USERS },
    userTypes: ALBUM_USERS.map(({ name }) => name),
    devices: devices.map((device) => describeDevice(device, zoo)),
    oracleQoe: oracle.qoe.mean,
    players: players.map((result) => describePlayer(result, oracle.qoe.mean)),
    picks: picked.picks(devices.length),
    tookMs: performance.now() - began,
  };
}

// One linear model for all users, devices and variants: of how a variant does on every metric, times what the user
// thinks of that metric.
function createLinUcb(
  { arms, seed, contextDimension, armDimension }: QoeSetup,
  solicitation?: ReturnType<typeof askWhenUnsure>,
): ReturnType<typeof createBandit> {
  const joint = metricInteractions();
  const policy = sharedLinUcb({ contextDimension, armDimension, alpha: 1, joint });
  return createBandit({ policy, arms, seed, ...(solicitation && { solicitation }) });
}

function describeDevice({ name, isReal, factor }: PlayedDevice, zoo: ZooFront): VariantDevice {
  const times = zoo.models.map(({ time }) => ALBUM * time.median * factor);
  return { name, isReal, factor, albumMs: [Math.min(...times), Math.max(...times)] };
}

function describePlayer(result: QoeResult, oracleQoe: number): VariantPlayer {
  const { name, regret, qoe, ratedShare, finalRegretPerRound } = result;
  const learns = /UCB/.test(name);
  return {
    ...{ name, learns, regret, qoe },
    askedShare: learns ? ratedShare.mean : undefined,
    finalQoe: oracleQoe - finalRegretPerRound.mean,
  };
}

/** Counts what a player chooses once it has learnt, over all runs. */
function countPicks(world: QoeWorld): {
  watch(bandit: ReturnType<typeof createBandit>, after: number): QoePlayer;
  picks(devices: number): VariantPick[][];
} {
  const typeOf = world.users.map((user) => ALBUM_USERS.findIndex(({ name }) => name === user.name));
  const counts = world.profiles.map(() => ALBUM_USERS.map(() => new Map<number, number>()));
  const sums = world.profiles.map(() => ALBUM_USERS.map(() => ({ count: 0, qoe: 0, best: 0 })));
  return {
    watch(bandit, after) {
      const player = playBandit(bandit, world);
      let round = 0;
      return {
        ...player,
        choose(user, device) {
          const choice = player.choose(user, device);
          if (round++ < after) return choice;
          const count = counts[device]![typeOf[user]!]!;
          count.set(choice.arm, (count.get(choice.arm) ?? 0) + 1);
          const sum = sums[device]![typeOf[user]!]!;
          sum.count++;
          sum.qoe += world.expectedQoe(user, device, choice.arm);
          sum.best += world.expectedQoe(user, device, world.bestArm(user, device));
          return choice;
        },
      };
    },
    picks: (devices) =>
      Array.from({ length: devices }, (_, device) =>
        ALBUM_USERS.map((_type, type) => {
          const { count, qoe, best } = sums[device]![type]!;
          const [arm, times] = [...counts[device]![type]!].sort((a, b) => b[1] - a[1])[0] ?? [0, 0];
          return {
            variant: world.variants[arm]!.model,
            share: times / Math.max(1, count),
            qoe: qoe / Math.max(1, count),
            bestQoe: best / Math.max(1, count),
          };
        }),
      ),
  };
}
