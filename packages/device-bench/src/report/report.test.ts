import { describe, expect, test } from "vitest";
import { formatNumber, formatReport } from "./format-report.js";
import { printReport } from "./print-report.js";
import { createReport, createRow, type FigureInput, missedTargets } from "./report.js";

const machine = { cpu: "Test", threads: 2, memoryBytes: 8 * 2 ** 30, platform: "linux 6" };
const date = new Date("2026-11-21T00:00:00Z");

function report(...rows: FigureInput[]) {
  return createReport({ command: "pnpm bench:x", rows, machine, date, versions: { peer: "1.0" } });
}

describe("targets", () => {
  test.each<[string, Partial<FigureInput>, boolean | undefined]>([
    ["at least, met", { value: 2, target: { atLeast: 2 } }, true],
    ["at least, missed", { value: 1.99, target: { atLeast: 2 } }, false],
    ["at most, met", { value: 2, target: { atMost: 2 } }, true],
    ["at most, missed", { value: 3, target: { atMost: 2 } }, false],
    ["judges the ratio where there is one", { value: 1, ratio: 3, target: { atLeast: 2 } }, true],
    ["not a number", { value: Number.NaN, target: { atMost: 2 } }, false],
    ["none", { value: 1 }, undefined],
  ])("%s", (_, figure, pass) => {
    const row = createRow({ metric: "m", value: 0, unit: "ms", ...figure });
    expect(row.pass).toBe(pass);
    expect("pass" in row).toBe(pass !== undefined);
    expect(row.kind).toBe("measured");
  });

  test("missed ones are listed", () => {
    const made = report(
      { metric: "a", value: 1, unit: "x", target: { atLeast: 2 } },
      { metric: "b", value: 3, unit: "x", target: { atLeast: 2 } },
    );
    expect(missedTargets(made).map(({ metric }) => metric)).toEqual(["a"]);
  });
});

test("the JSON is one object and nothing else", () => {
  const written: string[] = [];
  const made = report({ metric: "a", value: 1, unit: "ms", kind: "modelled" });
  expect(printReport(made, { json: true, write: (text) => written.push(text) })).toBe(true);
  expect(written.length).toBe(1);
  const parsed = JSON.parse(written[0]!);
  expect(Object.keys(parsed)).toEqual(["command", "machine", "versions", "date", "rows"]);
  expect(parsed).toMatchObject({
    command: "pnpm bench:x",
    date: "2026-11-21T00:00:00.000Z",
    machine,
  });
  expect(parsed.versions.peer).toBe("1.0");
  expect(parsed.rows).toEqual([{ metric: "a", value: 1, unit: "ms", kind: "modelled" }]);
});

test("the table", () => {
  const text = formatReport(
    report(
      {
        metric: "GEMM 512^3",
        value: 4.6123,
        unit: "ms",
        peer: "peer",
        ratio: 1.834,
        target: { atLeast: 1.8 },
        section: "gemm",
      },
      { metric: "dispatch", value: 3, unit: "us", target: { atMost: 2 }, note: "cold" },
    ),
  );
  const lines = text.split("\n").slice(3);
  expect(lines).toEqual([
    "metric         value     vs peer  target          kind      note",
    "",
    "gemm",
    "GEMM 512^3  4.612 ms  1.83x peer  >= 1.8  ok      measured",
    "dispatch        3 us                <= 2  MISSED  measured  cold",
    "",
    "1 of 2 targets met",
    "",
  ]);
  expect(text.split("\n")[1]).toContain("Test, 2 threads, 8 GiB, linux 6;");
});

test("a missed target sets the exit code where there is a process", () => {
  const process = (globalThis as { process?: { exitCode?: number | undefined } }).process;
  const before = process?.exitCode;
  const missed = report({ metric: "a", value: 1, unit: "", target: { atLeast: 2 } });
  expect(printReport(missed, { json: false, write: () => undefined })).toBe(false);
  if (process && "exitCode" in process) {
    expect(process.exitCode).toBe(1);
    process.exitCode = before;
  }
});

test.each([
  [1234567, "1234567"],
  [1234.5, "1235"],
  [12.3456, "12.35"],
  [0.00123456, "0.001235"],
  [0.0000012, "1.200e-6"],
  [0, "0"],
  [Number.NaN, "-"],
])("formatNumber(%d)", (value, text) => {
  expect(formatNumber(value)).toBe(text);
});

test("a figure needs a metric", () => {
  expect(() => createRow({ metric: "", value: 1, unit: "" })).toThrow("a figure needs a metric");
});
