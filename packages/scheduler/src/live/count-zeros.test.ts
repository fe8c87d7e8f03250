import { expect, test } from "vitest";
import { ZeroCounter } from "./count-zeros.js";

/** A layer that notes how many elements are looked at. */
function watchedStep() {
  const looks: number[] = [];
  const zeroShare = (samples = 1024) => {
    looks.push(samples);
    return 0.5;
  };
  return { looks, step: { name: "relu", opType: "Relu", zeroShare } };
}

test("a new layer is looked at once, one without zeros never again", () => {
  const counter = new ZeroCounter(0.01);
  const { looks, step } = watchedStep();
  expect(counter.count(step, undefined)).toBe(0.5);
  expect(counter.count(step, { ms: 10, zeros: null })).toBe(0.5);
  expect(counter.count(step, { ms: 10, zeros: 0 })).toBeUndefined();
  expect(looks).toEqual([1024, 1024]);
  expect(counter.count({ name: "other", opType: "Other" }, { ms: 10, zeros: 0.5 })).toBeUndefined();
});

test("long layers are looked at closely, short ones only now and then", () => {
  const long = watchedStep();
  const counter = new ZeroCounter(0.01);
  for (let i = 0; i < 10; i++) counter.count(long.step, { ms: 5, zeros: 0.5 });
  expect(long.looks).toEqual(Array(10).fill(4096));

  const short = watchedStep();
  const ms = 0.02;
  for (let i = 0; i < 1000; i++) counter.count(short.step, { ms, zeros: 0.5 });
  // A thousand layers pay for 0.2 ms; a look costs at least 1.1 us.
  expect(short.looks.length).toBeGreaterThan(50);
  expect(short.looks.length).toBeLessThanOrEqual((1000 * ms * 0.01) / 0.0011);
  expect(Math.min(...short.looks)).toBeGreaterThanOrEqual(32);
});

test("without a share of the time nothing is counted", () => {
  const { looks, step } = watchedStep();
  const counter = new ZeroCounter(0);
  for (let i = 0; i < 100; i++) counter.count(step, { ms: 5, zeros: 0.5 });
  expect(looks).toEqual([]);
});
