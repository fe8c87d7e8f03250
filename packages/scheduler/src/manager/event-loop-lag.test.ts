import { expect, it } from "vitest";
import { watchEventLoopLag } from "./event-loop-lag.js";

it("sees how long the thread was busy, once", async () => {
  const lag = watchEventLoopLag({ everyMs: 5 });
  await new Promise((resolve) => setTimeout(resolve, 20));
  lag.read();
  const end = performance.now() + 60;
  while (performance.now() < end);
  await new Promise((resolve) => setTimeout(resolve, 10));
  expect(lag.read()).toBeGreaterThan(40);
  expect(lag.read()).toBeLessThan(40);
  lag.stop();
});

it("counts a timer that is still to come", () => {
  let time = 0;
  const lag = watchEventLoopLag({ everyMs: 1e6, now: () => time });
  time = 1e6 + 30;
  expect(lag.read()).toBe(30);
  lag.stop();
});

it("refuses a time that no timer has", () => {
  expect(() => watchEventLoopLag({ everyMs: Number.NaN })).toThrow(/"everyMs" .* got NaN/);
});
