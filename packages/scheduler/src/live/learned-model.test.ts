import { expect, test } from "vitest";
import { feedsOf, randomFeeds } from "./executor.test-support.js";
import { LearnedModel } from "./learned-model.js";

function learnRun(model: LearnedModel, shape: readonly number[], times: readonly number[]): void {
  const learned = model.find(randomFeeds(shape, 1));
  times.forEach((ms, i) => {
    learned.learnLayer(i, `layer ${i}`, "Fake", ms, 0.5);
  });
  learned.endRun();
}

test("the first run plans, the second replaces its times, later ones are averaged in", () => {
  const model = new LearnedModel(0.1);
  const shape = [2, 3];
  learnRun(model, shape, [500, 2]);
  const learned = model.find(randomFeeds(shape, 1));
  expect([...learned.rest]).toEqual([0.502, 0.002, 0]);
  learnRun(model, shape, [10, 2]);
  expect([...learned.rest]).toEqual([0.012, 0.002, 0]);
  for (let i = 0; i < 200; i++) learnRun(model, shape, [20, 4]);
  expect(learned.rest[0]).toBeCloseTo(0.024, 6);
  expect(model.toProfile().shapes[0]!.runs).toBe(202);
});

test("a run that was held up counts as four times as long at most", () => {
  const model = new LearnedModel(0.5);
  for (const ms of [10, 10, 10, 10]) learnRun(model, [1], [ms]);
  learnRun(model, [1], [1e6]);
  expect(model.find(feedsOf(0)).rest[0]).toBeCloseTo((10 + 0.5 * 30) / 1000, 9);
});

test("requests keep the times that were known when they came", () => {
  const model = new LearnedModel(0.5);
  learnRun(model, [1], [10]);
  const before = model.find(feedsOf(0)).rest;
  learnRun(model, [1], [20]);
  expect(before[0]).toBe(0.01);
  expect(model.find(feedsOf(0)).rest[0]).toBe(0.02);
});

test("a new shape goes by the one that is closest in size", () => {
  const model = new LearnedModel(0.1);
  learnRun(model, [1, 8], [1]);
  learnRun(model, [1, 64], [8]);
  learnRun(model, [1, 512], [64]);
  expect(model.closest(100)!.shapes).toEqual({ x: [1, 64] });
  expect(model.closest(3)!.shapes).toEqual({ x: [1, 8] });
  model.find(randomFeeds([1, 100], 1));
  expect(model.closest(100)!.shapes).toEqual({ x: [1, 64] });
});
