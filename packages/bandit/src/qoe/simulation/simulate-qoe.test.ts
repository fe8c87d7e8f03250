import { AbortError, createRng } from "@edgewright/core";
import { describe, expect, test } from "vitest";
import { createBandit } from "../../bandit/create-bandit.js";
import { ucb1 } from "../../counting/ucb1.js";
import { sharedLinUcb } from "../../linear/shared-lin-ucb.js";
import { realProfiles, realVariants } from "../devices.test-support.js";
import { metricInteractions } from "../features/metric-interactions.js";
import { drawUser } from "../utility/draw-user.js";
import { qoeUtility } from "../utility/qoe-utility.js";
import { USER_TYPES } from "../utility/user-types.js";
import {
  bestSinglePlayer,
  deviceOraclePlayer,
  oraclePlayer,
  randomPlayer,
} from "./baseline-players.js";
import { fitGrowthExponent } from "./growth-exponent.js";
import { playBandits } from "./qoe-player.js";
import { createQoeWorld, type QoeWorld } from "./qoe-world.js";
import { createRegretCurve } from "./regret-curve.js";
import { type QoeContender, simulateQoe } from "./simulate-qoe.js";

function realWorld(): QoeWorld {
  const rng = createRng(7);
  return createQoeWorld({
    profiles: realProfiles(),
    variants: realVariants(),
    users: Array.from({ length: 12 }, () => drawUser(rng)),
    energyMj: (_profile, _variant, latencyMs) => 4 * latencyMs,
  });
}

const linUcb: QoeContender = ({ arms, seed, contextDimension, armDimension }) =>
  createBandit({
    policy: sharedLinUcb({
      ...{ contextDimension, armDimension, alpha: 0.3 },
      joint: metricInteractions(),
    }),
    ...{ arms, seed },
  });

describe("createQoeWorld", () => {
  test("expects what the user's utility says of the device's measured time", () => {
    const world = realWorld();
    const arm = world.arms.indexOf("resnet50 float");
    const metrics = {
      latencyMs: 782.63,
      energyMj: 4 * 782.63,
      accuracy: 76.1 / 100,
      bytes: 102.4e6,
    };
    expect(world.metrics(1, arm)).toEqual(metrics);
    expect(world.expectedQoe(3, 1, arm)).toBe(qoeUtility(world.users[3]!)(metrics));
  });

  test("a model that was never timed on a device cannot be chosen there", () => {
    const world = realWorld();
    const vgg = world.arms.indexOf("vgg16 float");
    expect(world.armsOn(1)).not.toContain(vgg);
    expect(world.metrics(1, vgg)).toBeUndefined();
    expect(world.expectedQoe(0, 1, vgg)).toBeNaN();
    expect([...world.offer(1).keys()]).toEqual(world.armsOn(1).map((arm) => world.arms[arm]));
    expect(world.armsOn(0)).toContain(vgg);
  });

  test("the best arm is the one with the largest expected rating", () => {
    const world = realWorld();
    world.users.forEach((_, user) => {
      world.profiles.forEach((_profile, device) => {
        const best = world.expectedQoe(user, device, world.bestArm(user, device));
        for (const arm of world.armsOn(device)) {
          expect(world.expectedQoe(user, device, arm)).toBeLessThanOrEqual(best);
        }
      });
    });
  });

  test("with probes, features tell predicted times and ratings follow the real ones", () => {
    const options = {
      profiles: realProfiles(),
      variants: realVariants(),
      users: [USER_TYPES.balanced],
    };
    const all = createQoeWorld(options);
    const probed = createQoeWorld({
      ...options,
      probes: options.variants.filter(({ model }) => /squeezenet|resnet50/.test(model)),
    });
    expect(probed.offer(0).get("resnet50 float")).toEqual(all.offer(0).get("resnet50 float"));
    expect(probed.offer(0).get("vgg16 float")).not.toEqual(all.offer(0).get("vgg16 float"));
    expect(probed.expectedQoe(0, 0, 6)).toBe(all.expectedQoe(0, 0, 6));
  });

  test("refuses worlds in which nothing can be chosen", () => {
    const options = {
      profiles: realProfiles(),
      variants: realVariants(),
      users: [USER_TYPES.careful],
    };
    expect(() => createQoeWorld({ ...options, users: [] })).toThrow(/users is empty/);
    const [first] = options.variants;
    expect(() => createQoeWorld({ ...options, variants: [first!, first!] })).toThrow(
      /two variants are called "squeezenet float"/,
    );
    expect(() => createQoeWorld({ ...options, variants: [{ ...first!, model: "new" }] })).toThrow(
      /none of the variants was measured on "Raspberry Pi 5"/,
    );
  });
});

describe("simulateQoe", () => {
  const contenders: Record<string, QoeContender> = {
    oracle: ({ world }) => oraclePlayer(world),
    device: ({ world }) => deviceOraclePlayer(world),
    single: ({ world }) => bestSinglePlayer(world),
    random: ({ world, seed }) => randomPlayer(world, seed),
    ucb1: ({ arms, seed }) => createBandit({ policy: ucb1(), arms, seed }),
    linUcb,
  };

  test("the best single model counts as 0 where it cannot run, and gives way there", () => {
    const [device] = realProfiles();
    const world = createQoeWorld({
      profiles: [
        device!,
        {
          ...device!,
          measurements: device!.measurements.filter(({ model }) => model !== "resnet50"),
        },
      ],
      variants: realVariants().filter(({ model }) => /squeezenet|resnet50/.test(model)),
      users: [
        { name: "exacting", utilities: { accuracy: { weight: 1, midpoint: 0.7, slope: 40 } } },
      ],
    });
    const player = bestSinglePlayer(world);
    const modelOn = (on: number) => world.variants[player.choose(0, on).arm]!.model;
    expect([modelOn(0), modelOn(1)]).toEqual(["resnet50", "squeezenet"]);
  });

  test("baselines order as their knowledge does, and learning beats what is best on the whole", async () => {
    const results = await simulateQoe({
      ...{ world: realWorld(), contenders, rounds: 600, seeds: [1, 2, 3] },
    });
    const of = (name: string) => results.find((result) => result.name === name)!;
    const regret = (name: string) => of(name).regret.mean.at(-1)!;
    expect(of("oracle").regret.mean.every((value) => value === 0)).toBe(true);
    expect(of("oracle").exponent).toBeNaN();
    expect(regret("device")).toBeLessThan(regret("single"));
    expect(regret("single")).toBeLessThan(regret("random"));
    // In the last tenth the learner is well below every choice that does not look at the user.
    const final = (name: string) => of(name).finalRegretPerRound.mean;
    expect(final("linUcb")).toBeLessThan(0.5 * final("ucb1"));
    expect(final("linUcb")).toBeLessThan(0.5 * final("single"));
    expect(final("linUcb")).toBeLessThan(final("device"));
    expect(of("linUcb").exponent).toBeLessThan(0.8);
    expect(of("random").exponent).toBeGreaterThan(0.9);
  });

  test("is the same for the same seeds, and every contender meets the same users", async () => {
    const run = () =>
      simulateQoe({ world: realWorld(), contenders: { linUcb }, rounds: 60, seeds: [4] });
    expect(await run()).toEqual(await run());
    const best = (world: QoeWorld) => ({
      choose: (user: number, device: number) => ({ arm: world.bestArm(user, device) }),
    });
    const [alone] = await simulateQoe({
      ...{ world: realWorld(), contenders: { best: ({ world }) => best(world) } },
      ...{ rounds: 60, seeds: [4] },
    });
    const among = await simulateQoe({
      ...{ world: realWorld(), contenders: { linUcb, best: ({ world }) => best(world) } },
      ...{ rounds: 60, seeds: [4] },
    });
    expect(among[1]!.qoe).toEqual(alone!.qoe);
  });

  test("a curve's last point is the whole regret; the window's regrets average to it", async () => {
    const [result] = await simulateQoe({
      ...{ world: realWorld(), contenders: { single: contenders.single! } },
      ...{ rounds: 100, window: 10, points: 10, seeds: [1, 2] },
    });
    const { regret, regretPerRound } = result!;
    expect(regret.rounds).toEqual([10, 20, 30, 40, 50, 60, 70, 80, 90, 100]);
    const sum = regretPerRound.mean.reduce((total, value) => total + 10 * value, 0);
    expect(sum).toBeCloseTo(regret.mean.at(-1)!, 9);
    expect(regret.low.at(-1)!).toBeLessThan(regret.mean.at(-1)!);
    expect(regret.high.at(-1)!).toBeGreaterThan(regret.mean.at(-1)!);
  });

  test("schemes of feedback: as many ratings as they say, to those who should learn", async () => {
    const rated: string[] = [];
    const together: number[] = [];
    let number = 0;
    const player: QoeContender = ({ world }) => ({
      choose: (_user, device) => ({
        arm: world.armsOn(device)[0]!,
        id: `c${number++}`,
        asked: number % 4 === 0,
      }),
      rate: (id) => rated.push(id),
      rateTogether: (ids) => together.push(ids.length),
    });
    const play = async (feedback: Parameters<typeof simulateQoe>[0]["feedback"]) => {
      rated.length = 0;
      number = 0;
      const [result] = await simulateQoe({
        ...{ world: realWorld(), contenders: { player }, rounds: 200, seeds: [1] },
        ...(feedback && { feedback }),
      });
      return result!.ratedShare.mean;
    };
    expect(await play(undefined)).toBe(1);
    expect(rated.length).toBe(200);
    expect(await play({ kind: "solicited" })).toBe(0.25);
    expect(rated.slice(0, 2)).toEqual(["c3", "c7"]);
    expect(await play({ kind: "sparse", share: 0 })).toBe(0);
    expect(Math.abs((await play({ kind: "sparse", share: 0.5 })) - 0.5)).toBeLessThan(0.15);
    const delayed = await play({ kind: "delayed", meanRounds: 5 });
    expect(delayed).toBeGreaterThan(0.94);
    expect(delayed).toBeLessThan(1);
    expect(new Set(rated).size).toBe(rated.length);
    expect(rated).not.toEqual([...rated].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1))));
    expect(await play({ kind: "aggregated", size: 8 })).toBe(200 / 8 / 200);
    expect(together).toEqual(Array(25).fill(8));
  });

  test("bandits learn from ratings of whole sessions, each from its own decisions", async () => {
    const perDevice: QoeContender = ({ world, arms, seed }) => {
      const bandits = world.profiles.map(() => createBandit({ policy: ucb1(), arms, seed }));
      return playBandits((_user, device) => bandits[device]!, world);
    };
    const results = await simulateQoe({
      ...{ world: realWorld(), contenders: { random: contenders.random!, perDevice, linUcb } },
      ...{ rounds: 900, seeds: [1, 2], feedback: { kind: "aggregated", size: 3 } },
    });
    const [random, ucb, linear] = results.map(({ qoe }) => qoe.mean);
    expect(ucb! - random!).toBeGreaterThan(0.03);
    expect(linear! - random!).toBeGreaterThan(0.1);
  });

  test("tells of its progress, and stops when asked to", async () => {
    const controller = new AbortController();
    const seen: string[] = [];
    const running = simulateQoe({
      ...{ world: () => realWorld(), contenders: { random: contenders.random!, linUcb } },
      ...{ rounds: 20, seeds: [1, 2], signal: controller.signal },
      onProgress: ({ contender, seed, done, total }) => {
        seen.push(`${contender} ${seed} ${done}/${total}`);
        if (done === 2) controller.abort();
      },
    });
    await expect(running).rejects.toThrow(AbortError);
    expect(seen).toEqual(["random 1 1/4", "linUcb 1 2/4"]);
  });

  test.each([
    ["rounds above 0", { rounds: 0 }],
    ["number of seeds above 0", { seeds: [] }],
    ["a share from 0 to 1", { feedback: { kind: "sparse", share: 2 } as const }],
    ["a whole size above 0", { feedback: { kind: "aggregated", size: 0 } as const }],
    ["meanRounds from 0", { feedback: { kind: "delayed", meanRounds: Number.NaN } as const }],
  ])("refuses anything but %s", async (expected, options) => {
    const running = simulateQoe({ world: realWorld(), contenders: {}, ...options });
    await expect(running).rejects.toThrow(expected);
  });
});

describe("fitGrowthExponent", () => {
  const rounds = Array.from({ length: 50 }, (_, i) => 20 * (i + 1));

  test.each([0, 0.5, 1])("gives the exponent %f of a power back", (exponent) => {
    const regret = rounds.map((round) => 3 * round ** exponent);
    expect(fitGrowthExponent(rounds, regret)).toBeCloseTo(exponent, 10);
  });

  test("looks at the later part", () => {
    const regret = rounds.map((round) => Math.min(round, 200));
    expect(fitGrowthExponent(rounds, regret)).toBeCloseTo(0, 10);
    expect(fitGrowthExponent(rounds, regret, { skip: 0 })).toBeGreaterThan(0.2);
  });

  test("refuses curves without two points above 0", () => {
    expect(() => fitGrowthExponent([1, 2], [0, 0])).toThrow(/at least two rounds with a regret/);
    expect(() => fitGrowthExponent([1, 2], [1])).toThrow(/as many regrets as rounds/);
    expect(() => fitGrowthExponent([1, 2], [1, 2], { skip: 1 })).toThrow(/skip 1/);
  });
});

test("createRegretCurve gives means with Student's intervals", () => {
  const curve = createRegretCurve(
    "x",
    [1, 2],
    [
      [1, 2],
      [3, 2],
    ],
  );
  expect(curve.mean).toEqual([2, 2]);
  // 12.706 is the quantile .975 of Student's distribution with one degree of freedom; standard error 1.
  expect(curve.high[0]).toBeCloseTo(2 + 12.706, 2);
  expect(curve.low[1]).toBe(2);
});
