import { expect, it } from "vitest";
import { StageClock } from "./stage-clock.js";

it("gives every millisecond to one stage, and adds up what comes back", () => {
  let now = 100;
  const clock = new StageClock(() => now);
  now = 110;
  clock.enter("read", "model");
  now = 115;
  clock.enter("read", "text");
  now = 122;
  clock.enter("read", "model");
  now = 130;
  clock.leave();
  now = 500;
  expect(clock.times()).toEqual([
    { stage: "read", part: "model", ms: 13, count: 2 },
    { stage: "read", part: "text", ms: 7, count: 1 },
  ]);
});

it("counts the stage that is under way", () => {
  let now = 0;
  const clock = new StageClock(() => now);
  clock.enter("a", "");
  now = 4;
  expect(clock.times()[0]?.ms).toBe(4);
});
