/**
 * Takes the picture of the report that the root README shows: docs/images/report.png. Run by
 * `pnpm --filter edge-pipeline picture-report` after `npm start`; wants Chromium at CHROMIUM_PATH, by
 * default /usr/bin/chromium.
 */
import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright";

const report = new URL("../report.html", import.meta.url);
const picture = fileURLToPath(new URL("../../../docs/images/report.png", import.meta.url));

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM_PATH ?? "/usr/bin/chromium",
  args: ["--no-sandbox"],
});
const tab = await browser.newPage({
  viewport: { width: 1180, height: 900 },
  // The photograph's noise is what PNG cannot compress: fewer pixels, a smaller repository.
  deviceScaleFactor: 0.64,
  colorScheme: "light",
});
await tab.goto(report.href);
await mkdir(new URL("../../../docs/images/", import.meta.url), { recursive: true });
await tab.screenshot({ path: picture });
await browser.close();
console.log(picture);
