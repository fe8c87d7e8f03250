/**
 * Makes page/page.jpg: prints page.html with headless Chromium, photographs the sheet from an angle,
 * blurs it and adds sensor noise. Run by `pnpm --filter edge-pipeline make-page`; wants Chromium at
 * CHROMIUM_PATH, by default /usr/bin/chromium.
 */
import { readFile, writeFile } from "node:fs/promises";
import { decode } from "fast-png";
import jpeg from "jpeg-js";
import { chromium } from "playwright";
import { addNoise, blurImage, photographSheet } from "./photograph.js";

const SHEET = { width: 960, height: 800 };
const PHOTO = { width: 1024, height: 832 };
/** Where the corners of the sheet lie in the photograph: top left, top right, bottom right, bottom left. */
const CORNERS = [
  [56, 26],
  [956, 42],
  [988, 806],
  [30, 788],
] as const;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
const tab = await browser.newPage({ viewport: SHEET, deviceScaleFactor: 2 });
await tab.setContent(await readFile(new URL("page.html", import.meta.url), "utf8"));
const sheet = decode(await tab.screenshot());
await browser.close();

const photo = photographSheet(sheet, PHOTO, CORNERS);
const noisy = addNoise(blurImage(photo, 0.7), { seed: 2026, deviation: 5 });
const file = new URL("../page/page.jpg", import.meta.url);
const { data } = jpeg.encode(noisy, 82);
await writeFile(file, data);
console.log(
  `${file.pathname}: ${noisy.width} x ${noisy.height}, ${Math.round(data.length / 1000)} kB`,
);
