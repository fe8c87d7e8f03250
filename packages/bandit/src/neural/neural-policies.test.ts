import { createRng, type EdgewrightError, ValidationError } from "@edgewright/core";
import { loadTrainingKernels } from "@edgewright/kernels/training";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createBandit } from "../bandit/create-bandit.js";
import {
  nearestArmWorld,
  playRounds,
  roomFor,
  type World,
} from "../kernel/play-world.test-support.js";
import { sharedLinUcb } from "../linear/shared-lin-ucb.js";
import { decodeFloat32 } from "./float32-text.js";
import { neuralLinear, neuralThompson, neuralUcb } from "./index.js";
import { LastLayerPosterior } from "./last-layer-posterior.js";
import { createMlp } from "./mlp.js";
import { type NetworkState, outputIndices } from "./network.js";
import type { NeuralOptions } from "./neural-options.js";

type Kernels = Awaited<ReturnType<typeof loadTrainingKernels>>;
let kernels: Kernels;
beforeAll(async () => {
  kernels = await loadTrainingKernels({ variant: "baseline" });
});
afterAll(() => kernels.dispose());

const MAKERS = { neuralUcb, neuralThompson, neuralLinear };
const SHARED = { contextDimension: 2, armDimension: 2, hidden: [16] };
const HEADS = { contextDimension: 2, heads: 3, hidden: [8] };
const CONFIDENCES = (["full", "sketched", "diagonal"] as const).map((confidence) => ({
  confidence,
}));
const HEADS_WORLD: World = {
  contextDimension: 2,
  arms: [0, 1, 2].map((arm) => Float64Array.of(arm)),
  // Exclusive or, and a sure thing in between.
  mean: ([x, y], arm) => (arm === 2 ? 0.5 : (x! > 0.5 === y! > 0.5) === (arm === 0) ? 0.9 : 0.1),
};

test("on arms that are best nearby, the network loses a fraction of what a linear model loses", async () => {
  const world = nearestArmWorld(5, 6);
  const linear = sharedLinUcb({ contextDimension: 2, armDimension: 2, alpha: 0.3 });
  for (let slot = 0; slot < 6; slot++) linear.addArm(slot);
  const lost = playRounds(linear, world, 700, 1, createRng(2));
  for (const [name, make] of Object.entries(MAKERS)) {
    using policy = await make({ ...SHARED, kernels });
    const regret = playRounds(policy, world, 700, 1, createRng(2));
    expect(regret, name).toBeLessThan(0.3 * lost);
  }
});

test("with an output for each arm, arms without features are told apart by context", async () => {
  for (const [name, make] of Object.entries(MAKERS)) {
    using policy = await make({ ...HEADS, hidden: [32], kernels });
    playRounds(policy, HEADS_WORLD, 500, 3, createRng(4));
    const late = playRounds(policy, HEADS_WORLD, 200, 5, createRng(6));
    // What does not look at the context loses 0.4 a round.
    expect(late / 200, name).toBeLessThan(0.2);
  }
});

test("a snapshot resumes bit for bit through JSON, trainings included", async () => {
  for (const [name, make] of Object.entries(MAKERS)) {
    for (const options of [
      { ...SHARED, replayCapacity: 40, retrainEvery: 7 },
      { ...HEADS, replayCapacity: 40, retrainEvery: 7 },
      { ...SHARED, hidden: [4, 4], confidence: "diagonal" as const },
      { ...HEADS, confidence: "sketched" as const, sketchSize: 20 },
    ]) {
      const world = "heads" in options ? HEADS_WORLD : nearestArmWorld(1, 3);
      using policy = await make({ ...options, kernels });
      playRounds(policy, world, 60, 1, createRng(1));
      const text = JSON.stringify(policy.state());
      using other = await make({ ...options, seed: 9, kernels });
      other.restore(JSON.parse(text));
      expect(JSON.stringify(other.state()), name).toBe(text);
      const regrets = [policy, other].map((one) => playRounds(one, world, 45, 2, createRng(3)));
      expect(regrets[0]).toBe(regrets[1]);
      expect(JSON.stringify(other.state()), name).toBe(JSON.stringify(policy.state()));
    }
  }
});

test("damaged states and those of others are refused, and nothing changes", async () => {
  const rng = createRng(8);
  for (const [name, make] of Object.entries(MAKERS)) {
    const options: NeuralOptions = { ...HEADS, replayCapacity: 20, kernels };
    using policy = await make(options);
    playRounds(policy, HEADS_WORLD, 25, 1, createRng(1));
    const good = JSON.stringify(policy.state());
    using victim = await make(options);
    const before = JSON.stringify(victim.state());
    const refuse = (state: unknown, what: string): void => {
      expect(() => victim.restore(state), `${name}: ${what}`).toThrow(ValidationError);
      expect(JSON.stringify(victim.state()), `${name}: ${what}`).toBe(before);
    };
    for (const nothing of [null, undefined, 3, "x", [], {}]) refuse(nothing, String(nothing));
    const paths = leafPaths(JSON.parse(good));
    for (let n = 0; n < 25; n++) {
      const path = paths[rng.integer(0, paths.length)]!;
      for (const bad of [null, -1, "AAAA", "§", {}, 1e300]) {
        const state = JSON.parse(good);
        const parent = path.slice(0, -1).reduce((at, key) => at[key], state);
        if (JSON.stringify(parent[path.at(-1)!]) === JSON.stringify(bad)) continue;
        parent[path.at(-1)!] = bad;
        refuse(state, `${path.join(".")} = ${bad}`);
      }
    }
    using wider = await make({ ...options, hidden: [10] });
    refuse(wider.state(), "another width");
    for (const other of Object.values(MAKERS)) {
      if (other === make) continue;
      using stranger = await other(options);
      refuse(stranger.state(), "another policy");
    }
    victim.restore(JSON.parse(good));
    expect(JSON.stringify(victim.state())).toBe(good);
  }
});

test("arms come and go: a removed one is forgotten, a new one like another begins as that one", async () => {
  const context = Float64Array.of(0.9, 0.1);
  const judge = (policy: Awaited<ReturnType<typeof neuralUcb>>, slots: number[]) => {
    const out = roomFor(slots.length);
    const armFeatures = new Float64Array(0);
    policy.evaluate({ slots, context, armFeatures }, createRng(1), out);
    return out;
  };
  for (const make of Object.values(MAKERS)) {
    for (const more of make === neuralLinear ? [{}] : CONFIDENCES) {
      using policy = await make({ ...HEADS, ...more, kernels });
      for (const slot of [0, 1, 2]) policy.addArm(slot);
      playRounds(policy, HEADS_WORLD, 100, 1, createRng(1));
      const known = judge(policy, [1]);
      expect(Math.abs(known.means[0]!)).toBeGreaterThan(0);
      policy.removeArm(2);
      expect(judge(policy, [2]).means[0]).toBe(0);
      expect(judge(policy, [2]).widths[0]!).toBeGreaterThan(0);
      policy.addArm(2, 1);
      expect(judge(policy, [2]).means[0]).toBeCloseTo(known.means[0]!, 9);
      expect(() => policy.addArm(3)).toThrow(/limit|heads/);
      // What took the removed arm's place learns from its own examples alone.
      policy.removeArm(2);
      policy.addArm(2);
      const example = { slot: 2, context, armFeatures: new Float64Array(0), reward: 0.8 };
      for (let n = 0; n < 40; n++) {
        policy.learn({ ...example, propensity: 1, weight: 1 }, createRng(n));
      }
      expect(Math.abs(judge(policy, [2]).means[0]! - 0.8)).toBeLessThan(0.2);
    }
  }
});

test("pretraining on another device's log saves most of the exploration", async () => {
  const world = nearestArmWorld(5, 6);
  const rng = createRng(11);
  const log = Array.from({ length: 400 }, () => {
    const context = Float64Array.of(rng.uniform(), rng.uniform());
    const arm = rng.integer(0, 6);
    return {
      context,
      armFeatures: world.arms[arm]!,
      reward: world.mean(context, arm) + rng.normal(0, 0.1),
    };
  });
  const regrets: number[] = [];
  for (const examples of [[], log]) {
    using policy = await neuralUcb({ ...SHARED, kernels });
    const epochs: number[] = [];
    await policy.pretrain(examples, { onProgress: ({ epoch }) => epochs.push(epoch) });
    expect(epochs.length).toBe(examples.length > 0 ? 20 : 0);
    regrets.push(playRounds(policy, world, 200, 1, createRng(2)));
  }
  expect(regrets[1]!).toBeLessThan(0.5 * regrets[0]!);
});

test("an aborted or refused pretraining leaves the policy as it was", async () => {
  using policy = await neuralThompson({ ...HEADS, kernels });
  const before = JSON.stringify(policy.state());
  const example = { context: [0.1, 0.2], head: 1, reward: 1 };
  const controller = new AbortController();
  const onProgress = ({ epoch }: { epoch: number }) => epoch === 2 && controller.abort();
  await expect(
    policy.pretrain([example], { signal: controller.signal, onProgress }),
  ).rejects.toMatchObject({ code: "aborted" });
  for (const bad of [
    { ...example, reward: Number.NaN },
    { ...example, reward: 1e200 },
    { ...example, head: 3 },
    { ...example, context: [1] },
    { ...example, weight: 0 },
    { ...example, armFeatures: [1] },
  ]) {
    await expect(policy.pretrain([example, bad])).rejects.toMatchObject({
      code: "invalid-argument",
    });
  }
  await expect(policy.pretrain([example], { trust: 2 })).rejects.toThrow("a trust from 0 to 1");
  expect(JSON.stringify(policy.state())).toBe(before);
});

test("options out of range are named, and rewards that float32 cannot bear refused", async () => {
  const codeOf = async (options: object): Promise<string> => {
    for (const make of Object.values(MAKERS)) {
      try {
        await make(options as NeuralOptions);
      } catch (error) {
        const { code, message } = error as EdgewrightError;
        expect(code).toBe("invalid-argument");
        return message;
      }
    }
    return "";
  };
  expect(await codeOf({})).toContain("got neither");
  expect(await codeOf({ contextDimension: 2, hidden: [3] })).toContain("even widths");
  expect(await codeOf({ contextDimension: 2, hidden: [] })).toContain("even widths");
  expect(await codeOf({ contextDimension: 2, armDimension: 1, heads: 3 })).toContain("3 heads");
  expect(await codeOf({ contextDimension: 2, ridge: 0 })).toContain("ridge above 0");
  expect(await codeOf({ contextDimension: 2, gamma: -1 })).toContain("gamma from 0");
  expect(await codeOf({ contextDimension: 2, sketchSize: 0 })).toContain("sketchSize from 1");
  expect(await codeOf({ contextDimension: 2, confidence: "x" })).toContain('got "x"');
  expect(await codeOf({ contextDimension: 2.5 })).toContain("contextDimension");
  expect(await codeOf({ contextDimension: 2, batchSize: 0 })).toContain("batchSize");
  using policy = await neuralUcb({ ...SHARED, kernels });
  const before = JSON.stringify(policy.state());
  const two = Float64Array.of(1, 1);
  const example = {
    slot: 0,
    context: two,
    armFeatures: two,
    reward: 1e16,
    propensity: 1,
    weight: 1,
  };
  expect(() => policy.learn(example, createRng(1))).toThrow("scale them");
  const heavy = { ...example, reward: 1, weight: 1e300 };
  expect(() => policy.learn(heavy, createRng(1))).toThrow("scale them");
  expect(JSON.stringify(policy.state())).toBe(before);
});

test("an example of weight 4 narrows the widths as four of weight 1 do", async () => {
  for (const confidence of CONFIDENCES) {
    const options = { ...HEADS, ...confidence, trainingSteps: 0, kernels };
    const widths: number[] = [];
    for (const weights of [[4], [1, 1, 1, 1]]) {
      using policy = await neuralUcb(options);
      const example = { slot: 0, context: Float64Array.of(0.3, -0.8), reward: 1, propensity: 1 };
      const armFeatures = new Float64Array(0);
      policy.addArm(0);
      for (const weight of weights) {
        policy.learn({ ...example, armFeatures, weight }, createRng(1));
      }
      const out = roomFor(1);
      policy.evaluate({ slots: [0], context: example.context, armFeatures }, createRng(1), out);
      widths.push(out.widths[0]!);
    }
    expect(widths[0]).toBeCloseTo(widths[1]!, 12);
  }
});

test("the output of an arm that goes keeps neither weights nor momentum", async () => {
  using policy = await neuralUcb({ ...HEADS, retrainEvery: 5, kernels });
  const context = Float64Array.of(0.3, -0.8);
  for (const slot of [0, 1, 2]) policy.addArm(slot);
  const example = { context, armFeatures: new Float64Array(0), propensity: 1, weight: 1 };
  for (let i = 0; i < 10; i++) policy.learn({ ...example, slot: i % 3, reward: i }, createRng(i));
  policy.removeArm(1);
  const mlp = createMlp({ inputs: 2, hidden: HEADS.hidden, outputs: HEADS.heads });
  const { network } = policy.state() as { network: NetworkState };
  for (const field of ["weights", "means", "squares"] as const) {
    const values = decodeFloat32(network[field], mlp.parameterCount, field);
    const sizeOf = (output: number): number =>
      outputIndices(mlp, output).reduce((sum, at) => sum + Math.abs(values[at]!), 0);
    expect([0, 1, 2].map((output) => sizeOf(output) > 0)).toEqual([true, false, true]);
  }
});

test("the last layer's regression takes an example of weight 3 for three, added or rebuilt", () => {
  const [features, other] = [Float64Array.of(1, 0.5), Float64Array.of(-0.3, 2)];
  const meanOf = (teach: (posterior: LastLayerPosterior) => void): number => {
    const posterior = new LastLayerPosterior(2, 0.5);
    teach(posterior);
    return posterior.mean(Float64Array.of(1, 1));
  };
  const thrice = meanOf((posterior) => {
    for (let i = 0; i < 3; i++) posterior.add(features, 1, 1);
    posterior.add(other, 0.2, 1);
  });
  const added = meanOf((posterior) => {
    posterior.add(features, 1, 3);
    posterior.add(other, 0.2, 1);
  });
  const rebuilt = meanOf((posterior) =>
    posterior.rebuild((take) => {
      take(features, 1, 3);
      take(other, 0.2, 1);
    }),
  );
  expect(added).toBeCloseTo(thrice, 13);
  expect(rebuilt).toBeCloseTo(thrice, 13);
});

test("the last layer's regression ends where its sums leave float64", () => {
  const posterior = new LastLayerPosterior(1, 1);
  const features = Float64Array.of(1);
  expect(() =>
    posterior.rebuild((take) => {
      for (let i = 0; i < 2; i++) take(features, 1, 1e308);
    }),
  ).toThrowError(expect.objectContaining({ code: "diverged" }));
});

test("works in a bandit, loads kernels of its own, and says when it was disposed of", async () => {
  const policy = await neuralLinear({
    contextDimension: 1,
    heads: 2,
    hidden: [4],
    retrainEvery: 1,
  });
  const bandit = createBandit({ policy, arms: ["a", "b"], seed: 3 });
  for (let t = 0; t < 5; t++) {
    const { id, probabilities } = bandit.decide([t / 5]);
    expect(probabilities[0]! + probabilities[1]!).toBeCloseTo(1, 9);
    bandit.update(id, t / 5);
  }
  policy.dispose();
  const { id } = bandit.decide([0]);
  expect(() => bandit.update(id, 1)).toThrow("disposed");
});

function leafPaths(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [path];
  return Object.entries(value).flatMap(([key, inner]) => leafPaths(inner, [...path, key]));
}
