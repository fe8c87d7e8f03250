import { createEdgewrightEngine } from "../engines/edgewright-engine.js";
import type { PipelineContext } from "../pipeline.js";

/** Makes sessions of the three models. */
export async function loadModels(context: PipelineContext): Promise<void> {
  const { clock, options, progress, signal } = context;
  clock.enter("load models", "libraries");
  // OpenCV takes a moment to load: a wrong file name should be told before that.
  const { createTextReader } = await import("../ocr/text-reader.js");
  clock.enter("load models", "kernels");
  context.engine = await createEdgewrightEngine(options.threads);
  context.reader = await createTextReader({
    engine: context.engine,
    clock,
    signal,
    onProgress: ({ role, run, runs }) => progress.update(`${role}, run ${run} of ${runs}`),
  });
}
