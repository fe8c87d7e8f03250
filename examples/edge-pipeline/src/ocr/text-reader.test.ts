import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { characterAccuracy } from "../character-accuracy.js";
import { createEdgewrightEngine } from "../engines/edgewright-engine.js";
import { decodeImage } from "../image/decode-image.js";
import { createImage, type RgbaImage } from "../image/rgba-image.js";
import { turnUpsideDown } from "../image/turn-image.js";
import { createTextReader, type ReadProgress, type TextReader } from "./text-reader.js";

/** The rows of a picture from `top` to `bottom`. */
function cutRows({ width, data }: RgbaImage, top: number, bottom: number): RgbaImage {
  const rows = data.slice(top * width * 4, bottom * width * 4);
  return { width, height: bottom - top, data: rows };
}

// A second or two on a quiet machine; tests may run on a very busy one.
const PATIENCE_MS = 120_000;

describe("reading the page that ships with the example", { timeout: PATIENCE_MS }, () => {
  const controller = new AbortController();
  const progress: ReadProgress[] = [];
  let reader: TextReader;
  let page: RgbaImage;
  let truth: string[];

  beforeAll(async () => {
    const file = new URL("../../page/page.jpg", import.meta.url);
    page = (await decodeImage(await readFile(file), { sharp: undefined })).image;
    truth = (await readFile(new URL("../../page/page.txt", import.meta.url), "utf8"))
      .trim()
      .split("\n");
    reader = await createTextReader({
      engine: await createEdgewrightEngine(1),
      signal: controller.signal,
      onProgress: (event) => progress.push(event),
    });
  }, PATIENCE_MS);
  afterAll(() => reader.release());

  it("gets at least 97 % of the characters right, and turns the one line that is upside down", async () => {
    const lines = await reader.read(page);
    const text = lines.map((line) => line.text).join("\n");
    expect(characterAccuracy(text, truth.join("\n"))).toBeGreaterThan(0.97);
    expect(lines.map(({ turned }) => turned)).toEqual(truth.map((line) => line.includes("upside")));
    for (const { confidence } of lines) expect(confidence).toBeGreaterThan(0.9);
    expect(progress.at(-1)).toMatchObject({ role: "recogniser" });
    expect(progress.at(-1)!.run).toBe(progress.at(-1)!.runs);
  });

  it("puts boxes around the lines, from top to bottom", async () => {
    const title = await reader.read(cutRows(page, 64, 160));
    expect(title.map(({ text }) => text)).toEqual(["The Corner Hardware Shop"]);
    const [topLeft, topRight, bottomRight] = title[0]!.box;
    // Where the title stands in the photograph, to a few pixels.
    expect(Math.abs(topLeft![0] - 115)).toBeLessThan(12);
    expect(Math.abs(topRight![0] - 861)).toBeLessThan(12);
    expect(bottomRight![1] - topRight![1]).toBeGreaterThan(30);
    expect(bottomRight![1] - topRight![1]).toBeLessThan(70);
  });

  it("reads a page that was photographed upside down", async () => {
    const [line] = await reader.read(turnUpsideDown(cutRows(page, 64, 160)));
    expect(line).toMatchObject({ text: "The Corner Hardware Shop", turned: true });
  });

  it("finds nothing on an empty page", async () => {
    const empty = createImage(100, 70);
    empty.data.fill(255);
    expect(await reader.read(empty)).toEqual([]);
  });

  it("stops when it is told to", async () => {
    controller.abort();
    await expect(reader.read(page)).rejects.toMatchObject({ code: "aborted" });
  });
});
