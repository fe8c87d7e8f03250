import {
  createRng,
  EdgewrightError,
  ShapeError,
  UnsupportedError,
  ValidationError,
} from "@edgewright/core";
import { describe, expect, test } from "vitest";
import { FeedbackError } from "../../bandit/feedback-error.js";
import { epsilonGreedy } from "../../counting/epsilon-greedy.js";
import { ucb1 } from "../../counting/ucb1.js";
import { mergeStatistics } from "../../fleet/fleet-statistics.js";
import { linUcb } from "../../linear/lin-ucb.js";
import { sharedLinUcb } from "../../linear/shared-lin-ucb.js";
import { askWhenUnsure } from "../../solicitation/ask-when-unsure.js";
import { realProfiles, realVariants } from "../devices.test-support.js";
import { measuredLatencyMs } from "../features/measured-latency.js";
import { qoeFeatures } from "../features/qoe-features.js";
import { qoeUtility } from "../utility/qoe-utility.js";
import { USER_TYPES } from "../utility/user-types.js";
import { createModelSelector } from "./model-selector.js";
import type { ModelSelector, ModelSelectorOptions } from "./model-selector-options.js";

const variants = realVariants();
const [pi5, zero] = realProfiles();

function start(options: Partial<ModelSelectorOptions> = {}): ModelSelector {
  return createModelSelector({ variants, profile: pi5!, seed: 1, ...options });
}

/** Rates choices as a user who likes one model alone; gives how often it was chosen in the last half. */
function teach(selector: ModelSelector, liked: string, rounds: number): number {
  let hits = 0;
  for (let round = 0; round < rounds; round++) {
    const { id, variant } = selector.choose();
    if (variant.model === liked && round >= rounds / 2) hits++;
    if (variant.model === liked) selector.thumbsUp(id);
    else selector.thumbsDown(id);
  }
  return hits / (rounds / 2);
}

describe("createModelSelector", () => {
  test("has no prior for a variant of which nothing is known that weighs with the user", () => {
    const weighs = (weight: number) => ({ weight, midpoint: 10, slope: 2 });
    const user = { name: "tester", utilities: { bytes: weighs(0), accuracy: weighs(1) } };
    const plain = { task: "classify", model: "plain", precision: "fp32", bytes: 5 };
    const selector = createModelSelector({ variants: [plain], user, seed: 1 });
    expect(selector.choose().expectedQoe).toBe(0);
  });

  test("before any rating it follows what matters to the user, on the device at hand", () => {
    for (const profile of [pi5!, zero!]) {
      for (const user of Object.values(USER_TYPES)) {
        const qoe = qoeUtility(user);
        const worth = new Map<string, number>();
        for (const variant of variants) {
          const latencyMs = measuredLatencyMs(profile, variant);
          if (latencyMs === undefined) continue;
          const { value } = variant.accuracy!;
          worth.set(
            variant.model,
            qoe({ latencyMs, accuracy: value / 100, bytes: variant.bytes! }),
          );
        }
        const { variant } = start({ user, profile, priorStrength: 20 }).choose();
        expect(worth.get(variant.model)).toBeGreaterThan(Math.max(...worth.values()) - 0.05);
      }
    }
  });

  test("the prior's estimates are near the user's utilities", () => {
    const user = USER_TYPES.balanced;
    const qoe = qoeUtility(user);
    for (const { variant, expectedQoe } of start({ user, priorStrength: 20 }).rank()) {
      const latencyMs = measuredLatencyMs(pi5!, variant)!;
      const { value } = variant.accuracy!;
      const wanted = qoe({ latencyMs, accuracy: value / 100, bytes: variant.bytes! });
      expect(Math.abs(expectedQoe - wanted)).toBeLessThan(0.1);
    }
  });

  test.each(["resnet50", "squeezenet"])(
    "thumbs overrule the prior: a user who likes %s",
    (liked) => {
      expect(teach(start({ user: USER_TYPES.balanced }), liked, 120)).toBeGreaterThan(0.9);
    },
  );

  test("ratings between the thumbs, and one for a whole session", () => {
    const selector = start();
    selector.rate(selector.choose().id, 0.75);
    const ids = [1, 2, 3].map(() => selector.choose().id);
    selector.rateTogether(ids, 0.5);
    expect(selector.bandit.pending).toBe(0);
    expect(() => selector.rate(ids[0]!, 0.5)).toThrow(FeedbackError);
  });

  test("is the same for the same seed", () => {
    const policy = () => epsilonGreedy({ epsilon: 0.5 });
    const run = () => {
      const selector = start({ policy: policy() });
      return Array.from({ length: 30 }, () => {
        const { id, variant } = selector.choose();
        selector.rate(id, 0.5);
        return variant.model;
      });
    };
    expect(run()).toEqual(run());
  });

  test("limits keep models out, at every choice or at one, and say which do not fit", () => {
    const selector = start({ limits: { bytes: 10e6 } });
    const chosen = new Set<string>();
    for (let i = 0; i < 40; i++) {
      const { id, variant } = selector.choose();
      chosen.add(variant.model);
      selector.rate(id, createRng(i).uniform());
    }
    expect([...chosen].every((model) => /squeezenet|shufflenet/.test(model))).toBe(true);
    const { variant } = selector.choose({ limits: { accuracy: 0.75, latencyMs: 20 } });
    expect(variant.model).toBe("efficientnet_b0");
    const ranked = selector.rank();
    expect(ranked.length).toBe(variants.length);
    expect(ranked.at(-1)!.probability).toBe(0);
    const vgg = ranked.find((entry) => entry.variant.model === "vgg16")!;
    expect(vgg.ruledOutBy).toBe("bytes 553600000 bytes is above 10000000");
    expect(vgg.expectedQoe).toBeNaN();
    const before = selector.bandit.decided;
    expect(() => selector.choose({ limits: { accuracy: 0.9 } })).toThrow(
      /no variant keeps within the limits: squeezenet float: accuracy 0.582 is below 0.9/,
    );
    expect(selector.bandit.decided).toBe(before);
  });

  test("observed times replace measured ones and tell of the others", () => {
    const selector = createModelSelector({ variants, seed: 1 });
    const latencyOf = (model: string) =>
      selector.rank().find(({ variant }) => variant.model === model)!.latencyMs;
    expect(latencyOf("resnet50")).toBeUndefined();
    selector.observe({ model: "mobilenet_v2", precision: "float" }, 30);
    expect(latencyOf("mobilenet_v2")).toBe(30);
    expect(latencyOf("resnet50")).toBeCloseTo((30 * 4090) / 300, 6);
    selector.observe({ model: "mobilenet_v2", precision: "float" }, 50);
    expect(latencyOf("mobilenet_v2")).toBe(40);
    // Of many observations, the last ten or so count.
    for (let i = 0; i < 100; i++)
      selector.observe({ model: "mobilenet_v2", precision: "float" }, 30);
    for (let i = 0; i < 30; i++)
      selector.observe({ model: "mobilenet_v2", precision: "float" }, 90);
    const hot = selector.rank().find(({ variant }) => variant.model === "mobilenet_v2")!;
    expect(hot.latencyMs).toBeGreaterThan(85);
    expect(() => selector.observe({ model: "gpt", precision: "float" }, 1)).toThrow(/"gpt float"/);
    expect(() => selector.observe({ model: "vgg16", precision: "float" }, 0)).toThrow(/above 0 ms/);
  });

  test("asks only while a rating teaches enough", () => {
    const selector = start();
    let asked = 0;
    for (let i = 0; i < 200; i++) {
      const { id, variant, ask } = selector.choose();
      if (!ask) continue;
      asked++;
      selector.rate(id, variant.model === "mobilenet_v3" ? 0.9 : 0.4);
    }
    expect(asked).toBeGreaterThan(10);
    expect(asked).toBeLessThan(100);
    expect(selector.choose().variant.model).toBe("mobilenet_v3");
    const never = start({ solicitation: askWhenUnsure({ width: 0, budget: { total: 0 } }) });
    expect(never.choose().ask).toBe(false);
  });
});

describe("what is kept and shared", () => {
  test("a snapshot goes on bit for bit, waiting choices and observed times included", () => {
    const selector = start();
    teach(selector, "resnet50", 25);
    selector.observe(variants[0]!, 9);
    const waiting = selector.choose().id;
    const snapshot = JSON.parse(JSON.stringify(selector.snapshot()));
    const again = start({ snapshot });
    for (const one of [selector, again]) one.thumbsUp(waiting);
    const run = (one: ModelSelector) =>
      Array.from({ length: 30 }, (_, i) => {
        const { id, variant, expectedQoe, width } = one.choose();
        one.rate(id, i % 3 === 0 ? 1 : 0.25);
        return [variant.model, expectedQoe, width];
      });
    expect(run(again)).toEqual(run(selector));
    expect(again.snapshot()).toEqual(selector.snapshot());
    expect(again.rank()).toEqual(selector.rank());
  });

  test("variants come and go between a snapshot and the next start", () => {
    const selector = start({ variants: variants.slice(0, 4) });
    teach(selector, "mobilenet_v3", 40);
    const next = start({ variants: variants.slice(2, 6), snapshot: selector.snapshot() });
    expect(next.bandit.arms).toEqual(
      ["mobilenet_v2", "mobilenet_v3", "efficientnet_b0", "resnet50"].map((m) => `${m} float`),
    );
    expect(teach(next, "mobilenet_v3", 40)).toBeGreaterThan(0.9);
  });

  test.each([
    ["another format", { format: "x" }],
    ["another version", { version: 2 }],
    ["no bandit", { bandit: null }],
    ["observed times that are none", { observed: { "vgg16 float": { latencyMs: -1, count: 1 } } }],
    ["observed times that are a list", { observed: [] }],
    ["knowledge that is text", { knowledge: "x" }],
    ["knowledge of another kind", { knowledge: { kind: "x" } }],
  ])("refuses a snapshot with %s", (_, change) => {
    const snapshot = { ...start().snapshot(), ...change } as never;
    expect(() => start({ snapshot })).toThrow(ValidationError);
  });

  test("what two users taught, added up, is a good start for a third", () => {
    const teachers = [2, 3].map((seed) => start({ seed }));
    for (const teacher of teachers) teach(teacher, "resnet50", 60);
    const [a, b] = teachers.map((teacher) => teacher.knowledge());
    const third = start({ knowledge: mergeStatistics(a!, b!), seed: 4 });
    expect(third.choose().variant.model).toBe("resnet50");
    // A start from nothing but the prior chooses something else, so it was the knowledge.
    expect(start({ seed: 4 }).choose().variant.model).not.toBe("resnet50");
  });

  test("trust says what the ratings of others count: at 1 they are as good as one's own", () => {
    const teacher = start({ priorStrength: 0 });
    teach(teacher, "resnet50", 60);
    const knowledge = teacher.knowledge();
    const widthAt = (trust: number) => start({ knowledge, trust, priorStrength: 0 }).choose().width;
    expect(widthAt(1)).toBeCloseTo(teacher.choose().width, 6);
    expect(widthAt(0.1)).toBeGreaterThan(1.5 * widthAt(1));
  });

  test("knowledge holds the ratings alone: without any it is nothing, whatever the prior", () => {
    const bytes = (selector: ModelSelector) => atob(selector.knowledge().shared);
    const fresh = start({ priorStrength: 5 });
    expect([...bytes(fresh)].every((byte) => byte === "\0")).toBe(true);
    fresh.thumbsUp(fresh.choose().id);
    expect([...bytes(fresh)].every((byte) => byte === "\0")).toBe(false);
    // What came from others is not passed on as one's own.
    const next = start({ knowledge: fresh.knowledge() });
    expect([...bytes(next)].every((byte) => byte === "\0")).toBe(true);
  });

  test("policies without features share what they know of every variant; others cannot", () => {
    const plain = start({ policy: ucb1(), priorStrength: 0 });
    for (let i = 0; i < 10; i++) plain.rate(plain.choose().id, 0.5);
    expect(Object.keys(plain.knowledge().arms).length).toBe(variants.length);
    expect(
      start({ policy: ucb1(), knowledge: plain.knowledge(), priorStrength: 0 }).rank()[0]!
        .expectedQoe,
    ).toBe(0.5);
    const { contextNames, armNames } = qoeFeatures();
    const forgetful = start({
      policy: sharedLinUcb({
        contextDimension: contextNames.length,
        armDimension: armNames.length,
        discount: 0.99,
      }),
    });
    expect(() => forgetful.knowledge()).toThrow(UnsupportedError);
    expect(forgetful.snapshot().knowledge).toBeNull();
    expect(() => start({ knowledge: plain.knowledge() })).toThrow(ValidationError);
  });
});

describe("bad input", () => {
  test.each([Number.NaN, Infinity, -0.1, 1.1])("refuses %d as a rating and waits on", (rating) => {
    const selector = start();
    const { id } = selector.choose();
    expect(() => selector.rate(id, rating)).toThrow(/rate: a rating from 0 to 1 was expected/);
    expect(() => selector.rateTogether([id], rating)).toThrow(/rateTogether: a rating/);
    expect(selector.bandit.pending).toBe(1);
    selector.thumbsUp(id);
  });

  test("refuses unknown choices and second ratings", () => {
    const selector = start();
    const { id } = selector.choose();
    expect(() => selector.thumbsUp("nothing")).toThrow(FeedbackError);
    selector.thumbsDown(id);
    expect(() => selector.thumbsUp(id)).toThrow(FeedbackError);
  });

  test.each([
    ["no variants", { variants: [] }, /one or more variants, none twice, were expected, got none/],
    ["a variant twice", { variants: [variants[0]!, variants[0]!] }, /got "squeezenet float" twice/],
    ["a limit below 0", { limits: { bytes: -1 } }, /limits.bytes/],
    ["a limit of something else", { limits: { charm: 1 } as never }, /limits.charm/],
    ["a prior below 0", { priorStrength: -1 }, /priorStrength from 0/],
    ["no trust", { trust: 0 }, /trust above 0/],
    ["a user without wishes", { user: { name: "x", utilities: {} } }, /user "x"/],
  ])("refuses %s", (_, options, message) => {
    expect(() => start(options)).toThrow(EdgewrightError);
    expect(() => start(options)).toThrow(message);
  });

  test("refuses a policy over other features", () => {
    expect(() => start({ policy: linUcb({ dimension: 3 }) })).toThrow(ShapeError);
  });
});
