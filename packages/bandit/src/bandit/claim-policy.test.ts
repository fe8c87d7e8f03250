import { expect, test } from "vitest";
import { ucb1 } from "../counting/ucb1.js";
import { createBandit } from "./create-bandit.js";

test("a policy serves one bandit: another is refused it, and the first goes on unharmed", () => {
  const policy = ucb1();
  const bandit = createBandit({ policy, arms: ["a", "b"], seed: 1 });
  bandit.update(bandit.decide().id, 1);
  const before = bandit.snapshot();
  for (const snapshot of [undefined, before]) {
    expect(() => createBandit({ policy, arms: ["c"], seed: 2, snapshot })).toThrowError(
      expect.objectContaining({
        code: "invalid-argument",
        message: expect.stringContaining("ucb1 serves another bandit; make one for each"),
      }),
    );
  }
  expect(bandit.snapshot()).toEqual(before);
});

test("a policy that no bandit came of may be tried again", () => {
  const policy = ucb1();
  expect(() => createBandit({ policy, arms: [], seed: 1 })).toThrowError(/at least one arm/);
  expect(createBandit({ policy, arms: ["a"], seed: 1 }).arms).toEqual(["a"]);
});
