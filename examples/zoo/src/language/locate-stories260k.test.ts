import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { locateStories260k, locateTinyStories } from "./locate-stories260k.js";

const folder = mkdtempSync(join(tmpdir(), "zoo stories "));
afterAll(() => rmSync(folder, { recursive: true }));

describe("locateStories260k and locateTinyStories", () => {
  it("take the folder that they are told, or that the environment names", () => {
    const absent = { EDGEWRIGHT_STORIES260K: folder, EDGEWRIGHT_TINYSTORIES: folder };
    expect(() => locateStories260k({ environment: absent })).toThrow(
      `stories260K is not here: looked in ${folder} for stories260K.bin and tok512.bin. Name a folder ` +
        "that has them in EDGEWRIGHT_STORIES260K",
    );
    expect(() => locateTinyStories({ environment: { EDGEWRIGHT_SHARED: folder } })).toThrow(
      join(folder, "data", "llm", "text-tinystories"),
    );
    for (const name of ["stories260K.bin", "tok512.bin", "train-head.txt"]) {
      writeFileSync(join(folder, name), "");
    }
    expect(locateStories260k({ environment: absent })).toBe(folder);
    expect(locateTinyStories({ folder, environment: {} })).toBe(folder);
  });
});
