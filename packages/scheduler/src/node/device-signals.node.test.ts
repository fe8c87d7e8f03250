import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readMemoryPressure, readTemperature, watchCpuLoad } from "./index.js";

const folder = mkdtempSync(join(tmpdir(), "device signals "));
afterAll(() => rmSync(folder, { recursive: true }));

function write(path: string, text: string): string {
  const full = join(folder, path);
  mkdirSync(join(full, ".."), { recursive: true });
  writeFileSync(full, text);
  return full;
}

describe("watchCpuLoad", () => {
  it("counts work of this process only when asked", async () => {
    const all = watchCpuLoad({ othersOnly: false });
    const end = performance.now() + 300;
    while (performance.now() < end);
    const load = all();
    expect(load).toBeGreaterThan(0);
    expect(load).toBeLessThanOrEqual(1);
    const others = watchCpuLoad();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const value = others();
    expect(Number.isNaN(value) || (value >= 0 && value <= 1)).toBe(true);
  });
});

describe("readMemoryPressure", () => {
  const meminfo = write(
    "meminfo",
    "MemTotal:       1000 kB\nMemFree: 5 kB\nMemAvailable:    400 kB\n",
  );

  it("is what Linux says is not available", async () => {
    expect(await readMemoryPressure({ meminfo, controlGroup: folder })).toBeCloseTo(0.6, 12);
  });

  it("is that of the container where it is nearer to its limit", async () => {
    write("group/memory.max", "1000\n");
    write("group/memory.current", "950\n");
    write("group/memory.stat", "anon 700\ninactive_file 150\n");
    const controlGroup = join(folder, "group");
    expect(await readMemoryPressure({ meminfo, controlGroup })).toBeCloseTo(0.8, 12);
    write("group/memory.max", "max\n");
    expect(await readMemoryPressure({ meminfo, controlGroup })).toBeCloseTo(0.6, 12);
  });

  it("knows the first version of control groups as well", async () => {
    write("group1/memory/memory.limit_in_bytes", "1000\n");
    write("group1/memory/memory.usage_in_bytes", "950\n");
    write("group1/memory/memory.stat", "inactive_file 10\ntotal_inactive_file 50\n");
    const controlGroup = join(folder, "group1");
    expect(await readMemoryPressure({ meminfo, controlGroup })).toBeCloseTo(0.9, 12);
    write("group1/memory/memory.limit_in_bytes", "9223372036854771712\n");
    expect(await readMemoryPressure({ meminfo, controlGroup })).toBeCloseTo(0.6, 12);
  });

  it("falls back to free memory elsewhere, and reads this machine", async () => {
    for (const value of [
      await readMemoryPressure({ meminfo: join(folder, "none"), controlGroup: folder }),
      await readMemoryPressure(),
    ]) {
      expect(value).toBeGreaterThan(0);
      expect(value).toBeLessThanOrEqual(1);
    }
  });
});

describe("readTemperature", () => {
  it("is the hottest zone, without sensors that are off or mad", async () => {
    const zones = ["41500", "63000", "-274000", "999999", "off"];
    for (const [i, text] of zones.entries()) write(`thermal/thermal_zone${i}/temp`, text);
    write("thermal/cooling_device0/temp", "140000");
    expect(await readTemperature(join(folder, "thermal"))).toBe(63);
  });

  it("is NaN where there is none", async () => {
    expect(await readTemperature(join(folder, "none"))).toBeNaN();
  });
});
