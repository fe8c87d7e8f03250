import { expect, test } from "vitest";
import { fakeModel, feedsOf, randomFeeds, testClock } from "./executor.test-support.js";
import { isolatedMs } from "./model-profile.js";
import { profileModel } from "./profile-model.js";

test("gives the median time and the mean sparsity of every layer, by shape", async () => {
  const clock = testClock();
  const model = fakeModel(clock, [3, 1, 2], { zeros: [0, 0.25, 0.75] });
  const runs: number[] = [];
  const profile = await profileModel(model, [feedsOf(1), feedsOf(2), randomFeeds([3, 2], 1)], {
    rounds: 2,
    now: clock,
    onProgress: ({ run, runs: all }) => runs.push(run / all),
  });
  expect(profile.shapes.map(({ shapes, runs: counted }) => [shapes, counted])).toEqual([
    [{ x: [1] }, 4],
    [{ x: [3, 2] }, 2],
  ]);
  expect(profile.shapes[0]!.layers).toEqual([
    { name: "layer 0", opType: "Fake", ms: 3, zeros: 0 },
    { name: "layer 1", opType: "Fake", ms: 1, zeros: 0.25 },
    { name: "layer 2", opType: "Fake", ms: 2, zeros: 0.75 },
  ]);
  expect(isolatedMs(profile.shapes[0]!)).toBe(6);
  expect(runs).toHaveLength(9);
  expect(runs.at(-1)).toBe(1);
  expect(model.open).toBe(0);
});

test("stops at a signal, and leaves the model free", async () => {
  const clock = testClock();
  const abort = new AbortController();
  const model = fakeModel(clock, [1], { onLayer: () => abort.abort() });
  await expect(
    profileModel(model, [feedsOf(1)], { signal: abort.signal, now: clock }),
  ).rejects.toMatchObject({ code: "aborted" });
  expect(model.layersRun).toBe(1);
  const broken = fakeModel(clock, [1], {
    onLayer: () => {
      throw new Error("broken");
    },
  });
  await expect(profileModel(broken, [feedsOf(1)], { now: clock })).rejects.toThrow("broken");
  expect(broken.open).toBe(0);
});
