import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { EdgewrightError } from "@edgewright/core";
import jpeg from "jpeg-js";
import type { RgbaImage } from "../image/rgba-image.js";
import { need, type PipelineContext } from "../pipeline.js";
import { renderReport } from "../report/render-report.js";
import { collectResults } from "./collect-results.js";

/** Writes everything into one HTML file. */
export async function writeReport(context: PipelineContext): Promise<void> {
  const { report } = context.options;
  const text = renderReport(collectResults(context), toDataUri(need(context, "page").image));
  try {
    await mkdir(dirname(report), { recursive: true });
    await writeFile(report, text);
  } catch (cause) {
    throw new EdgewrightError(
      "invalid-argument",
      `cannot write the report to ${report}: ${(cause as Error).message}`,
      { cause },
    );
  }
}

function toDataUri(image: RgbaImage): string {
  return `data:image/jpeg;base64,${Buffer.from(jpeg.encode(image, 82).data).toString("base64")}`;
}
