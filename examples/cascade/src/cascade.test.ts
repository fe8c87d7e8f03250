import { MemoryServerTransport } from "@edgewright/scheduler";
import { describe, expect, it } from "vitest";
import { parseCommandLine } from "./command-line.js";
import { startNats } from "./nats-process.js";
import { renderReport } from "./report/render-report.js";
import { joinDevices } from "./run-devices.js";
import {
  type BatchRecord,
  emptyBin,
  emptyTotals,
  joinResults,
  type RunRecord,
} from "./run-record.js";
import { startServer } from "./start-server.js";
import { summarize, summaryText } from "./summary.js";

describe("the cascade", () => {
  it("answers every picture once, better than the light model alone", async () => {
    const options = parseCommandLine(
      "--clients 3 --seconds 1 --rate 40 --deadline 2000 --threshold 0.9 --views 2".split(" "),
      "/here",
    );
    const transport = new MemoryServerTransport();
    const batches: BatchRecord[] = [];
    const { server, batchMs } = await startServer(options, "server-1", transport, (batch) =>
      batches.push(batch),
    );
    const devices = await joinDevices({
      ...{ options, numbers: [0, 1, 2], heavyLabels: new Uint8Array(1000) },
      transportOf: () => transport.connect(),
    });
    const result = await devices.run(performance.timeOrigin + performance.now());
    await server.stop();
    const record: RunRecord = {
      ...{
        options,
        ...result,
        batches,
        batchMs,
        killedAt: undefined,
        machine: "<test>",
        when: "now",
      },
    };
    const summary = summarize(record);
    const { totals } = result;
    expect(totals).toMatchObject({ answered: totals.given, lost: 0, twice: 0 });
    expect(totals.given).toBeGreaterThan(60);
    expect(totals.forwarded).toBeGreaterThan(10);
    const kept = Object.values(totals.reasons).reduce((sum, count) => sum + count, 0);
    expect(kept).toBe(totals.given);
    expect(batches.reduce((sum, { size }) => sum + size, 0)).toBeGreaterThanOrEqual(
      totals.reasons.answered,
    );
    expect(summary.accuracy.cascade).toBeGreaterThanOrEqual(summary.accuracy.light);
    const page = renderReport(record, summary);
    expect(page.match(/<svg/g)).toHaveLength(6);
    expect(page).toContain("&lt;test>");
    expect(page).toContain("on 2 views of each");
    expect(page).not.toContain("slowed down on purpose");
    expect(renderReport({ ...record, options: { ...options, pace: [8, 2.5] } }, summary)).toContain(
      "slowed down on purpose: a batch of n pictures takes at least 8 + 2.5 n ms",
    );
    expect(page).not.toMatch(/NaN|undefined|https?:\/\//);
  });
});

describe("the figures", () => {
  it("tell how a kill was overcome", () => {
    const bin = (satisfied: number) => ({
      ...emptyBin(),
      samples: 10,
      satisfied,
      lowest: 0,
      highest: 1,
    });
    const bins = [10, 10, 10, 10, 5, 5, 5, 5, 10, 10, 10, 10].map(bin);
    const options = parseCommandLine("--transport ws --seconds 6 --kill-after 2".split(" "), "/");
    const record: RunRecord = {
      ...{ options, bins, totals: emptyTotals(), heavyMs: [], batches: [], killedAt: 2.1 },
      ...{ batchMs: [], machine: "", when: "" },
    };
    const summary = summarize(record);
    expect(summary.kill).toMatchObject({ before: 100, during: 50, after: 100 });
    expect(summary.kill?.recoverySeconds).toBeCloseTo(1.9, 9);
    expect(summaryText(summary)).toContain("50.0 % in the next 2 s, 100.0 % at the end");
  });

  it("are summed over threads", () => {
    const totals = { ...emptyTotals(), given: 2, reasons: { ...emptyTotals().reasons, late: 1 } };
    const one = {
      bins: [{ ...emptyBin(), samples: 1, lowest: 0.25, highest: 0.5 }],
      totals,
      heavyMs: [3],
    };
    const other = { ...one, bins: [{ ...one.bins[0]!, lowest: 0.125 }, emptyBin()] };
    const joined = joinResults([one, other]);
    expect(joined.bins).toHaveLength(2);
    expect(joined.bins[0]).toMatchObject({ samples: 2, lowest: 0.125, highest: 0.5 });
    expect(joined.totals).toMatchObject({ given: 4, reasons: { late: 2 } });
    expect(joined.heavyMs).toEqual([3, 3]);
  });
});

describe("nats-server", () => {
  it("is asked for with the way to install it", async () => {
    await expect(startNats("/nowhere", [])).rejects.toThrow(/apt-get install nats-server/);
  });
});
