import { loadKernels } from "@edgewright/kernels";
import { need, type PipelineContext } from "../pipeline.js";
import { planModels } from "../schedule/plan-models.js";
import { serveRequests } from "../schedule/serve-requests.js";
import { loadTaskModels, profileTaskModels } from "../schedule/task-models.js";

/**
 * Plans which models read lines and sort pictures on this machine, and serves requests for both at once: what a
 * device does whose camera and album want attention at the same time.
 */
export async function scheduleModels(context: PipelineContext): Promise<void> {
  const { options, zoo, progress, signal } = context;
  if (options.zoo === undefined || zoo === undefined) return;
  const lines = need(context, "reader").inputs.recogniser;
  if (lines.length === 0) return; // nothing to read
  using kernels = await loadKernels({ threads: 1 });
  const models = await loadTaskModels(options.zoo, zoo, lines, kernels);
  const profiled = await profileTaskModels(models, signal, (name) =>
    progress.update(`measure the layers of ${name}`),
  );
  const plan = planModels(profiled);
  context.served = await serveRequests(profiled, plan, signal, (phase) => progress.update(phase));
}
