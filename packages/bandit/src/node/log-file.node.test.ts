import { appendFile, mkdtemp, open, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { createBandit } from "../bandit/create-bandit.js";
import { ucb1 } from "../counting/ucb1.js";
import { formatLogLine } from "../log/format-log-line.js";
import type { LogRecord } from "../log/log-record.js";
import { readLog } from "../log/read-log.js";
import { createLogFile } from "./log-file.js";
import { readLogLines } from "./read-log-lines.js";

let root: string;
let names = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "edgewright-log-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));
afterEach(() => vi.restoreAllMocks());
const freshPath = (): string => join(root, "logs", `${names++}.jsonl`);
const record = (i: number): LogRecord => ({
  ...{ type: "decision", version: 1, id: `d${i}`, time: i, policy: "random", context: [i, 0.5] },
  ...{ arms: ["a", "é"], arm: "é", propensity: 0.5, probabilities: [0.5, 0.5], scores: [null, 1] },
  ...{ mean: null, width: null },
});
const reward = (i: number): LogRecord => ({ type: "reward", id: `d${i}`, time: i, reward: i });
const linesOf = async (path: string): Promise<string[]> => {
  const lines: string[] = [];
  for await (const line of readLogLines(path)) lines.push(line);
  return lines;
};

describe("createLogFile", () => {
  it("writes records that readLog reads back, and adds to them when opened again", async () => {
    const path = freshPath();
    for (const i of [0, 1]) {
      const file = await createLogFile(path);
      file.write(record(i));
      file.write(reward(i));
      await file.close();
      await file.close();
      expect(file.repairedBytes).toBe(0);
    }
    const { decisions } = await readLog(readLogLines(path));
    expect(decisions.map(({ id, reward }) => [id, reward])).toEqual([
      ["d0", 0],
      ["d1", 1],
    ]);
  });

  it("is the log of a bandit as it is", async () => {
    const path = freshPath();
    const file = await createLogFile(path);
    const bandit = createBandit({ policy: ucb1(), arms: ["a", "b"], seed: 1, log: file.write });
    for (let i = 0; i < 50; i++) bandit.update(bandit.decide().id, i % 2);
    await file.close();
    const { decisions, skipped } = await readLog(readLogLines(path));
    expect([decisions.length, skipped]).toEqual([50, 0]);
    expect(decisions.map(({ reward }) => reward)).toEqual(decisions.map((_, i) => i % 2));
  });

  it("writes by itself soon, and at once on flush", async () => {
    const path = freshPath();
    const file = await createLogFile(path, { flushMs: 5 });
    file.write(record(0));
    expect(await readFile(path, "utf8")).toBe("");
    await vi.waitFor(async () => expect(await linesOf(path)).toHaveLength(1));
    file.write(record(1));
    file.write(record(2));
    await file.flush();
    expect(await linesOf(path)).toEqual([0, 1, 2].map((i) => formatLogLine(record(i))));
    await file.close();
  });

  it("takes many records per second in order", async () => {
    const path = freshPath();
    const file = await createLogFile(path);
    const started = performance.now();
    for (let i = 0; i < 20_000; i++) {
      file.write(reward(i));
      if (i % 5000 === 0) await new Promise((resolve) => setTimeout(resolve));
    }
    await file.close();
    const seconds = (performance.now() - started) / 1000;
    const lines = await linesOf(path);
    expect(lines).toEqual(Array.from({ length: 20_000 }, (_, i) => formatLogLine(reward(i))));
    expect(20_000 / seconds).toBeGreaterThan(2000); // a hundred thousand on an idle core
  });

  it("goes on after a last line that was cut off anywhere", async () => {
    const whole = `${formatLogLine(record(0))}\n`;
    const last = formatLogLine(record(1));
    const bytes = Buffer.from(last);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: bytes.length }), async (length) => {
        const path = freshPath();
        await (await createLogFile(path)).close();
        await writeFile(path, Buffer.concat([Buffer.from(whole), bytes.subarray(0, length)]));
        const file = await createLogFile(path);
        file.write(record(2));
        await file.close();
        const kept = length === bytes.length;
        expect(file.repairedBytes).toBe(kept ? 0 : length);
        const expected = [0, ...(kept ? [1] : []), 2].map((i) => formatLogLine(record(i)));
        expect(await linesOf(path)).toEqual(expected);
      }),
      { seed: 6, numRuns: 25, examples: [[0], [1], [bytes.length]] },
    );
  });

  it("finds a broken line that is longer than a piece, and one that is all there is", async () => {
    const path = freshPath();
    await (await createLogFile(path)).close();
    await appendFile(path, `{"a":1}\n{"long":"${"x".repeat(200_000)}`);
    const file = await createLogFile(path);
    await file.close();
    expect([file.repairedBytes, await readFile(path, "utf8")]).toEqual([200_009, '{"a":1}\n']);
    for (const cut of ['{"type":"dec', "\0\0\0"]) {
      await writeFile(path, cut);
      await (await createLogFile(path)).close();
      expect(await readFile(path, "utf8")).toBe("");
    }
  });

  it("cuts nothing off a file that is no log", async () => {
    const path = freshPath();
    await (await createLogFile(path)).close();
    for (const content of ["all I ever wrote", '{"a":1}\nnull', "# notes\n\nthe last line"]) {
      await writeFile(path, content);
      await expect(createLogFile(path)).rejects.toMatchObject({
        code: "invalid-data",
        where: path,
      });
      await expect(createLogFile(path)).rejects.toThrow(/is it a log\? Give another path/);
      expect(await readFile(path, "utf8")).toBe(content);
    }
  });

  it("keeps what a full disk did not take, and writes it later", async () => {
    const path = freshPath();
    const errors: unknown[] = [];
    const file = await createLogFile(path, { flushMs: 1, onError: (error) => errors.push(error) });
    const handle = await open(path);
    const full = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    const write = vi.spyOn(Object.getPrototypeOf(handle), "write").mockImplementation(async () => {
      if (errors.length === 0) file.write(record(1)); // while the first write is on its way
      throw full;
    });
    await handle.close();
    file.write(record(0));
    await vi.waitFor(() => expect(errors.length).toBeGreaterThan(0));
    expect(errors[0]).toMatchObject({ code: "limit-exceeded", where: path });
    file.write(record(2));
    await expect(file.flush()).rejects.toThrow(/no space left/);
    write.mockRestore();
    await file.close();
    expect(await linesOf(path)).toEqual([0, 1, 2].map((i) => formatLogLine(record(i))));
  });

  it("does not try a full disk again with every record", async () => {
    const path = freshPath();
    const file = await createLogFile(path, { bufferCharacters: 1, flushMs: 50 });
    const handle = await open(path);
    const full = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    const write = vi.spyOn(Object.getPrototypeOf(handle), "write").mockRejectedValue(full);
    await handle.close();
    const started = performance.now();
    for (let i = 0; i < 200; i++) {
      file.write(record(i));
      await new Promise((resolve) => setImmediate(resolve));
    }
    const tries = write.mock.calls.length;
    expect(tries).toBeLessThan(5 + (performance.now() - started) / 50);
    write.mockRestore();
    await file.close();
    expect(await linesOf(path)).toHaveLength(200);
  });

  it("goes on where the system took only a part", async () => {
    const path = freshPath();
    const file = await createLogFile(path, { flushMs: Infinity });
    const handle = await open(path);
    const prototype = Object.getPrototypeOf(handle);
    const whole: (bytes: Buffer, from: number, length: number, at: number) => Promise<unknown> =
      prototype.write;
    const write = vi.spyOn(prototype, "write").mockImplementation(function (
      this: unknown,
      ...[bytes, from, length, at]: unknown[]
    ) {
      return whole.call(
        this,
        bytes as Buffer,
        from as number,
        Math.min(9, length as number),
        at as number,
      );
    });
    await handle.close();
    for (const i of [0, 1]) file.write(record(i));
    await file.close();
    write.mockRestore();
    expect(await linesOf(path)).toEqual([0, 1].map((i) => formatLogLine(record(i))));
  });

  it("refuses records beyond its limit and after close, and what cannot be opened", async () => {
    const path = freshPath();
    const file = await createLogFile(path, { bufferCharacters: 50, limitCharacters: 100 });
    expect(() => {
      for (let i = 0; i < 9; i++) file.write(reward(i));
    }).toThrow(/limitCharacters is 100/);
    await file.close();
    expect(() => file.write(reward(0))).toThrow(/closed/);
    await expect(createLogFile(join(path, "inside"))).rejects.toMatchObject({
      code: "unavailable",
    });
    for (const options of [{ bufferCharacters: 0 }, { limitCharacters: 1 }, { flushMs: -1 }]) {
      await expect(createLogFile(path, options)).rejects.toMatchObject({
        code: "invalid-argument",
      });
    }
  });
});

describe("readLogLines", () => {
  it("says what cannot be read, and stops when told so", async () => {
    const path = freshPath();
    await expect(linesOf(path)).rejects.toMatchObject({ code: "unavailable", where: path });
    const file = await createLogFile(path);
    for (let i = 0; i < 2000; i++) file.write(record(i));
    await file.close();
    const controller = new AbortController();
    const lines = readLogLines(path, { signal: controller.signal });
    await lines.next();
    controller.abort();
    const rest = async (): Promise<void> => {
      for await (const _ of lines);
    };
    await expect(rest()).rejects.toMatchObject({ code: "aborted" });
  });
});
