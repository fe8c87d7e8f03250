import { need, type PipelineContext } from "../pipeline.js";

/** Finds the lines, turns the ones that are upside down, and recognises them. */
export async function readText(context: PipelineContext): Promise<void> {
  const { image } = need(context, "page");
  context.lines = await need(context, "reader").read(image);
  // Kilobytes on every platform, by Node's documentation.
  context.peakProcessBytes = process.resourceUsage().maxRSS * 1024;
}
