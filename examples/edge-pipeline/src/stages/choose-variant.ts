import { describeMachine } from "@edgewright/device-bench";
import type { PipelineContext } from "../pipeline.js";
import { chooseVariants } from "../variants/choose-variants.js";

/**
 * Lets a bandit learn which of the zoo's models suits which user on which device: this machine, with the times that
 * were measured here, and simulated ones.
 */
export async function chooseVariant(context: PipelineContext): Promise<void> {
  const { zoo, progress, signal } = context;
  if (zoo === undefined) return;
  const { cpu, threads, memoryBytes } = describeMachine();
  const here = { name: cpu, threads, ...(memoryBytes !== undefined && { memoryBytes }) };
  context.chosen = await chooseVariants(zoo, here, {
    signal,
    onProgress: (player, done, total) => progress.update(`${player}, run ${done} of ${total}`),
  });
}
