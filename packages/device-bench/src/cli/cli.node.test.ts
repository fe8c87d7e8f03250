import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseDeviceProfile } from "@edgewright/core";
import { afterAll, beforeEach, describe, expect, test, vi } from "vitest";
import { readArguments, UsageError } from "./arguments.js";
import { findRuntimes, loadEngine } from "./find-engines.js";
import { main } from "./main.js";

const folder = mkdtempSync(join(tmpdir(), "device-bench-"));
afterAll(() => rmSync(folder, { recursive: true }));

let printed = "";
let complained = "";
beforeEach(() => {
  printed = "";
  complained = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    printed += String(text);
    return true;
  });
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    complained += String(text);
    return true;
  });
  return () => vi.restoreAllMocks();
});

describe("arguments", () => {
  test("shapes, values, threads, engines", () => {
    const args =
      "m.onnx --shape x=1x3x4 --shape a=b=2 --value sr=16000 --threads 1,2 --engine edgewright";
    expect(readArguments(args.split(" "))).toMatchObject({
      command: "measure",
      paths: ["m.onnx"],
      shapes: { x: [1, 3, 4], "a=b": [2] },
      values: { sr: 16000 },
      threads: [1, 2],
      runtimes: ["edgewright"],
    });
  });

  test.each([
    ["", "no model given"],
    ["import", "no table given"],
    ["m --threads 0", "--threads: a whole number above 0"],
    ["m --shape x=1,2", "--shape: something like"],
    ["m --value x", "--value: something like"],
    ["m --engine abacus", 'got "abacus"'],
    ["m --nonsense", "nonsense"],
  ])("%s is refused", (args, message) => {
    expect(() => readArguments(args.split(" ").filter(Boolean))).toThrow(UsageError);
    expect(() => readArguments(args.split(" ").filter(Boolean))).toThrow(message);
  });
});

describe("main", () => {
  test("--help", async () => {
    expect(await main(["--help"])).toBe(0);
    expect(printed).toContain("device-bench <model.onnx ...>");
  });

  test("a mistake prints the usage and ends with 2, a missing file with 1", async () => {
    expect(await main([])).toBe(2);
    expect(complained).toContain("no model given");
    expect(await main([join(folder, "missing.onnx")])).toBe(1);
    expect(complained).toContain("missing.onnx");
  });

  test("imports a table: JSON on standard output, one profile a device", async () => {
    const table = join(folder, "table.csv");
    writeFileSync(
      table,
      "device,unit,threads,powersave,gpu_device,loops,model,min_ms,max_ms,avg_ms\nA B,cpu,1,0,-1,8,net,1,3,2\n",
    );
    const out = join(folder, "out");
    expect(await main(["import", table, "--out", out, "--json"])).toBe(0);
    expect(JSON.parse(printed).rows).toMatchObject([
      { metric: "A B", value: 1, kind: "published" },
    ]);
    expect(readdirSync(out)).toEqual(["A-B.json"]);
    parseDeviceProfile(JSON.parse(readFileSync(join(out, "A-B.json"), "utf8")));
  });

  test("a bad table ends with 1 and names the line", async () => {
    const table = join(folder, "bad.csv");
    writeFileSync(table, "a,b\n1\n");
    expect(await main(["import", table])).toBe(1);
    expect(complained).toContain("bad.csv:2");
  });
});

test("engines that are not installed are left out, or named when asked for", async () => {
  expect(findRuntimes(folder)).toEqual(["edgewright"]);
  await expect(loadEngine("onnxruntime-node", 1, folder)).rejects.toThrow(
    "onnxruntime-node is not installed",
  );
  expect((await loadEngine("edgewright", 2, folder)).engine.threads).toBe(2);
});
