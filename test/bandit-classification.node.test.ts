import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { playProblem } from "../bench/reproduce/bandit/classification/play.js";
import { CONTENDERS } from "../bench/reproduce/bandit/classification/policies.js";
import { readCsv } from "../bench/reproduce/bandit/classification/read-csv.js";
import {
  listProblems,
  readProblem,
} from "../bench/reproduce/bandit/classification/read-problem.js";
import { REFERENCE_REGRETS } from "../bench/reproduce/bandit/classification/reference-regrets.js";

const shared = env.EDGEWRIGHT_SHARED ?? fileURLToPath(new URL("../../shared", import.meta.url));
const data = join(shared, "data/bandit/classification");
const present = existsSync(join(data, "order_vehicle.json"));
if (!present) console.warn(`skipped: ${data} is not there; set EDGEWRIGHT_SHARED`);

describe.skipIf(!present)("classification data as bandit problems", () => {
  it.each(["vehicle", "segment", "pendigits"])(
    "has exactly the regrets of MABWiser 2.7.4 on %s, where no chance is involved",
    async (name) => {
      const problem = readProblem(data, name);
      const certain = CONTENDERS.filter((one) => one.reference?.startsWith("Lin") && !one.sampled);
      expect(certain).toHaveLength(3);
      for (const contender of certain) {
        const wanted = REFERENCE_REGRETS[name]![contender.reference!];
        expect([contender.name, await playProblem(problem, contender, 1)]).toEqual([
          contender.name,
          wanted,
        ]);
      }
    },
  );

  it("reads every data set of the folder", () => {
    for (const name of listProblems(data)) {
      const { contexts, best, arms, dimension } = readProblem(data, name);
      expect(contexts.every((context) => context.length === dimension)).toBe(true);
      expect(contexts.every((context) => context.every(Number.isFinite))).toBe(true);
      expect(best.every((arm) => arm >= 0 && arm < arms.length)).toBe(true);
    }
  });
});

describe("classification data of one's own", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "edgewright-classification-"));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const TABLE = 'size,"a, b",Label,same\n1,x,2,7\n2,?,10,7\n,"y ""q""",2,7\n6,x,10,7\n';

  it("makes features of numbers, names and gaps, and an order where there is none", async () => {
    await writeFile(join(folder, "own.csv"), TABLE);
    const problem = readProblem(folder, "own");
    expect(problem).toMatchObject({ arms: ["2", "10"], order: "shuffled", dimension: 5 });
    expect(problem.features).toMatchObject({ numeric: 2, categorical: 1, missing: 2 });
    const deviation = Math.sqrt((4 + 1 + 9) / 3);
    expect(problem.features.contexts.map((context) => [...context])).toEqual([
      [-2 / deviation, 1, 0, 0, 1],
      [-1 / deviation, 0, 0, 0, 1],
      [0, 0, 1, 0, 1],
      [3 / deviation, 1, 0, 0, 1],
    ]);
    expect(problem.best.toSorted()).toEqual([0, 0, 1, 1]);
    expect(readProblem(folder, "own").best).toEqual(problem.best);
    for (const contender of CONTENDERS) {
      expect(await playProblem(problem, contender, 1)).toBeLessThanOrEqual(4);
    }
  });

  it("follows an order that is there, and takes the last column where none is called label", async () => {
    await writeFile(join(folder, "own.csv"), "a,kind\n0,p\n1,q\n2,p\n");
    await writeFile(
      join(folder, "order_own.json"),
      JSON.stringify({ perm: [2, 1, 1], labels: ["q", "p", "never"] }),
    );
    const { best, arms, order } = readProblem(folder, "own");
    expect({ best, arms, order }).toEqual({
      best: [1, 0, 0],
      arms: ["q", "p", "never"],
      order: "exported",
    });
  });

  it("says what is wrong with which file", async () => {
    await writeFile(join(folder, "own.csv"), "a,label\n0,p\n1,q\n");
    const orders: [unknown, RegExp][] = [
      [{ perm: [2], labels: ["p", "q"] }, /order_own\.json: perm: rows from 0 to 1/],
      [{ labels: ["p", "q"] }, /perm/],
      [{ perm: [0], labels: ["p"] }, /order_own\.json: labels: all of p, q/],
      [null, /perm/],
    ];
    for (const [order, message] of orders) {
      await writeFile(join(folder, "order_own.json"), JSON.stringify(order));
      expect(() => readProblem(folder, "own")).toThrow(message);
    }
    await writeFile(join(folder, "order_own.json"), "{");
    expect(() => readProblem(folder, "own")).toThrow(/order_own\.json/);
    await writeFile(join(folder, "meta.json"), '{"own":{"n":3}}');
    expect(() => readProblem(folder, "own")).toThrow(/3 rows there, and 2 in its CSV/);
    const named = Array.from({ length: 600 }, (_, row) => `person ${row},p\n`);
    await writeFile(join(folder, "people.csv"), `who,label\n${named.join("")}`);
    expect(() => readProblem(folder, "people")).toThrow(
      /people\.csv: column "who": at most 500 levels were expected, got 600/,
    );
    expect(() => readCsv("a,b\n1\n", "x.csv")).toThrow(/x\.csv: row 1 has 1 fields.*2 columns/);
    expect(() => readCsv("a,b\n", "x.csv")).toThrow(/at least one row/);
    expect(() => readCsv('a,b\n"1,2\n', "x.csv")).toThrow(/quote/);
  });
});
