import { EdgewrightError } from "@edgewright/core";
import { describe, expect, test, vi } from "vitest";
import { hasCpuClock, readClocks } from "./clock.js";
import { type MeasureProgress, measureInterleaved } from "./measure-interleaved.js";
import { ratioOf, summaryOf, timingOf } from "./ratio.js";
import { relativePrecision, summariseTimes } from "./summary.js";

const quick = { warmupMs: 1, sampleMs: 0.2, minRounds: 5, maxRounds: 10, precision: 0 } as const;

/** Work whose amount is known: so many multiplications that the engine cannot drop. */
function work(amount: number): () => number {
  return () => {
    let x = 1.000001;
    for (let i = 0; i < amount; i++) x = x * 1.0000001 + 1e-9;
    return x;
  };
}

describe("summariseTimes", () => {
  test("golden", () => {
    const { median, mean, p95, min, max, noise } = summariseTimes([1, 2, 3, 4, 100]);
    expect([median, mean, min, max]).toEqual([3, 22, 1, 100]);
    expect(p95).toBeCloseTo(80.8, 10);
    expect(noise).toBeCloseTo(1.4826 / 3, 10); // the outlier does not move it
  });

  test("precision is infinite where every sample is 0, 0 where all agree", () => {
    expect(relativePrecision(summariseTimes([0, 0]))).toBe(Infinity);
    expect(relativePrecision(summariseTimes([2, 2, 2]))).toBe(0);
  });
});

describe("measureInterleaved", () => {
  test("takes one sample of every candidate a round, beginning with another each time", async () => {
    const order: string[] = [];
    const candidate = (name: string) => ({ name, iterations: 1, run: () => void order.push(name) });
    const result = await measureInterleaved(["a", "b", "c"].map(candidate), quick);
    expect(result.rounds).toBe(10);
    expect(result.stoppedBy).toBe("rounds");
    expect(order.slice(-30).join("")).toBe("abcbcacababcbcacababcbcacababc");
    for (const timing of result.timings) expect(timing.wall.samples.length).toBe(10);
  });

  test("finds how many runs fill a sample, and divides by them", async () => {
    const result = await measureInterleaved([{ name: "small", run: work(1000) }], {
      ...quick,
      warmupMs: 20,
      sampleMs: 2,
    });
    const { iterations, wall } = timingOf(result, "small");
    expect(iterations).toBeGreaterThan(10);
    expect(wall.median * iterations).toBeGreaterThan(0.2);
    expect(wall.median * iterations).toBeLessThan(200); // a busy machine stretches it
  });

  test("is not fooled by a clock of coarse grain", async () => {
    const exact = performance.now.bind(performance);
    const coarse = vi.spyOn(performance, "now").mockImplementation(() => Math.floor(exact()));
    try {
      const options = { ...quick, sampleMs: 4, warmupMs: 40 };
      const result = await measureInterleaved([{ name: "x", run: work(2000) }], options);
      const { iterations, wall } = timingOf(result, "x");
      expect(wall.median * iterations).toBeLessThan(400);
      expect(iterations).toBeGreaterThan(10);
    } finally {
      coarse.mockRestore();
    }
  });

  test("tells twice the work from once the work", async () => {
    const candidates = [
      { name: "once", run: work(100_000) },
      { name: "twice", run: work(200_000) },
    ];
    const result = await measureInterleaved(candidates, {
      warmupMs: 20,
      sampleMs: 2,
      maxSeconds: 2,
      precision: 0.05,
    });
    const { ratio, low, high } = ratioOf(result, "once", "twice");
    expect(ratio).toBeGreaterThan(1.3);
    expect(ratio).toBeLessThan(3);
    expect(low <= ratio && ratio <= high).toBe(true);
    expect(summaryOf(result, "once", "wall")).toBe(timingOf(result, "once").wall);
  });

  test("awaits promises, and prepares before each sample outside the time", async () => {
    let prepared = 0;
    let ran = 0;
    const slow = {
      name: "slow",
      iterations: 2,
      prepare: () => void prepared++,
      run: async () => {
        ran++;
        await new Promise((resolve) => setTimeout(resolve, 2));
      },
    };
    const result = await measureInterleaved([slow], { ...quick, minRounds: 3, maxRounds: 3 });
    expect(timingOf(result, "slow").wall.min).toBeGreaterThan(1);
    const warmUps = prepared - 3;
    expect(warmUps).toBeGreaterThanOrEqual(2);
    expect(ran).toBeGreaterThanOrEqual(3 * 2 + warmUps);
    if (hasCpuClock()) {
      // Waiting costs wall time, not CPU time.
      const { cpu, wall } = timingOf(result, "slow");
      expect(cpu!.median).toBeLessThan(wall.median);
    }
  });

  test("stops by precision, and by time", async () => {
    const steady = [{ name: "x", run: work(20_000) }];
    const loose = await measureInterleaved(steady, { ...quick, precision: 10 });
    expect([loose.stoppedBy, loose.rounds]).toEqual(["precision", 5]);
    const hasty = await measureInterleaved(steady, { ...quick, maxSeconds: 0 });
    expect([hasty.stoppedBy, hasty.rounds]).toEqual(["time", 1]);
  });

  test("reports progress", async () => {
    const seen: MeasureProgress[] = [];
    await measureInterleaved([{ name: "x", run: work(10) }], {
      ...quick,
      onProgress: (progress) => void seen.push(progress),
    });
    expect(seen[0]).toEqual({ candidate: "x", round: 0, maxRounds: 10, precision: Infinity });
    expect(seen.at(-1)!.round).toBe(9);
    expect(seen.at(-1)!.precision).toBeLessThan(Infinity);
  });

  test("stops when the signal fires", async () => {
    const abort = new AbortController();
    const result = measureInterleaved([{ name: "x", run: work(10) }], {
      ...quick,
      signal: abort.signal,
      onProgress: ({ round }) => {
        if (round === 2) abort.abort();
      },
    });
    await expect(result).rejects.toMatchObject({ code: "aborted" });
  });

  test("an error of a candidate comes through", async () => {
    const broken = {
      name: "x",
      run: () => {
        throw new Error("broken");
      },
    };
    await expect(measureInterleaved([broken], quick)).rejects.toThrow("broken");
  });

  test("refuses no candidates, twins, and unknown names", async () => {
    await expect(measureInterleaved([])).rejects.toThrow("no candidates");
    const twin = { name: "x", run: () => 0 };
    await expect(measureInterleaved([twin, twin])).rejects.toThrow('two candidates are called "x"');
    const result = await measureInterleaved([twin], quick);
    try {
      timingOf(result, "y");
      expect.unreachable();
    } catch (error) {
      expect(EdgewrightError.isInstance(error) && error.message).toContain('measured were "x"');
    }
  });
});

test("clocks run forward", () => {
  const before = readClocks();
  work(100_000)();
  const after = readClocks();
  expect(after.wall).toBeGreaterThanOrEqual(before.wall);
  if (hasCpuClock()) expect(after.cpu).toBeGreaterThan(before.cpu);
  else expect(after.cpu).toBeNaN();
});
