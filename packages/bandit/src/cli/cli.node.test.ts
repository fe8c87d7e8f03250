import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { createRng } from "@edgewright/core";
import { afterAll, beforeEach, describe, expect, test, vi } from "vitest";
import { formatLogLine } from "../log/format-log-line.js";
import { readLog } from "../log/read-log.js";
import { readArguments, UsageError } from "./arguments.js";
import { main } from "./main.js";
import { readPackageVersion } from "./package-version.js";

const folder = mkdtempSync(join(tmpdir(), "bandit-cli-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** A log of a coin that chooses "good" (worth 0.8) or "bad" (worth 0.2). */
function linesOf(count: number): string[] {
  const rng = createRng(5);
  const arms = ["good", "bad"];
  return Array.from({ length: count }, (_, i) => {
    const chosen = rng.integer(0, 2);
    const id = `d${i}`;
    return [
      formatLogLine({
        type: "decision",
        version: 1,
        id,
        time: i,
        policy: "random",
        context: [],
        arms,
        arm: arms[chosen]!,
        propensity: 0.5,
        probabilities: [0.5, 0.5],
        scores: [0, 0],
        mean: null,
        width: null,
      }),
      formatLogLine({
        type: "reward",
        id,
        time: i,
        reward: rng.uniform() < [0.8, 0.2][chosen]! ? 1 : 0,
      }),
    ];
  }).flat();
}
const log = join(folder, "log.jsonl");
writeFileSync(log, `${linesOf(400).join("\n")}\n`);
const damaged = join(folder, "damaged.jsonl");
writeFileSync(damaged, [...linesOf(5), "{ oh"].join("\n"));

let printed = "";
let complained = "";
beforeEach(() => {
  printed = "";
  complained = "";
  vi.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    printed += String(chunk);
    return true;
  });
  vi.spyOn(process.stderr, "write").mockImplementation((chunk) => {
    complained += String(chunk);
    return true;
  });
  return () => vi.restoreAllMocks();
});

describe("arguments", () => {
  test("logs, output, targets, limits", () => {
    expect(
      readArguments("report a.jsonl - -o out.html --title T --damaged skip".split(" ")),
    ).toMatchObject({
      command: "report",
      logs: ["a.jsonl", "-"],
      out: "out.html",
      title: "T",
      damaged: "skip",
      estimates: true,
    });
    expect(
      readArguments("evaluate a --target x --target uniform --seed 3 --rows 9".split(" ")),
    ).toMatchObject({ targets: ["x", "uniform"], seed: 3, rows: 9, damaged: "throw" });
  });

  test.each([
    ["", "no command given"],
    ["draw a.jsonl", 'report or evaluate was expected, got "draw"'],
    ["report", "no log given"],
    ["report - -", "standard input (-) can be read once"],
    ["evaluate a b", "evaluate takes one log, got 2"],
    ["report a --damaged maybe", '--damaged: skip or stop was expected, got "maybe"'],
    ["report a --pending 0", "--pending: a whole number from 1"],
    ["report a --seed 1.5", "--seed: a whole number from 0"],
    ["report a --target x", "--target: report has no such option"],
    ["evaluate a --title x", "--title: evaluate has no such option"],
    ["report a --nonsense", "nonsense"],
  ])("%s is refused", (args, message) => {
    expect(() => readArguments(args.split(" ").filter(Boolean))).toThrow(UsageError);
    expect(() => readArguments(args.split(" ").filter(Boolean))).toThrow(message);
  });
});

describe("bandit report", () => {
  test("writes one page, with estimates", async () => {
    const out = join(folder, "page.html");
    expect(await main(["report", log, "-o", out, "--title", "Good & bad"])).toBe(0);
    expect(complained).toBe(`wrote ${out}\n`);
    const page = readFileSync(out, "utf8");
    expect(page).toContain("<h1>Good &amp; bad</h1>");
    expect(page).toContain("always good");
    expect(readdirSync(folder).filter((name) => name.includes("unfinished"))).toEqual([]);
  });

  test("reads standard input and several logs, prints on standard output", async () => {
    // The second with a mark of the byte order, as some editors write it.
    const input = Readable.from([Buffer.from(`\uFEFF${linesOf(20).join("\n")}`)]);
    vi.spyOn(process, "stdin", "get").mockReturnValue(input as typeof process.stdin);
    expect(await main(["report", log, "-", "-o", "-", "--no-estimates"])).toBe(0);
    expect(printed).toContain("Side by side");
    expect(printed).toContain("<bdi>standard input</bdi>");
    expect(printed).not.toContain("always good");
    expect(complained).toBe("");
  });

  test("stops at a damaged line and says how to go on, or leaves it out and says so", async () => {
    const out = join(folder, "damaged.html");
    expect(await main(["report", damaged, "-o", out])).toBe(1);
    expect(complained).toContain(`bandit: ${damaged}: readLog: line 11: JSON was expected`);
    expect(complained).toContain("--damaged skip");
    expect(existsSync(out)).toBe(false);
    expect(await main(["report", damaged, "-o", out, "--damaged", "skip"])).toBe(0);
    expect(readFileSync(out, "utf8")).toContain("1 line of the log was damaged");
  });

  test("says how to wait longer for rewards that come late", async () => {
    const late = join(folder, "late.jsonl");
    const lines = linesOf(5);
    writeFileSync(late, [...lines.filter((_, i) => i !== 1), lines[1]].join("\n"));
    expect(await main(["report", late, "-o", "-", "--pending", "2"])).toBe(1);
    expect(complained).toContain("--pending <count> waits longer");
    expect(await main(["report", late, "-o", "-", "--pending", "6"])).toBe(0);
  });

  test("refuses to write over a log, onto a folder, or into none", async () => {
    expect(await main(["report", log, "-o", log])).toBe(2);
    expect(complained).toContain("is a log, which would be lost");
    expect(await main(["report", log, "-o", folder])).toBe(2);
    expect(await main(["report", log, "-o", join(folder, "no", "page.html")])).toBe(2);
  });

  test("takes an empty log", async () => {
    const empty = join(folder, "empty.jsonl");
    writeFileSync(empty, "");
    expect(await main(["report", empty, "-o", "-"])).toBe(0);
    expect(printed).toContain("The log has no decisions");
  });
});

describe("bandit evaluate", () => {
  test("prints what other policies would have earned", async () => {
    expect(await main(["evaluate", log, "--target", "good", "--target", "logging"])).toBe(0);
    const row = printed.split("\n").find((line) => /^always good\s+snips /.test(line))!;
    // With equal propensities SNIPS is the mean of the rewards that "good" got.
    const { decisions } = readLog(readFileSync(log, "utf8"));
    const rewards = decisions.filter(({ arm }) => arm === "good").map(({ reward }) => reward!);
    const mean = rewards.reduce((a, b) => a + b, 0) / rewards.length;
    expect(row.split(/\s+/)[3]).toBe(mean.toFixed(3));
    expect(printed).toMatch(/the log's own policy\s+mean\s+0\.\d+/);
  });

  test("prints JSON, the same for the same seed", async () => {
    const args = ["evaluate", log, "--json", "--rows", "100", "--seed", "4"];
    expect(await main(args)).toBe(0);
    const { rows, targets } = JSON.parse(printed);
    expect([rows, targets.length]).toEqual([100, 4]);
    const first = printed;
    printed = "";
    await main(args);
    expect(printed).toBe(first);
  });

  test("refuses targets that nobody knows, and logs without rewards", async () => {
    expect(await main(["evaluate", log, "--target", "ugly"])).toBe(1);
    expect(complained).toContain('got "ugly"; the arms are good, bad');
    const silent = join(folder, "silent.jsonl");
    writeFileSync(silent, linesOf(1)[0]!);
    expect(await main(["evaluate", silent])).toBe(1);
    expect(complained).toContain("no decision has a reward");
  });
});

test("reads what Windows wrote, and knows a log under another name", async () => {
  const windows = join(folder, "windows.jsonl");
  writeFileSync(windows, `\uFEFF${linesOf(20).join("\r\n")}\r\n`);
  expect(await main(["evaluate", windows, "--quiet"])).toBe(0);
  expect(printed).toContain("20 answered decisions of 20");
  const link = join(folder, "link.html");
  symlinkSync(log, link);
  for (const name of [link, join(folder, ".", "..", basename(folder), "log.jsonl")]) {
    expect(await main(["report", log, "-o", name])).toBe(2);
  }
  expect(complained).toContain("is a log, which would be lost");
});

test("names a folder that is no log, and quotes a log without steering the terminal", async () => {
  expect(await main(["report", folder, "-o", join(folder, "none.html")])).toBe(1);
  expect(complained).toContain(`${folder} is a folder`);
  complained = "";
  const hostile = join(folder, "hostile.jsonl");
  writeFileSync(hostile, "\u001b[2J\u001b]0;owned\u0007 {\n");
  expect(await main(["evaluate", hostile, "--quiet"])).toBe(1);
  expect(complained).toContain("JSON was expected");
  expect(complained).not.toMatch(/(?!\n)\p{Cc}/u);
});

test("--help and --version; a mistake ends with 2, a missing file with 1", async () => {
  expect(await main(["--help"])).toBe(0);
  expect(printed).toContain("bandit report <log.jsonl ...>");
  printed = "";
  expect(await main(["--version"])).toBe(0);
  expect(printed).toMatch(/^\d+\.\d+\.\d+/);
  expect(printed.trim()).toBe(readPackageVersion());
  expect(await main([])).toBe(2);
  expect(complained).toContain("no command given (--help lists commands and options)");
  expect(await main(["report", join(folder, "missing.jsonl"), "-o", "-"])).toBe(1);
  expect(complained).toContain("missing.jsonl");
});

test("the command itself runs", () => {
  const args = ["--conditions=@edgewright/source", "--import", "tsx"];
  const bin = fileURLToPath(new URL("bin.ts", import.meta.url));
  const { status, stderr } = spawnSync(process.execPath, [...args, bin, "report"], {
    encoding: "utf8",
  });
  expect([status, stderr]).toEqual([
    2,
    "bandit: no log given; - reads standard input (--help lists commands and options)\n",
  ]);
});
